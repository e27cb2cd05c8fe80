"""The view of a gate's camera: a hall out of focus, a person, and a hand that holds something close.

Pure: a prop, a pose and a random source in, a picture out.  The faults of real pictures are here on purpose:
perspective, motion blur, a lens focused on the usual distance only, lamps mirrored in the glass, uneven and flickering
light, sensor noise.
"""

import math
import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from gate.demo.props import CODE_BOX, HEIGHT, WIDTH, Prop

VIEW = (640, 480)  # px of the camera's picture
MARGIN = 24  # px drawn around a moving thing and cut off again: the longest smear
FOCAL = 620.0  # px: about 55 degrees across, as small camera modules have
FOCUS = 1.0  # distance at which things are sharp; the unit is that distance
EXPOSURE = 0.012  # s: the shutter time, which turns speed into blur
DEFOCUS = 4.6  # px of blur a unit of |1/distance - 1/FOCUS|
CODE_WIDTH = 0.46  # of the code box, in units of distance: 285 px wide at FOCUS

Array = NDArray[np.float64]
Box = tuple[int, int, int, int]  # left, top, right, bottom px of the view


@dataclass(frozen=True, slots=True)
class Pose:
    """Place of the middle of the code in the view, and the thing's rotation."""

    x: float  # px from the left
    y: float  # px from the top
    distance: float  # FOCUS is where phones are meant to be held
    roll: float = 0.0  # degrees in the picture's plane
    pitch: float = 0.0  # degrees, top edge away
    yaw: float = 0.0  # degrees, right edge away

    def mixed(self, other: "Pose", share: float) -> "Pose":
        """Return the pose `share` of the way to the other."""
        mine, theirs = _numbers(self), _numbers(other)
        return Pose(*(a + (b - a) * share for a, b in zip(mine, theirs, strict=True)))


@dataclass(frozen=True, slots=True)
class Shot:
    """One frame, with known facts of the code in it."""

    picture: Image.Image  # RGB, VIEW
    whole: bool  # the symbol lies entirely in the picture
    module_px: float  # px a module on the shortest side of the symbol; 0 without one


@dataclass(frozen=True, slots=True)
class Backdrop:
    """Everything behind the thing held up: made once a person."""

    hall: Image.Image
    figure: Image.Image  # RGBA, already out of focus


@dataclass(frozen=True, slots=True)
class Light:
    """Pictures that are the same for every frame."""

    shade: Image.Image  # multiplied: darker towards the corners
    noise: Image.Image  # larger than the view: a random cut-out is added to each frame, 128 is none
    lamps: Image.Image  # L, larger than the view: ceiling lamps as glass mirrors them


def _numbers(pose: Pose) -> tuple[float, ...]:
    return pose.x, pose.y, pose.distance, pose.roll, pose.pitch, pose.yaw


def hall(rng: random.Random) -> Image.Image:
    """Draw a lit hall far behind the focus: ceiling with lamps, walls, people; VIEW px."""
    width, height = VIEW
    down = np.linspace(0, 1, height)[:, None]
    base = np.where(down < 0.45, 150 - 90 * down, 96 + 40 * (down - 0.45))
    picture = Image.fromarray(np.repeat(base, width, axis=1).astype(np.uint8)).convert("RGB")
    pen = ImageDraw.Draw(picture)
    for lamp in range(5):
        left = -60 + lamp * 150 + rng.uniform(-14, 14)
        pen.polygon([(left, 34), (left + 92, 34), (left + 78, 62), (left + 10, 62)], fill=(250, 246, 232))
    for pillar in range(4):
        left = rng.uniform(-20, width - 40)
        tone = rng.randint(70, 128)
        pen.rectangle((left, 80, left + rng.uniform(24, 56), 330), fill=(tone, tone, tone + 6 - pillar))
    pen.rectangle((rng.uniform(360, 420), 150, rng.uniform(540, 620), 300), fill=(176, 198, 214))  # a window
    for _ in range(3):  # people far away
        left, coat = rng.uniform(0, width), rng.randint(30, 110)
        pen.rounded_rectangle((left, 220, left + 38, 360), 16, fill=(coat, rng.randint(30, 90), 90))
    return picture.filter(ImageFilter.GaussianBlur(9))


def figure(rng: random.Random, skin: tuple[int, int, int]) -> Image.Image:
    """Draw head and shoulders behind the hand, out of focus; RGBA, 420 x 460 px."""
    person = Image.new("RGBA", (420, 460))
    pen = ImageDraw.Draw(person)
    coat = tuple(rng.choice([(38, 44, 60), (92, 38, 40), (44, 74, 58), (120, 110, 96), (62, 62, 66), (150, 120, 40)]))
    hair = rng.choice([(26, 20, 18), (60, 42, 30), (88, 84, 80), (20, 20, 24)])
    pen.rounded_rectangle((30, 270, 390, 640), 110, fill=(*coat, 255))
    pen.ellipse((132, 60, 288, 280), fill=(*hair, 255))
    pen.ellipse((146, 92, 274, 284), fill=(*skin, 255))
    pen.rectangle((176, 250, 246, 300), fill=(*skin, 255))
    return person.filter(ImageFilter.GaussianBlur(6))


def light(rng: random.Random) -> Light:
    width, height = VIEW
    across, down = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    fall = 255 * (1.0 - 0.22 * (across**2 + down**2) - 0.06 * across)
    shade = Image.fromarray(fall.clip(0, 255).astype(np.uint8)).convert("RGB")
    grain = np.random.default_rng(rng.getrandbits(32)).normal(128, 5.0, (height + 64, width + 64, 3))
    lamps = Image.new("L", (width * 2, height * 2))
    pen = ImageDraw.Draw(lamps)
    for lamp in range(4):
        left = 120 + lamp * 300
        pen.polygon([(left, 300), (left + 120, 280), (left + 210, 700), (left + 60, 720)], fill=92)
    return Light(
        shade, Image.fromarray(grain.clip(0, 255).astype(np.uint8)), lamps.filter(ImageFilter.GaussianBlur(20))
    )


def corners(prop: Prop, pose: Pose, box: tuple[float, float, float, float] | None = None) -> Array:
    """Return the corners of `box` (flat px; the whole prop when None) in the view: (4, 2) px, clockwise from the left
    top.

    The flat picture is a plane that hangs at its code's middle, is turned, and is projected through a pinhole."""
    left, top, right, bottom = box or (0.0, 0.0, float(WIDTH), float(HEIGHT))
    centre = prop.code or (0.0, 0.0, float(WIDTH), float(HEIGHT) * 0.84)
    middle = np.array([(centre[0] + centre[2]) / 2, (centre[1] + centre[3]) / 2])
    flat = (np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) - middle) * CODE_WIDTH / CODE_BOX
    roll, pitch, yaw = (math.radians(angle) for angle in (pose.roll, pose.pitch, pose.yaw))
    turn = _about_z(roll) @ _about_x(pitch) @ _about_y(yaw)
    space = np.c_[flat, np.zeros(4)] @ turn.T
    depth = pose.distance + space[:, 2]
    seen: Array = np.c_[pose.x + FOCAL * space[:, 0] / depth, pose.y + FOCAL * space[:, 1] / depth]
    return seen


def shoot(backdrop: Backdrop, lighting: Light, prop: Prop, before: Pose, now: Pose, rng: random.Random) -> Shot:
    """Take one frame.  `before` is the pose one exposure earlier: the difference is motion blur."""
    canvas = _behind(backdrop, now)
    _hold_up(canvas, prop, before, now, lighting)
    picture = _developed(canvas, lighting, rng)
    if prop.code is None:
        return Shot(picture, False, 0.0)
    symbol = corners(prop, now, prop.code)
    whole = bool((symbol >= 0).all() and (symbol <= np.array(VIEW) - 1).all())
    sides = np.linalg.norm(symbol - np.roll(symbol, 1, axis=0), axis=1)
    return Shot(picture, whole, float(sides.min()) / prop.modules)


def empty(backdrop: Backdrop, lighting: Light, rng: random.Random) -> Image.Image:
    """Return the hall without a person before the gate."""
    return _developed(backdrop.hall, lighting, rng)


def _developed(canvas: Image.Image, lighting: Light, rng: random.Random) -> Image.Image:
    """Apply lens and sensor: darker corners, a little flicker of the lamps, noise."""
    left, top = rng.randrange(64), rng.randrange(64)
    noise = lighting.noise.crop((left, top, left + VIEW[0], top + VIEW[1]))
    return ImageChops.add(ImageChops.multiply(canvas, lighting.shade), noise, 1.0, -128 + rng.randint(-3, 3))


def _behind(backdrop: Backdrop, pose: Pose) -> Image.Image:
    """Draw the person behind the hand: nearer when the hand is nearer."""
    canvas = backdrop.hall.copy()
    size = 1.35 / (0.45 + 0.55 * pose.distance)
    person = backdrop.figure.resize((int(420 * size), int(460 * size)), Image.Resampling.BILINEAR)
    left = int(VIEW[0] / 2 + (pose.x - VIEW[0] / 2) * 0.45 - person.width / 2)
    canvas.paste(person, (left, VIEW[1] - int(person.height * 0.9)), person)
    return canvas


def _hold_up(canvas: Image.Image, prop: Prop, before: Pose, now: Pose, lighting: Light) -> None:
    """Draw the thing in perspective, out of focus and moving as the poses say."""
    target = corners(prop, now)
    place = _bounds(target)
    if place is None:
        return
    source, factor = (prop.half, 0.5) if now.distance > 1.35 else (prop.sharp, 1.0)
    flat = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]]) * factor
    outer = (place[0] - MARGIN, place[1] - MARGIN)
    size = (place[2] - place[0] + 2 * MARGIN, place[3] - place[1] + 2 * MARGIN)
    bent = source.transform(
        size, Image.Transform.PERSPECTIVE, _homography(target - np.array(outer), flat), Image.Resampling.BILINEAR
    )
    inner = (MARGIN, MARGIN, size[0] - MARGIN, size[1] - MARGIN)
    seen = _blurred(bent, before, now).crop(inner).convert("RGBA")
    thing = seen.convert("RGB")
    if prop.glossy:
        thing = _mirrored(thing, place, now, lighting)
    canvas.paste(thing, place[:2], seen.getchannel("A"))


def _mirrored(thing: Image.Image, place: Box, pose: Pose, lighting: Light) -> Image.Image:
    """Add lamps that slide over the glass as it turns."""
    left = int(place[0] + 320 - 9 * pose.yaw - 3 * pose.roll) % 640
    top = int(place[1] + 240 - 12 * pose.pitch) % 480
    sheen = lighting.lamps.crop((left, top, left + thing.width, top + thing.height))
    return ImageChops.screen(thing, Image.merge("RGB", (sheen, sheen, sheen)))


def _blurred(part: Image.Image, before: Pose, now: Pose) -> Image.Image:
    """Apply defocus, then the even mean of the picture along its way during the exposure.

    Valid except for MARGIN px at each side, where the shifted pictures wrap around."""
    spread = DEFOCUS * abs(1 / now.distance - 1 / FOCUS)
    if spread > 0.35:
        part = part.filter(ImageFilter.GaussianBlur(spread))
    run_x, run_y = now.x - before.x, now.y - before.y
    steps = min(MARGIN // 2, math.ceil(math.hypot(run_x, run_y) / 2))
    still = part
    for step in range(1, steps):
        shift = step / steps
        moved = ImageChops.offset(still, round(-run_x * shift), round(-run_y * shift))
        part = Image.blend(part, moved, 1 / (step + 1))
    return part


def _bounds(target: Array) -> Box | None:
    """Return the part of the view that the corners and the blur beyond them take."""
    low = np.maximum(np.floor(target.min(axis=0)) - MARGIN, 0).astype(int)
    high = np.minimum(np.ceil(target.max(axis=0)) + MARGIN, VIEW).astype(int)
    if (high - low < 1).any():
        return None
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _homography(picture: Array, flat: Array) -> list[float]:
    """Return the eight coefficients from a place in the picture to one on the flat thing (Pillow's PERSPECTIVE)."""
    rows = []
    for (x, y), (u, v) in zip(picture, flat, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    solution: list[float] = np.linalg.solve(np.array(rows), flat.reshape(8)).tolist()
    return solution


def _about_x(angle: float) -> Array:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])


def _about_y(angle: float) -> Array:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])


def _about_z(angle: float) -> Array:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
