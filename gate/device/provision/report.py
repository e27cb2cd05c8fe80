"""Result of the file on the card: as text for the screen and the card, as a page, and the device's key as a QR."""

import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

import segno

from gate.device.provision.record import APPLIED
from gate.settings.problems import SettingsProblem

CODE = "gate-device.svg"  # on the card
REFUSED, FAILED = "gate.toml is NOT APPLIED", "gate.toml is NOT APPLIED: FAILED"
_MODULE = 8  # pixels of the QR on paper or screen

_PAGE = """<!doctype html>
<html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="10"><title>Ashyq Gate</title>
<style>
body {{ font: 20px/1.4 sans-serif; margin: 0; padding: 5vmin; background: #fff; color: #111 }}
h1 {{ font-size: 34px; margin: 0 0 .2em }} p {{ margin: .3em 0 }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; font: 16px/1.45 monospace }}
pre {{ border-top: 2px solid #111; padding-top: 1em }}
svg {{ width: 40vmin; height: auto }}
</style>
{headings}
<pre>{text}</pre>
{code}
</html>
"""
_HEADINGS = {  # what a visitor reads first
    "kk": "Бұл өткел әлі бапталмаған. Басқа өткелден өтіңіз",
    "ru": "Этот проход ещё не настроен. Пройдите через другой",
    "en": "This entrance is not set up yet. Please use another one",
}
_GOOD_HEADINGS = {"kk": "Өткел іске қосылуда", "ru": "Проход запускается", "en": "The entrance is starting"}


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """Identity by which the authority knows a device."""

    id: str
    key: str  # its public key in hex

    @property
    def line(self) -> str:
        """The arguments of `gate authority add-device DIRECTORY`."""
        return f"{self.id} {self.key}"


@dataclass(frozen=True, slots=True)
class SetUpReport:
    """Report of one set-up.  `state`: one of APPLIED, REFUSED, FAILED."""

    state: str
    said: str  # one sentence
    at: datetime
    identity: DeviceIdentity | None = None
    faults: Sequence[SettingsProblem] = ()
    warnings: Sequence[str] = ()
    unchanged: bool = False  # the file had been applied before

    @property
    def heading(self) -> str:
        """The first line of the report."""
        return f"Ashyq Gate {release()}: {self.state}"

    def text(self) -> str:
        """The whole report, lines with "\\n"."""
        device = f", device {self.identity.id}" if self.identity else ""
        lines = [self.heading, f"{self.at:%Y-%m-%d %H:%M %Z} by the device's clock{device}", "", _sentence(self.said)]
        for number, fault in enumerate(self.faults, 1):
            key = f", {fault.key}" if fault.key else ""
            lines += [
                "",
                f"{number}. Line {fault.line}{key}:",
                f"   {_sentence(fault.what)}",
                f"   {_sentence(fault.hint)}",
            ]
        for warning in self.warnings:
            lines += ["", f"Note: {warning}"]
        if self.identity is not None:
            lines += ["", f"This device's key, which {CODE} holds too. At the authority:"]
            lines += [f"  gate authority add-device DIRECTORY {self.identity.line}"]
        return "\n".join(lines) + "\n"

    def card_text(self) -> bytes:
        """The report for Notepad: byte order mark and CR LF."""
        return self.text().replace("\n", "\r\n").encode("utf-8-sig")

    def screen(self) -> str:
        """The report for a terminal, with the QR."""
        if self.identity is None:
            return self.text()
        drawn = io.StringIO()
        segno.make(self.identity.line, error="m", micro=False).terminal(drawn, compact=True)
        return f"{self.text()}{drawn.getvalue()}"

    def page(self) -> bytes:
        """The report as a page that needs no server."""
        words = _GOOD_HEADINGS if self.state == APPLIED else _HEADINGS
        headings = "".join(f'<h1 lang="{language}">{html.escape(text)}</h1>' for language, text in words.items())
        code = code_svg(self.identity).decode().partition("?>")[2] if self.identity else ""
        return _PAGE.format(language="kk", headings=headings, text=html.escape(self.text()), code=code).encode()


def code_svg(identity: DeviceIdentity) -> bytes:
    """Return the QR of a device's id and key, titled by them.  It has no size of its own: a page scales it whole."""
    drawn = io.BytesIO()
    code = segno.make(identity.line, error="m", micro=False)
    code.save(drawn, kind="svg", scale=_MODULE, title=f"{identity.id}: {identity.key}", light="#fff", omitsize=True)
    return drawn.getvalue()


def release() -> str:
    try:
        return version("ashyq-gate")
    except PackageNotFoundError:
        return "(unknown release)"


def _sentence(text: str) -> str:
    if not {".", "/"} & set(text.partition(" ")[0]):  # the name of a file stays as it is
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."
