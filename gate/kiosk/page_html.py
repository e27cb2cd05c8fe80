"""The page before the first event of its server, and what a venue adds to it.

The constants of a gate are attributes of the body: style sheet and script read them there.
"""

import html
from importlib.resources import files
from pathlib import Path
from string import Template

from gate.errors import ConfigError
from gate.kiosk.about import About
from gate.kiosk.view import no_signal
from gate.kiosk.visitor_words import PageLine

LOGO = "logo"
"""Name under which a venue's logo is served."""

LARGEST_LOGO = 1 << 18  # bytes
_LOGOS = {"logo.svg": "image/svg+xml", "logo.png": "image/png"}

# Read at import: the event loop never waits for the disk.
_PAGE = Template((files("gate.kiosk") / "static" / "kiosk.html").read_text("utf-8"))


def read_logo(about: About) -> tuple[str, bytes] | None:
    """Return type and content of logo.svg or logo.png in the venue's folder; None where there is none.

    Raises ConfigError for a file that cannot be shown."""
    if not about.wording:
        return None
    for name, kind in _LOGOS.items():
        path = Path(about.wording, name)
        try:
            with path.open("rb") as file:
                content = file.read(LARGEST_LOGO + 1)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read ({error.strerror})", hint="See its owner and rights") from error
        if len(content) > LARGEST_LOGO:
            raise ConfigError(f"{path}: more than {LARGEST_LOGO >> 10} KiB", hint="Make it smaller")
        return kind, content
    return None


def page_html(about: About, *, has_logo: bool) -> bytes:
    """Return the page in its "no signal" state."""
    screen = about.screen
    constants = {"camera": screen.camera, "go": screen.go, "side": screen.side, "voice": screen.voice}
    first, *others = no_signal(about)
    lines = [_line(first, "h1")]
    if others:
        lines += ['<div class="others">', *(_line(line, "p") for line in others), "</div>"]
    filled = _PAGE.substitute(
        lang=about.languages[0],
        title=html.escape(f"Ashyq Gate, {about.venue_id} / {about.device_id}"),
        constants=" ".join(f'data-{name}="{html.escape(value)}"' for name, value in constants.items() if value),
        lines="\n".join(lines),
        help=_help(about),
        logo='<img class="logo" src="/static/logo" alt="">' if has_logo else "",
    )
    return filled.encode()


def _line(line: PageLine, heading: str) -> str:
    return (
        f'<div class="line" lang="{line.lang}">'
        f'<{heading} class="headline">{html.escape(line.headline)}</{heading}> '
        f'<p class="advice">{html.escape(line.advice)}</p></div>'
    )


def _help(about: About) -> str:
    """Return the line with the venue's number and whom to turn to, in each of its languages; "" without one."""
    if not about.help.exists:
        return ""
    words = zip(about.languages, about.help.texts, strict=False)
    parts = [f'<span lang="{language}">{html.escape(text)}</span>' for language, text in words if text]
    if about.help.phone:
        parts.insert(0, f"<b>{html.escape(about.help.phone)}</b>")
    sign = f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{_PHONE}"/></svg>'
    return f'<p class="help" id="help">{sign if about.help.phone else ""}{"".join(parts)}</p>'


_PHONE = (  # a receiver
    "M6.6 2.5l3 4.6c.4.6.3 1.4-.2 1.9L8 10.5c1.2 2.3 3.2 4.3 5.5 5.5l1.5-1.4c.5-.5 1.3-.6 1.9-.2l4.6 3"
    "c.6.4.8 1.2.4 1.8-.9 1.5-2.5 2.8-4.4 2.8C10 22 2 14 2 6.5c0-1.9 1.3-3.5 2.8-4.4.6-.4 1.4-.2 1.8.4z"
)
