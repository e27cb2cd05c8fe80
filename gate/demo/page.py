"""The stage: one page on which the whole demo can be watched, with the gate's own page in a frame."""

import html
import json
import re
from importlib.resources import files

_PLACE = re.compile(r"\{\{(\w+)\}\}")
_ABOUT = (
    "Drawn people before a drawn camera; everything behind the lens is real: the gate's own process reads this stream, "
    "checks the pass, looks the status up, records its answer and frees the arm over a serial line."
)
_CAMERA = '<img src="/camera" alt="what the gate\'s camera sees">'
_NEXT = """<h2>Who comes next</h2>
    <div class="row"><button data-next="green">Green</button><button data-next="red">Red</button><button
      data-next="screenshot">Screenshot</button></div>"""


def stage_page(kiosk: str, frame: str) -> str:
    """Return the page.  `kiosk`: address of the gate's own page; `frame`: of the same, for a frame."""
    return _page(kiosk, frame, about=_ABOUT, left=_CAMERA, next=_NEXT, nobody=json.dumps("Nobody is there."))


_ABOUT_PHONE = (
    "Your phone before this computer's camera; the gate's own process reads it, checks the pass, looks the status up, "
    "records its answer and frees a simulated turnstile over a serial line."
)


def webcam_page(kiosk: str, frame: str, phone: str, code: str) -> str:
    """Return the page for a camera of this computer.  `phone`: address of the phone's page; `code`: it as SVG."""
    left = (
        f'<div id="phone"><p>1. Open this page on your phone:</p>{code}<p><b>{html.escape(phone)}</b></p>'
        "<p>2. Hold the code that it shows to this computer's camera.</p></div>"
    )
    nobody = json.dumps("Hold your phone to the camera.")
    return _page(kiosk, frame, about=_ABOUT_PHONE, left=left, next="", nobody=nobody)


def _page(kiosk: str, frame: str, **parts: str) -> str:
    text = files("gate.demo").joinpath("stage.html").read_text(encoding="utf-8")
    parts |= {name: html.escape(value, quote=True) for name, value in (("kiosk", kiosk), ("frame", frame))}
    return _PLACE.sub(lambda found: parts[found[1]], text)
