"""A sheet in a room, projected by a pinhole camera from any side: flat, or round a can."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from rendering import LETTERS, Dice, Light

WIDE, HIGH = 1280, 960
TWICE = 2  # drawn this much larger and made smaller: no pixel of a camera is a point


@dataclass(frozen=True, slots=True)
class CameraPose:
    side: tuple[float, float]  # of the code in the picture, pixels
    tilt: float  # degrees off the straight view, at most
    turn: float  # in the plane of the picture, at most
    bend: float  # of the half circle round which the sheet lies


def seen(sheet: Light, place: Light, pose: CameraPose, dice: Dice) -> tuple[Light, Light]:
    """Draw the sheet before a room; return it with the corners of its code in the picture.

    `place`: of the code on the sheet."""
    width, height = WIDE * TWICE, HIGH * TWICE
    focal = 1.1 * width
    middle, code = place.mean(axis=0), float(place[2, 0] - place[0, 0])
    distance = focal * code / (float(dice.uniform(*pose.side)) * TWICE)
    tilts = np.radians(dice.uniform(-pose.tilt, pose.tilt, 2))
    turned = _turned(tilts[0], tilts[1], np.radians(dice.uniform(-pose.turn, pose.turn)))
    aside = dice.uniform(-0.5, 0.5, 2) * np.maximum(np.array([width, height]) - code / distance * focal * 1.15, 0)
    far = np.array([*(aside / focal), 1.0]) * distance
    radius = code / (np.pi * pose.bend) if pose.bend else 0.0
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    rays = np.stack([(x - width / 2) / focal, (y - height / 2) / focal, np.ones_like(x)])
    origin = turned.T @ -far  # the camera, in the sheet's coordinates
    rays = np.tensordot(turned.T.astype(np.float32), rays.astype(np.float32), 1)
    across, down, facing = _met(origin, rays, radius)
    u, v = (np.asarray(way + start, np.float32) for way, start in zip((across, down), middle, strict=True))
    there = (facing & (u >= 0) & (v >= 0) & (u < sheet.shape[1]) & (v < sheet.shape[0])).astype(np.float32)
    ink = cv2.remap(sheet, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    shade = np.cos(across / radius).clip(0) ** 0.6 if radius else 1.0
    ink, there = (
        cv2.resize(np.asarray(part, np.float32), (WIDE, HIGH), interpolation=cv2.INTER_AREA)
        for part in (ink * shade * there, there)
    )
    points = np.hstack([place - middle, np.zeros((4, 1))])
    if radius:
        points[:, 2] = radius * (1 - np.cos(points[:, 0] / radius))
        points[:, 0] = radius * np.sin(points[:, 0] / radius)
    points = points @ turned.T + far
    corners = (points[:, :2] / points[:, 2:] * focal + (width / 2, height / 2)) / TWICE
    return np.asarray(_room(dice) * (1 - there) + ink, np.float32), corners.astype(np.float32)


def _met(
    origin: NDArray[np.float64], rays: Light, radius: float
) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.bool_]]:
    """Return where rays meet the sheet (across and down from the middle of its code), and whether they do."""
    if not radius:
        reach = -origin[2] / rays[2]
        return origin[0] + reach * rays[0], origin[1] + reach * rays[1], reach > 0
    depth = origin[2] - radius  # the can's axis stands upright behind the sheet
    a = rays[0] ** 2 + rays[2] ** 2
    b = origin[0] * rays[0] + depth * rays[2]
    c = origin[0] ** 2 + depth**2 - radius**2
    root = b**2 - a * c
    reach = (-b - np.sqrt(root.clip(0))) / a
    angle = np.arctan2(origin[0] + reach * rays[0], -(depth + reach * rays[2]))
    return angle * radius, origin[1] + reach * rays[1], (root > 0) & (np.abs(angle) < 1.5)


def _turned(around_x: float, around_y: float, around_z: float) -> Light:
    whole = np.eye(3)
    for axis, angle in ((2, around_z), (0, around_x), (1, around_y)):
        vector = np.zeros(3)
        vector[axis] = angle
        whole = cv2.Rodrigues(vector)[0] @ whole
    return np.asarray(whole)


def _room(dice: Dice) -> Light:
    """Draw cloth, wood, shelves, print: busy everywhere, as tables and shops are."""
    picture = np.full((HIGH, WIDE), float(dice.uniform(70, 150)), np.float32)
    for scale in (4, 10, 40, 160):
        strong = float(dice.uniform(2, 22)) * (0.5 if scale > 100 else 1)
        grain = dice.normal(0, strong, (max(2, 3 * scale // 4), scale)).astype(np.float32)
        picture += cv2.resize(grain, (WIDE, HIGH), interpolation=cv2.INTER_CUBIC)
    if dice.random() < 0.5:  # cloth or a grille
        rows, columns = np.indices(picture.shape, np.float32)
        step, angle = float(dice.uniform(6, 30)), float(dice.uniform(0, np.pi))
        for way in (angle, angle + np.pi / 2):
            wave = np.sin((columns * np.cos(way) + rows * np.sin(way)) * 2 * np.pi / step)
            picture += float(dice.uniform(2, 20)) * wave
    picture = picture.clip(5, 250).astype(np.uint8)
    for _ in range(int(dice.integers(4, 25))):  # boxes and books
        middle, size = dice.uniform((0, 0), (WIDE, HIGH)), dice.uniform((20, 20), (400, 300))
        box = cv2.boxPoints((middle.tolist(), size.tolist(), float(dice.uniform(0, 180)))).astype(np.int32)
        cv2.fillConvexPoly(picture, box, float(dice.uniform(25, 220)), cv2.LINE_AA)
        if dice.random() < 0.6:
            words = "".join(dice.choice(list(LETTERS), 12))
            height = float(dice.uniform(0.4, 2))
            spot = middle.astype(int).tolist()
            cv2.putText(picture, words, spot, cv2.FONT_HERSHEY_TRIPLEX, height, float(dice.uniform(0, 255)), 2)
    blur = float(dice.uniform(0.5, 3))
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), blur), np.float32)
