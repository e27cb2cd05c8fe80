"""HTML by functions: every text is escaped, and only what these functions make is markup."""

from html import escape
from html.parser import HTMLParser
from typing import Any

_CASED = {"viewbox": "viewBox", "patternunits": "patternUnits"}  # the parser writes all names small


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, *content: object, **attributes: object) -> Markup:
    """Return an element.  `class_` stands for class, `_` in other names for `-`; a None attribute is left out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{given}>{joined(*content)}</{name}>")


def joined(*content: object) -> Markup:
    """Return contents one after the other; plain texts are escaped."""
    return Markup("".join(each if isinstance(each, Markup) else escape(str(each)) for each in content))


def tree_of(markup: Markup) -> list[Any]:
    """Return an element as [name, attributes, contents], for a page that may not parse HTML (Trusted Types)."""
    reader = _TreeReader()
    reader.feed(markup)
    reader.close()
    element: list[Any] = reader.root[2][0]
    return element


class _TreeReader(HTMLParser):
    """Reads what `tag` wrote: each element is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root: list[Any] = ["", {}, []]
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element: list[Any] = [tag, {_CASED.get(name, name): value or "" for name, value in attrs}, []]
        self._open[-1][2].append(element)
        self._open.append(element)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the one that is open
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1][2].append(data)
