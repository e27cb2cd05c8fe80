"""A camera's picture on a terminal: two pixels a character, by half blocks."""

from pathlib import Path

import click
from PIL import Image

_MOST_ROWS = 20
_LARGEST = 4000  # pixels a side: the picture is written by our own worker


def half_blocks(picture: Path, columns: int) -> list[str]:
    """Return the picture in lines of at most `columns` characters, in 24-bit colour.  Raises OSError or ValueError
    where it is no picture."""
    with Image.open(picture, formats=("PNG", "JPEG")) as opened:
        if max(opened.size) > _LARGEST:
            raise ValueError("too large")
        image = opened.convert("RGB")
    image.thumbnail((max(1, columns), 2 * _MOST_ROWS))
    width, height = image.size
    lines = []
    for row in range(0, height - 1, 2):
        cells = (
            click.style("▀", fg=_pixel(image, column, row), bg=_pixel(image, column, row + 1), reset=False)
            for column in range(width)
        )
        lines.append("".join(cells) + "\x1b[0m")
    return lines


def _pixel(image: Image.Image, column: int, row: int) -> tuple[int, int, int]:
    red, green, blue = image.getpixel((column, row))  # type: ignore[misc] # of an RGB picture
    return int(red), int(green), int(blue)
