"""Removal of secrets and of people from a text that leaves the device.

Two sieves: what the configuration of this device is known to keep secret, word by word, and then everything that looks
like a pass, a number of a person, a key or an address with more than a host in it.  Too much may go, never too little.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

HIDDEN = "[hidden]"
_SHORTEST = 3  # characters of a secret that is looked for word by word: a shorter one would hide half of the text
_LARGEST = 64 * 1024  # bytes that are read of a file with a secret
_SECRET_KEY = re.compile(r"pass(word|phrase|wd)?$|pin$|secret|token|(^|_)key$|scbk|credential", re.IGNORECASE)
_FILE_KEY = re.compile(r"key_file$|secret_file$|password_file$")
_ADDRESS = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]*)://([^\s\"'<>`]*)")
_HOST = re.compile(r"[\w.-]+(:\d+)?|\[[\da-fA-F:.]+\](:\d+)?")
_LOOKS = (
    (re.compile(r"AQ\d+:[0-9A-Z $%*+\-./:]*", re.IGNORECASE), "[pass]"),
    (re.compile(r"-----BEGIN [^-]+-----.*?(-----END [^-]+-----|\Z)", re.DOTALL), "[key]"),
    (re.compile(r"(?<!\d)\d{6}[ \-]?\d{6}(?!\d)"), "[12 digits]"),
    (re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{16,}(?![0-9A-Za-z])"), "[hexadecimal]"),
    (re.compile(r"(?<![\w+/])(?=\S*\d)(?=\S*[a-z])(?=\S*[A-Z])[A-Za-z0-9+/]{40,}={0,2}"), "[base64]"),
    (re.compile(r"(?i)\b((?:proxy-)?authorization|set-cookie|cookie)\s*[:=][^\n]*"), rf"\1: {HIDDEN}"),
    (
        re.compile(r"(?i)\b(password|passwd|passphrase|secret|token|pin)(\s*[:=]\s*)(\"[^\"]*\"|'[^']*'|\S+)"),
        rf"\1\2{HIDDEN}",
    ),
)


class Redaction:
    """The sieve of one device."""

    def __init__(self, configuration: Mapping[str, Any], credentials: Path = Path("/etc/credstore")) -> None:
        """`configuration`: its tables, as stated or as checked.  `credentials`: the folder of systemd's; those that
        this account may not read are not known."""
        found = set(_secrets(configuration))
        found |= set(_contents(credentials.glob("gate.*"))) if credentials.is_dir() else set()
        self._words = sorted((word for word in found if len(word) >= _SHORTEST), key=len, reverse=True)

    def text(self, text: str) -> str:
        """Return the text without secrets and people."""
        for word in self._words:
            text = text.replace(word, HIDDEN)
        text = _ADDRESS.sub(lambda found: address(found[0]), text)
        for pattern, instead in _LOOKS:
            text = pattern.sub(instead, text)
        return text

    def value(self, key: str, value: Any) -> Any:
        """Return a value of the configuration without its secrets."""
        if isinstance(value, list | tuple):
            return [self.value(key, item) for item in value]
        if isinstance(value, dict):
            return {name: self.value(name, item) for name, item in value.items()}
        if value is None or isinstance(value, bool | int | float):
            return value
        if _SECRET_KEY.search(key):
            return HIDDEN
        word = str(value)
        return self.text(address(word) if "://" in word else word)


def address(text: str) -> str:
    """Return kind and host of an address: user, password, path and query may be secrets."""
    scheme, _, rest = text.partition("://")
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    host = authority.rpartition("@")[2]
    if "@" in rest[len(authority) :] or not _HOST.fullmatch(host):
        host = "" if scheme == "file" else HIDDEN  # a password with special characters: its end is unknown
    more = f"/{HIDDEN}" if rest[len(authority) :].strip("/") else ""
    return f"{scheme}://{host}{more}"


def _secrets(value: Any, key: str = "") -> Iterator[str]:
    """Yield the secret words of a configuration, and those in the files that it names."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _secrets(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _secrets(item, key)
    elif isinstance(value, str):
        if "://" in value:
            yield from _in_address(value)
        if _SECRET_KEY.search(key):
            yield value
        if _FILE_KEY.search(key):
            yield from _contents(iter((Path(value),)))


def _in_address(value: str) -> Iterator[str]:
    rest = value.partition("://")[2]
    user, at, after = rest.rpartition("@")
    if at:
        name, _, password = user.partition(":")
        yield from (user, password, unquote(password), *((name,) if not password else ()))
    tail = re.split(r"[/?#]", after if at else rest, maxsplit=1)
    if len(tail) > 1:
        yield from (word for word in re.split(r"[?&=#]", tail[1]) if len(word) > 2 * _SHORTEST)


def _contents(paths: Iterator[Path]) -> Iterator[str]:
    for path in paths:
        with suppress(OSError), path.open("rb") as file:
            for line in file.read(_LARGEST).decode("utf-8", "replace").splitlines():
                if word := line.strip():
                    yield word
