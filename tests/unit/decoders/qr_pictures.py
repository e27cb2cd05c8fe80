"""Draw QR codes in pictures that tests give to readers."""

import cv2
import numpy as np
import segno

from drivers.decoders.budget import FrameBudget
from drivers.decoders.live import LiveReader
from drivers.decoders.qr.layout import QUIET_ZONE
from drivers.decoders.rectify.perspective import MODULE, square_corners
from drivers.decoders.symbols import Grey, Symbol

LETTERS = list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


def text_of(seed: int, length: int = 190) -> str:
    return "AQ1:" + "".join(np.random.default_rng(seed).choice(LETTERS, length))


def square(text: str, module: int = MODULE, level: str = "m") -> Grey:
    """The code with its quiet zone."""
    code = segno.make_qr(text, error=level, boost_error=False)
    modules = np.array([list(row) for row in code.matrix], np.bool_)
    framed = np.pad(np.where(modules, 0, 255).astype(np.uint8), QUIET_ZONE, constant_values=255)
    return framed.repeat(module, axis=0).repeat(module, axis=1)


def version_of(picture: Grey, module: int = MODULE) -> int:
    return (len(picture) // module - 2 * QUIET_ZONE - 17) // 4


def on_a_wall(picture: Grey, view: tuple[int, int] = (480, 640), left: int = 150, top: int = 90) -> Grey:
    wall = np.full(view, 130, np.uint8)
    wall[top : top + len(picture), left : left + len(picture)] = picture
    return wall


def with_time() -> LiveReader:
    """A live reader on a computer so fast that every step has its turn in every frame."""
    return LiveReader(budget=FrameBudget(clock=lambda: 0.0))


def noisy(picture: Grey, seed: int, strong: float = 3.0) -> Grey:
    noise = np.random.default_rng(seed).normal(0, strong, picture.shape)
    return (picture + noise).clip(0, 255).astype(np.uint8)


def smeared(picture: Grey, length: int = 9) -> Grey:
    way = np.zeros((length, length), np.float32)
    cv2.line(way, (0, 0), (length - 1, length // 2), 1.0, 1)
    return np.asarray(cv2.filter2D(picture, -1, way / way.sum()), np.uint8)


def out_of_focus(picture: Grey) -> Grey:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)).astype(np.float32)
    return np.asarray(cv2.filter2D(picture, -1, disc / disc.sum()), np.uint8)


def crumpled(picture: Grey, seed: int = 1) -> Grey:
    side = len(picture)
    rows, columns = np.indices((side, side), np.float32)
    waves = np.random.default_rng(seed).normal(0, 0.007 * side, (2, 4, 4)).astype(np.float32)
    down, across = (cv2.resize(wave, (side, side), interpolation=cv2.INTER_CUBIC) for wave in waves)
    bent = cv2.remap(picture, columns + across, rows + down, cv2.INTER_LINEAR, borderValue=255)
    return np.asarray(bent, np.uint8)


def under_a_lamp(picture: Grey) -> Grey:
    """A reflection, white in its middle, over an eighth of the code."""
    rows, columns = np.indices(picture.shape)
    away = np.hypot(columns - len(picture) * 0.62, rows - len(picture) * 0.6) / (0.12 * len(picture))
    return np.asarray((picture + 500 * np.exp(-(away**2) / 2)).clip(0, 255), np.uint8)


def round_a_can(picture: Grey, angle: float, middle: float, sag: float) -> tuple[Grey, Symbol]:
    """Over `angle` radians, seen straight `middle` of its side away from its own, its middle hanging down by `sag`;
    and the symbol as its finder patterns alone tell."""
    side, size = len(picture), 17 + 4 * version_of(picture)
    lies = np.linspace(0, side - 1, side)
    seen = np.sin(angle * (lies / side - 0.5 - middle))
    seen = (seen - seen[0]) / (seen[-1] - seen[0]) * (side - 1)
    where = np.interp(lies, seen, lies)
    down = 4 * where / side * (1 - where / side) * sag
    columns, rows = np.meshgrid(where, lies)
    bent = cv2.remap(
        picture, columns.astype(np.float32), (rows - down).astype(np.float32), cv2.INTER_LINEAR, borderValue=255
    )
    flat = square_corners(size)
    middles = flat - 3.5 * MODULE * np.sign(flat - flat.mean(axis=0))
    across = np.interp(middles[:, 0], lies, seen)
    found = np.stack([across, middles[:, 1] + np.interp(across, lies, down)], axis=1).astype(np.float32)
    way = cv2.getPerspectiveTransform(middles.astype(np.float32), found)
    return np.asarray(bent, np.uint8), Symbol(cv2.perspectiveTransform(flat[None], way)[0].astype(np.float32), size)


def a_menu_beside_a_pass(seed: int) -> tuple[Grey, str, str]:
    menu, text = "https://example.org/menu", text_of(seed)
    wall = on_a_wall(square(menu, 6), (720, 1280), 90, 200)
    smooth = cv2.GaussianBlur(square(text), (0, 0), 2.5)
    return noisy(on_a_wall_of(wall, np.asarray(smooth, np.uint8), 560, 180), seed), menu, text


def on_a_wall_of(wall: Grey, picture: Grey, left: int, top: int) -> Grey:
    wall[top : top + len(picture), left : left + len(picture)] = picture
    return wall
