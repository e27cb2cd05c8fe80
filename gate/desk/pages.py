"""The pages: which there are, for whom, and how one is rendered.

A page is added in three steps:

1. a row in PAGES: its paths, its name, the roles that may see it;
2. `static/NAME.html` (what stands in `<main>`; `${table.key}` becomes a text) and `static/NAME.js` (a module; it begins
   with `import { ... } from "./desk.js"`), and where needed `static/NAME.css`;
3. its texts: a table [NAME] in `texts/kk.toml`, `ru.toml`, `en.toml`, and its word in [nav].  A page whose texts lie in
   another room names that folder in its row.

What it calls is a table of `gate.desk.calls`.  A page itself holds nothing secret: what it shows comes by calls, which
need the session's token.
"""

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from gate.core.reason import Reason
from gate.core.staff_role import StaffRole
from gate.desk.calls import ANYBODY
from gate.report import wording as report_texts
from gate.report.as_html import css
from gate.texts.catalogue import texts_in
from gate.texts.files import rules_of, shipped_texts

_STATIC = files("gate.desk") / "static"
_TEXTS = Path(__file__).parent / "texts"
_TECHNICIAN = Path(__file__).parent / "technician" / "texts"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}

LONGEST_TEXTS = {"": 90, "nav.": 16, "reasons.": 150, "codes.": 110}
"""Characters by the beginning of a key: what fits a telephone of 360 pixels."""


@dataclass(frozen=True, slots=True)
class DeskPage:
    """A page.  `first_for`: roles that begin here.  `texts`: another folder with texts for it."""

    name: str
    paths: tuple[str, ...]
    roles: frozenset[StaffRole]
    first_for: frozenset[StaffRole] = frozenset()
    texts: Path | None = None
    nav: tuple[str, ...] = ()  # of its paths, those that stand in the navigation, by the last part


PAGES: tuple[DeskPage, ...] = (
    DeskPage(
        "lane",
        ("/desk/lane", "/desk/check", "/desk/orders"),
        ANYBODY,
        first_for=frozenset({StaffRole.GUARD, StaffRole.SUPERVISOR}),
        nav=("lane", "check", "orders"),
    ),
    DeskPage("report", ("/desk/report",), frozenset({StaffRole.SUPERVISOR}), texts=report_texts.HERE, nav=("report",)),
    DeskPage("users", ("/desk/users",), frozenset({StaffRole.SUPERVISOR}), nav=("users",)),
    DeskPage(
        "status",
        ("/desk/status",),
        frozenset({StaffRole.TECHNICIAN}),
        first_for=frozenset({StaffRole.TECHNICIAN}),
        texts=_TECHNICIAN,
        nav=("status",),
    ),
    DeskPage("test", ("/desk/test",), frozenset({StaffRole.TECHNICIAN}), texts=_TECHNICIAN, nav=("test",)),
)

_NAV_ROLES: Mapping[str, frozenset[StaffRole]] = {
    "check": frozenset({StaffRole.GUARD, StaffRole.SUPERVISOR}),
    "orders": frozenset({StaffRole.SUPERVISOR, StaffRole.TECHNICIAN}),
}
"""Parts of a page that some of its roles do not use."""


class _Words(Template):
    idpattern = r"(?a:[a-z_]+(?:\.[a-z0-9_]+)*)"


@cache
def static_files() -> Mapping[str, tuple[str, bytes]]:
    """Return what browsers load, by name: media type and content.  Read once, before the loop runs."""
    found = {
        file.name: (_KINDS[Path(file.name).suffix], file.read_bytes())
        for file in _STATIC.iterdir()
        if Path(file.name).suffix in _KINDS
    }
    return {**found, "report_sheet.css": ("text/css", css().encode())}


@cache
def words_of(language: str, folder: Path | None = None) -> Mapping[str, str]:
    """Return the desk's texts of a language by key, and those of another room's folder."""
    own = shipped_texts(_TEXTS, language, rules_of(_TEXTS, LONGEST_TEXTS))
    return own | shipped_texts(folder, language, rules_of(folder, LONGEST_TEXTS)) if folder else own


@cache
def page_html(name: str) -> str:
    return (_STATIC / f"{name}.html").read_text("utf-8")


def first_page(role: StaffRole) -> str:
    """Return the path at which a role begins."""
    return next(page.paths[0] for page in PAGES if role in page.first_for)


def navigation(role: StaffRole) -> list[tuple[str, str]]:
    """Return the paths that a role may go to, and the key of each one's text."""
    return [
        (path, f"nav.{part}")
        for page in PAGES
        if role in page.roles
        for path in page.paths
        if (part := path.rpartition("/")[2]) in page.nav and role in _NAV_ROLES.get(part, ANYBODY)
    ]


def render(page: str, language: str, facts: Mapping[str, Any], folder: Path | None = None) -> bytes:
    """Return a whole page.  `facts`: what its script begins with; nothing of a person."""
    words = words_of(language, folder)
    data = json.dumps({**facts, "language": language, "words": _for_script(language, words)}, ensure_ascii=False)
    escaped = {key: html.escape(text) for key, text in words.items()}
    body = _Words(page_html(page)).substitute(escaped)
    return (
        Template(page_html("shell"))
        .substitute(
            lang=language,
            title=html.escape(f"{words['shell.title']} · {facts['place']}"),
            name=page,
            style=f'<link rel="stylesheet" href="/desk/static/{page}.css">' if f"{page}.css" in static_files() else "",
            body=body,
            data=data.replace("<", "\\u003c"),
        )
        .encode()
    )


@cache
def _lane_words(language: str) -> dict[str, Any]:
    """Return what the visitors' page would say, by reason, scene, mode and alarm."""
    own = texts_in(language)
    return {
        "reasons": {reason.value: [own.reasons[reason].headline, own.reasons[reason].advice] for reason in Reason},
        "scenes": {
            name: [getattr(own, name).headline, getattr(own, name).advice]
            for name in ("idle", "free", "fire", "no_signal")
        },
        "modes": dict(own.modes),
        "alarms": {alarm.value: text for alarm, text in own.alarms.items()},
    }


def _for_script(language: str, words: Mapping[str, str]) -> dict[str, Any]:
    return {**_lane_words(language), "desk": dict(words)}
