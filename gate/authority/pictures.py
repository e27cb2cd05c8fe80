"""QR codes of a pass: PNG, SVG, terminal, or bare modules.

A plain pass (about 190 characters) is version 6 or 7 on a phone and 8 on paper, a presentation (about
380) version 10.  Fewer, larger modules read better than more error correction: level L, raised as far as
the version has room.  Paper gets creased, so it starts at M.
"""

from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import segno
from numpy.typing import NDArray

from gate.authority import files
from gate.errors import UsageError

BORDER = 4  # modules: the quiet zone of ISO/IEC 18004
PHONE_SCALE = 8  # pixels a module
PAPER_SCALE = 10  # at PAPER_DPI: 0.85 mm a module, so a plain pass is 4.8 cm wide
PAPER_DPI = 300

# White on black from the fixed part of the 256 colours: themes do not change them, and half of all readers cannot
# read an inverted code.
_COLOURS = "\x1b[38;5;231;48;5;16m"
_RESET = "\x1b[0m"


def code(text: str, *, paper: bool = False) -> segno.QRCode:
    """Encode a text.  Raises UsageError for a text that is too long for a QR code or not alphanumeric."""
    try:
        return segno.make_qr(text, error="m" if paper else "l", mode="alphanumeric", boost_error=True)
    except ValueError as error:  # includes DataOverflowError
        raise UsageError(f"this text does not fit a QR code: {error}", hint="Give the text of an AQ1 pass") from error


def draw_png(text: str, path: Path, *, paper: bool = False, scale: int | None = None) -> None:
    """Write a PNG. `scale`: pixels a module.  Raises UsageError, StoreError."""
    out = BytesIO()
    pixels = scale or (PAPER_SCALE if paper else PHONE_SCALE)
    code(text, paper=paper).save(out, kind="png", scale=pixels, border=BORDER, dpi=PAPER_DPI if paper else None)
    files.write(path, out.getvalue(), files.PRIVATE)  # private: a copy of the picture is a copy of the pass


def draw_svg(text: str, path: Path, *, paper: bool = False, scale: int | None = None) -> None:
    """Write an SVG. `scale`: user units (pixels on a screen) a module.  Raises UsageError, StoreError."""
    out = BytesIO()
    units = scale or (PAPER_SCALE if paper else PHONE_SCALE)
    # Without a white background the code is invisible on a dark page.
    code(text, paper=paper).save(out, kind="svg", scale=units, border=BORDER, light="white")
    files.write(path, out.getvalue(), files.PRIVATE)  # private: a copy of the picture is a copy of the pass


def terminal(text: str) -> str:
    """Return lines of half-block characters with colour codes, for a terminal of any colours."""
    out = StringIO()
    code(text).terminal(out, border=BORDER, compact=True)
    return "\n".join(f"{_COLOURS}{line}{_RESET}" for line in out.getvalue().splitlines())


def modules(text: str, *, paper: bool = False) -> NDArray[np.bool_]:
    """Return a square array [row, column], True where the module is dark; no border."""
    return np.array([list(row) for row in code(text, paper=paper).matrix], dtype=np.bool_)
