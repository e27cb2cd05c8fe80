"""The things that people hold up to the camera, drawn flat: a phone with a pass app, a printed sheet, a card.

Pure: a `Prop` is a picture with transparency and the place of the code on it.  The scene bends it into the camera's
view.  The passes' colour plays no part in reading: the app is coloured for the eye.
"""

import random
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT = 680, 1060  # px of a flat picture; the phone lies inside, the hand around it
BODY = (100, 60, 580, 1000)
SCREEN = (116, 78, 564, 982)
CODE_BOX = 404  # px: side of the code with its quiet zone on the flat picture
CODE_AT = (138, 250)
QUIET = 4  # modules of white around a code (ISO/IEC 18004)

Modules = NDArray[np.bool_]
Colour = tuple[int, int, int]


class Medium(StrEnum):
    """The carrier of the code."""

    PHONE = "phone"
    DIM = "dim"  # the display turned down
    CRACKED = "cracked"
    PAPER = "paper"
    CARD = "card"  # a laminated card, such as a menu's
    DARK = "dark"  # a phone with its display off: no code


@dataclass(frozen=True, slots=True)
class Look:
    """The look of the thing apart from its code."""

    medium: Medium
    title: str  # of the app, sheet or card
    strip: str = ""  # text of the coloured strip under the code
    tint: Colour = (38, 120, 110)
    skin: Colour = (205, 160, 130)
    body: Colour = (24, 25, 28)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Prop:
    """A drawn thing.  `sharp` and `half` are pictures of it with premultiplied transparency (RGBa), half for afar."""

    sharp: Image.Image
    half: Image.Image
    code: tuple[float, float, float, float] | None  # left, top, right, bottom px of the symbol without its quiet zone
    modules: int  # modules along one side of the symbol; 0 without a code
    glossy: bool  # glass or laminate reflects the ceiling lamps


def draw(look: Look, modules: Modules | None) -> Prop:
    """Draw the thing with the code on it.  `modules`: (n, n), True is dark, without quiet zone."""
    canvas = Image.new("RGBA", (WIDTH, HEIGHT))
    _palm(canvas, look)
    if look.medium is Medium.PAPER:
        _sheet(canvas, look)
    elif look.medium is Medium.CARD:
        _card(canvas, look)
    else:
        _phone(canvas, look)
    code = None
    if modules is not None and look.medium is not Medium.DARK:
        code = _code(canvas, modules)
    if look.medium is Medium.DIM:
        canvas = _dimmed(canvas)
    if look.medium is Medium.CRACKED:
        _cracks(canvas, random.Random(look.seed))
    _fingers(canvas, look)
    canvas = canvas.convert("RGBa")
    half = canvas.resize((WIDTH // 2, HEIGHT // 2), Image.Resampling.BOX)
    side = 0 if code is None or modules is None else int(modules.shape[0])
    return Prop(canvas, half, code, side, look.medium is not Medium.PAPER)


def _code(canvas: Image.Image, modules: Modules) -> tuple[float, float, float, float]:
    side = modules.shape[0]
    framed = np.full((side + 2 * QUIET, side + 2 * QUIET), 255, np.uint8)
    framed[QUIET:-QUIET, QUIET:-QUIET] = np.where(modules, 0, 255)
    fine = 8  # px a module before shrinking, so that the box's edges fall between modules cleanly
    big = Image.fromarray(framed).resize((framed.shape[0] * fine,) * 2, Image.Resampling.NEAREST)
    canvas.paste(big.resize((CODE_BOX, CODE_BOX), Image.Resampling.BOX).convert("RGBA"), CODE_AT)
    margin = CODE_BOX * QUIET / framed.shape[0]
    left, top = CODE_AT[0] + margin, CODE_AT[1] + margin
    return left, top, CODE_AT[0] + CODE_BOX - margin, CODE_AT[1] + CODE_BOX - margin


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _phone(canvas: Image.Image, look: Look) -> None:
    pen = ImageDraw.Draw(canvas)
    pen.rounded_rectangle(BODY, 62, fill=(*look.body, 255), outline=(92, 94, 98, 255), width=4)
    if look.medium is Medium.DARK:
        pen.rounded_rectangle(SCREEN, 48, fill=(9, 10, 12, 255))
        return
    left, top, right, _ = SCREEN
    pen.rounded_rectangle(SCREEN, 48, fill=(244, 245, 247, 255))
    pen.rounded_rectangle((left, top, right, top + 140), 48, fill=(*look.tint, 255))
    pen.rectangle((left, top + 70, right, top + 140), fill=(*look.tint, 255))
    pen.rounded_rectangle((286, 92, 394, 112), 10, fill=(10, 10, 12, 255))  # camera notch
    pen.text((left + 36, top + 70), look.title, font=_font(42), fill=(255, 255, 255, 255))
    pen.rounded_rectangle((128, 234, 552, 668), 18, fill=(255, 255, 255, 255))
    pen.rounded_rectangle((140, 700, 540, 780), 16, fill=(*look.tint, 255))
    pen.text((340, 740), look.strip, font=_font(36), fill=(255, 255, 255, 255), anchor="mm")
    for row, length in enumerate((330, 260, 300)):
        y = 818 + row * 40
        pen.rounded_rectangle((150, y, 150 + length, y + 16), 8, fill=(205, 209, 214, 255))
    pen.rounded_rectangle((270, 960, 410, 967), 4, fill=(120, 124, 130, 255))


def _sheet(canvas: Image.Image, look: Look) -> None:
    pen = ImageDraw.Draw(canvas)
    pen.rectangle((60, 40, 620, 1010), fill=(238, 236, 230, 255))
    pen.text((340, 120), look.title, font=_font(44), fill=(60, 60, 64, 255), anchor="mm")
    pen.line((110, 180, 570, 180), fill=(150, 150, 150, 255), width=3)
    pen.rectangle((128, 240, 552, 664), fill=(250, 249, 246, 255))
    for row in range(6):
        pen.line((110, 740 + row * 42, 570 - 60 * (row % 3), 740 + row * 42), fill=(150, 150, 152, 255), width=8)
    pen.line((60, 530, 620, 527), fill=(214, 212, 206, 255), width=5)  # a fold


def _card(canvas: Image.Image, look: Look) -> None:
    pen = ImageDraw.Draw(canvas)
    pen.rounded_rectangle((70, 90, 610, 860), 26, fill=(*look.tint, 255))
    pen.text((340, 170), look.title, font=_font(66), fill=(255, 244, 214, 255), anchor="mm")
    pen.rounded_rectangle((120, 232, 560, 672), 12, fill=(255, 255, 255, 255))
    pen.text((340, 750), look.strip, font=_font(38), fill=(255, 244, 214, 255), anchor="mm")


def _dimmed(canvas: Image.Image) -> Image.Image:
    """Dim the display: white turns dark grey, and the hand stays as lit as it was."""
    shade = Image.new("RGBA", canvas.size)
    ImageDraw.Draw(shade).rounded_rectangle(SCREEN, 48, fill=(16, 17, 20, 150))
    return Image.alpha_composite(canvas, shade)


def _cracks(canvas: Image.Image, rng: random.Random) -> None:
    """Draw splinters across the glass, from one blow near a corner of the code."""
    pen = ImageDraw.Draw(canvas)
    start = (rng.uniform(440, 520), rng.uniform(600, 700))
    for _ in range(9):
        x, y = start
        step_x, step_y = rng.uniform(-60, 30), rng.uniform(-70, 40)
        for _ in range(rng.randint(3, 8)):
            to_x, to_y = x + step_x + rng.uniform(-22, 22), y + step_y + rng.uniform(-22, 22)
            if not (SCREEN[0] < to_x < SCREEN[2] and SCREEN[1] < to_y < SCREEN[3]):
                break
            pen.line((x, y, to_x, to_y), fill=(214, 218, 222, 255), width=2)
            pen.line((x + 2, y + 1, to_x + 2, to_y + 1), fill=(90, 92, 96, 255), width=1)
            x, y = to_x, to_y


def _palm(canvas: Image.Image, look: Look) -> None:
    """Draw the hand behind: soft blobs of skin at the sides and below."""
    blob = Image.new("RGBA", canvas.size, (*look.skin, 0))
    pen = ImageDraw.Draw(blob)
    dark = _shade(look.skin, 0.72)
    pen.ellipse((60, 560, 640, 1200), fill=(*dark, 255))
    pen.ellipse((30, 520, 190, 1050), fill=(*look.skin, 255))
    canvas.alpha_composite(blob.filter(ImageFilter.GaussianBlur(7)))


def _fingers(canvas: Image.Image, look: Look) -> None:
    """Draw fingertips over the left edge and the thumb over the right: they never cover the code."""
    hand = Image.new("RGBA", canvas.size, (*look.skin, 0))
    pen = ImageDraw.Draw(hand)
    dark = _shade(look.skin, 0.8)
    for finger in range(4):
        y = 560 + finger * 96
        pen.rounded_rectangle((24, y, 122 - 4 * finger, y + 76), 36, fill=(*dark, 255))
        pen.rounded_rectangle((30, y + 6, 118 - 4 * finger, y + 58), 28, fill=(*look.skin, 255))
    thumb = Image.new("RGBA", canvas.size, (*look.skin, 0))
    ball = ImageDraw.Draw(thumb)
    ball.rounded_rectangle((546, 700, 642, 1120), 48, fill=(*dark, 255))
    ball.rounded_rectangle((550, 704, 628, 1120), 40, fill=(*look.skin, 255))
    ball.rounded_rectangle((566, 716, 606, 772), 18, fill=(*_shade(look.skin, 1.08), 255))  # the nail
    hand.alpha_composite(thumb.rotate(9, Image.Resampling.BILINEAR, center=(600, 960)))
    canvas.alpha_composite(hand.filter(ImageFilter.GaussianBlur(3)))


def _shade(colour: Colour, factor: float) -> Colour:
    red, green, blue = (min(255, int(part * factor)) for part in colour)
    return red, green, blue
