"""HTML by functions: every text is escaped, and only what these functions make is markup."""

from html import escape


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
