"""Hard photographs, drawn from a number: labels, sheets and displays in a room, 1,280 pixels wide.

`rendering` shows a pass held before a gate with one harm.  These are people's photographs: a printed code in a picture
that is busy all over, projected by a pinhole camera from any side, flat or round a can, with the harm of its kind.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import segno
from pinhole import CameraPose, seen
from rendering import LETTERS, Dice, Grey, Light, defocused, moire, sensed, smeared

FINE = 10  # pixels a module of a printed sheet
PAPER, INK = 225.0, 28.0


@dataclass(frozen=True, slots=True)
class Photograph:
    picture: Grey
    texts: tuple[str, ...]


@dataclass(slots=True)
class PhotographScene:
    """The parameters that a kind may change before the picture is taken."""

    dice: Dice
    modules: tuple[int, int] = (21, 45)  # a side, from and to
    side: tuple[float, float] = (170, 420)  # of the code in the picture, pixels
    tilt: float = 25  # degrees off the straight view, at most
    turn: float = 15
    bend: float = 0  # of the half circle round which the sheet lies
    codes: int = 1
    print: Callable[[Light, Dice], Light] | None = None  # a harm to the sheet
    light: Callable[[Light, Light, Dice], Light] | None = None  # to the picture, given where the code is
    level: str = "lmqh"
    noise: float = 3.0


def photographed(number: int, kind: str) -> Photograph:
    dice = np.random.default_rng([number, 7, *kind.encode()])
    scene = PhotographScene(dice)
    KINDS[kind](scene)
    texts = tuple(_text(scene, at) for at in range(scene.codes))
    sheet, place = _sheet(scene, texts)
    pose = CameraPose(scene.side, scene.tilt, scene.turn, scene.bend)
    picture, corners = seen(sheet, place, pose, dice)
    if scene.light:
        picture = scene.light(picture, corners, dice)
    return Photograph(sensed(picture, scene.noise, dice), texts)


def _text(scene: PhotographScene, at: int) -> str:
    """Return a text about as long as fits the wished size."""
    dice = scene.dice
    size = int(dice.integers(scene.modules[0], scene.modules[1] + 1))
    letters = max(4, int((size * size - 220) / 8 * 0.55 * dice.uniform(0.7, 1)))
    if dice.random() < 0.5:
        return f"https://example.org/{at}/" + "".join(dice.choice(list(LETTERS.lower()[:36]), max(letters - 22, 3)))
    return f"{at}:" + "".join(dice.choice(list(LETTERS), letters))


def _code(text: str, scene: PhotographScene) -> Light:
    code = segno.make_qr(text, error=str(scene.dice.choice(list(scene.level))), boost_error=False)
    modules = np.array([list(row) for row in code.matrix], np.bool_)
    return np.where(modules, INK, PAPER).astype(np.float32).repeat(FINE, axis=0).repeat(FINE, axis=1)


def _sheet(scene: PhotographScene, texts: tuple[str, ...]) -> tuple[Light, Light]:
    """Return a label with writing and its code, or a sheet full of codes; and the places of the codes on it."""
    codes = [_code(text, scene) for text in texts]
    if scene.print:
        codes = [scene.print(code, scene.dice) for code in codes]
    largest = max(len(code) for code in codes)
    columns = int(np.ceil(np.sqrt(len(codes))))
    cell = largest + 8 * FINE
    rows = int(np.ceil(len(codes) / columns))
    margin = int(largest * scene.dice.uniform(0.05, 0.3)) if len(codes) == 1 else 0
    sheet = np.full((rows * cell + 2 * margin, columns * cell + 2 * margin), PAPER, np.float32)
    for at, code in enumerate(codes):
        top = margin + at // columns * cell + (cell - len(code)) // 2
        left = margin + at % columns * cell + (cell - len(code)) // 2
        sheet[top : top + len(code), left : left + len(code)] = code
    if len(codes) == 1:
        sheet = _with_writing(sheet, scene.dice)
        top = left = margin + 4 * FINE
        low, high = top, top + largest
    else:
        low, high = 0, len(sheet)
    return sheet, np.array([(low, low), (high, low), (high, high), (low, high)], np.float32)


def _with_writing(sheet: Light, dice: Dice) -> Light:
    """Add paper below and beside it, with lines and words."""
    side = sheet.shape[1]
    larger = np.full((side + int(side * dice.uniform(0.1, 0.6)), side + int(side * dice.uniform(0, 0.8))), PAPER)
    larger[:side, :side] = sheet
    larger = larger.astype(np.uint8)
    scale = side / 600
    for row in range(side + int(30 * scale), larger.shape[0], int(45 * scale)):
        words = " ".join("".join(dice.choice(list(LETTERS), 6)) for _ in range(9))
        cv2.putText(larger, words, (10, row), cv2.FONT_HERSHEY_DUPLEX, scale, INK, max(1, int(2 * scale)))
    for column in range(side + int(10 * scale), larger.shape[1] - int(20 * scale), int(60 * scale)):
        cv2.rectangle(larger, (column, int(30 * scale)), (column + int(30 * scale), side // 2), 90.0, -1)
    return larger.astype(np.float32)


# The kinds.  Harms to the printed code: FINE pixels a module, without its quiet zone.


def _blurred(scene: PhotographScene) -> None:
    def light(picture: Light, corners: Light, dice: Dice) -> Light:
        module = _side(corners) / 33
        if dice.random() < 0.5:
            return smeared(picture, module * float(dice.uniform(0.7, 3.2)), float(dice.uniform(0, np.pi)))
        return defocused(picture, module * float(dice.uniform(0.5, 1.6)))

    scene.light, scene.modules = light, (21, 37)


def _bright_spots(scene: PhotographScene) -> None:
    def light(picture: Light, corners: Light, dice: Dice) -> Light:
        picture = picture * float(dice.uniform(0.15, 0.6))
        for _ in range(int(dice.integers(1, 4))):
            spot = corners.mean(axis=0) + dice.uniform(-0.8, 0.8, 2) * _side(corners)
            wide = float(dice.uniform(0.1, 0.5)) * _side(corners)
            patch = _blob(picture.shape, spot, wide, wide * float(dice.uniform(0.3, 1)), dice, sharp=3.0)
            picture = picture * (1 + patch * float(dice.uniform(1, 7)))
        return picture

    scene.light = light


def _brightness(scene: PhotographScene) -> None:
    def light(picture: Light, _: Light, dice: Dice) -> Light:
        if dice.random() < 0.5:
            scene.noise = 4.0
            return picture * float(dice.uniform(0.03, 0.2))
        return picture * float(dice.uniform(1.5, 7)) + float(dice.uniform(0, 90))

    scene.light = light


def _close(scene: PhotographScene) -> None:
    scene.side, scene.tilt = (600, 900), 20

    def light(picture: Light, corners: Light, dice: Dice) -> Light:
        scene.noise = 4.0
        return defocused(picture, _side(corners) / 33 * float(dice.uniform(0.05, 0.6)))

    scene.light = light


def _curved(scene: PhotographScene) -> None:
    scene.bend, scene.tilt = float(scene.dice.uniform(0.25, 0.85)), 30


def _damaged(scene: PhotographScene) -> None:
    def worn(code: Light, dice: Dice) -> Light:
        code, side = code.copy(), len(code)
        for _ in range(int(dice.integers(0, 25))):
            start = dice.uniform(0, side, 2)
            end = (start + dice.normal(0, 0.4 * side, 2)).astype(int).tolist()
            tone = float(dice.choice([PAPER, 160, INK]))
            cv2.line(code, start.astype(int).tolist(), end, tone, int(dice.integers(2, FINE)), cv2.LINE_AA)
        for _ in range(int(dice.integers(0, 4))):  # stickers, torn paper, stains
            spot, size = dice.uniform(0, side, 2), dice.uniform(0.05, 0.27, 2) * side
            box = cv2.boxPoints((spot.tolist(), size.tolist(), float(dice.uniform(0, 180)))).astype(np.int32)
            cv2.fillConvexPoly(code, box, float(dice.uniform(INK, PAPER)))
        if dice.random() < 0.5:  # rubbed off
            rub = cv2.resize(dice.random((9, 9)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
            code = np.where(rub > dice.uniform(0.7, 1.0), PAPER - 20, code).astype(np.float32)
        return code

    scene.print, scene.level = worn, "mqh"


def _glare(scene: PhotographScene) -> None:
    def light(picture: Light, corners: Light, dice: Dice) -> Light:
        for _ in range(int(dice.integers(1, 3))):
            spot = corners.mean(axis=0) + dice.uniform(-0.5, 0.5, 2) * _side(corners)
            wide = float(dice.uniform(0.03, 0.3)) * _side(corners)
            long = wide * float(dice.uniform(1, 12))
            picture = picture + _blob(picture.shape, spot, long, wide, dice, sharp=2.0) * float(dice.uniform(80, 500))
        return picture

    scene.light = light


def _high_version(scene: PhotographScene) -> None:
    scene.modules, scene.level = (97, 177), "lm"
    scene.side, scene.tilt, scene.bend = (480, 860), 20, float(scene.dice.choice([0, 0.1, 0.25]))


def _lots(scene: PhotographScene) -> None:
    scene.codes, scene.modules = int(scene.dice.integers(48, 100)), (21, 29)
    scene.side, scene.tilt, scene.level = (760, 920), 22, "lm"

    def light(picture: Light, _: Light, dice: Dice) -> Light:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), float(dice.uniform(0.3, 0.9))), np.float32)

    scene.light = light


def _monitor(scene: PhotographScene) -> None:
    def light(picture: Light, corners: Light, dice: Dice) -> Light:
        picture = moire(picture, corners, 0.0, dice)
        return defocused(picture, _side(corners) / 33 * float(dice.uniform(0.05, 0.4)))

    scene.light = light


def _nominal(scene: PhotographScene) -> None:
    scene.side = (100, 500)


def _noncompliant(scene: PhotographScene) -> None:
    scene.level = "qh"
    way = int(scene.dice.integers(0, 6))

    def odd(code: Light, dice: Dice) -> Light:
        code, side = code.copy(), len(code)
        if way == 0:
            return PAPER + INK - code
        if way == 1:  # a picture in its middle
            half = int(side * dice.uniform(0.1, 0.17))
            middle = slice(side // 2 - half, side // 2 + half)
            code[middle, middle] = dice.uniform(0, 255)
            cv2.circle(code, (side // 2, side // 2), half // 2, float(dice.uniform(0, 255)), -1)
        if way == 2:  # dots
            dots = cv2.resize(code, (side // FINE, side // FINE), interpolation=cv2.INTER_AREA)
            code[:] = PAPER
            for row, column in zip(*np.nonzero(dots < 100), strict=True):
                spot = (int((column + 0.5) * FINE), int((row + 0.5) * FINE))
                cv2.circle(code, spot, int(FINE * 0.42), INK, -1)
        if way == 3:  # two colours of similar grey
            return (code - INK) * float(dice.uniform(0.1, 0.3)) + float(dice.uniform(40, 150))
        if way == 4:
            return np.ascontiguousarray(code[:, ::-1])
        if way == 5:  # inverted and faint
            return 120 - (code - INK) * float(dice.uniform(0.1, 0.4))
        return code

    scene.print = odd


def _pathological(scene: PhotographScene) -> None:
    def stained(code: Light, dice: Dice) -> Light:
        side = len(code)
        code = code.copy()
        modules = side // FINE
        for row, column in dice.integers(0, modules, (int(modules * modules * dice.uniform(0.0, 0.06)), 2)).tolist():
            block = (slice(row * FINE, row * FINE + FINE), slice(column * FINE, column * FINE + FINE))
            code[block] = PAPER + INK - code[block]
        spot = [(0, 0), (1, 0), (0, 1)][int(dice.integers(3))]  # scribbles over a finder pattern
        middle = [int(0.5 * FINE * 7 + at * (side - FINE * 7)) for at in spot]
        tone = float(dice.choice([PAPER, 130, INK]))
        cv2.circle(code, middle, int(FINE * dice.uniform(0.5, 3.5)), tone, int(dice.choice([-1, 6, 12])))
        return code

    scene.print, scene.level = stained, "qh"


def _perspective(scene: PhotographScene) -> None:
    scene.tilt, scene.turn, scene.side = 62, 180, (250, 480)


def _rotations(scene: PhotographScene) -> None:
    scene.turn, scene.tilt = 180, 35


def _shadows(scene: PhotographScene) -> None:
    def light(picture: Light, corners: Light, dice: Dice) -> Light:
        rows, columns = np.indices(picture.shape, np.float32)
        for _ in range(int(dice.integers(1, 4))):
            x, y = corners.mean(axis=0) + dice.uniform(-0.4, 0.4, 2) * _side(corners)
            angle, soft = float(dice.uniform(0, 2 * np.pi)), float(dice.uniform(0.5, 8))
            away = (columns - x) * np.sin(angle) - (rows - y) * np.cos(angle)
            picture = picture * (1 - float(dice.uniform(0.4, 0.85)) / (1 + np.exp(-(away / soft).clip(-30, 30))))
        return picture * 1.2

    scene.light = light


def _side(corners: Light) -> float:
    return float(np.sqrt(cv2.contourArea(corners)))


def _blob(shape: tuple[int, ...], spot: Light, long: float, wide: float, dice: Dice, *, sharp: float) -> Light:
    rows, columns = np.indices(shape, np.float32)
    angle = float(dice.uniform(0, np.pi))
    across = ((columns - spot[0]) * np.cos(angle) + (rows - spot[1]) * np.sin(angle)) / long
    down = ((rows - spot[1]) * np.cos(angle) - (columns - spot[0]) * np.sin(angle)) / wide
    return np.asarray(np.exp(-((across**2 + down**2) ** (sharp / 2))), np.float32)


KINDS: dict[str, Callable[[PhotographScene], None]] = {
    "blurred": _blurred,
    "bright spots": _bright_spots,
    "brightness": _brightness,
    "close": _close,
    "curved": _curved,
    "damaged": _damaged,
    "glare": _glare,
    "high version": _high_version,
    "lots": _lots,
    "monitor": _monitor,
    "nominal": _nominal,
    "noncompliant": _noncompliant,
    "pathological": _pathological,
    "perspective": _perspective,
    "rotations": _rotations,
    "shadows": _shadows,
}
