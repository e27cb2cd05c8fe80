"""The authority's root.json: whether it is one, and its fingerprint."""

import hashlib
import json
import re
from pathlib import Path
from typing import NamedTuple

from gate.errors import ConfigError
from gate.store.durable import read_regular

_LARGEST = 512 * 1024  # bytes: python-tuf's own limit of a root is 512,000
_PLACES = ("boot/firmware", "boot", "media", "run/media")  # of root.json: the card, media below their user's name


class RootOfTrust(NamedTuple):
    """A root.json that was read."""

    content: bytes
    version: int

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of the file, in 64 hex digits."""
        return hashlib.sha256(self.content).hexdigest()


def plain_fingerprint(given: str) -> str:
    """Return a fingerprint's digits: without "sha256:", colons and spaces, in small letters."""
    return re.sub(r"^sha256:|[\s:]", "", given.lower())


def read_root_of_trust(path: Path, fingerprint: str = "") -> RootOfTrust:
    """Read a root.json.  Raises ConfigError: it cannot be read, is none, or has another fingerprint."""
    get = "Get root.json from the authority"
    try:
        content = read_regular(path, _LARGEST + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"{path}: {why}", hint=f"{get}, and name the file") from error
    if content is None or len(content) > _LARGEST:
        raise ConfigError(f"{path}: this is no root.json", hint=get)
    try:
        signed = json.loads(content)["signed"]
        root = RootOfTrust(content, int(signed["version"]))
        if signed["_type"] != "root":
            raise ValueError(signed["_type"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigError(f"{path}: this is no root.json", hint=get) from error
    if fingerprint and root.fingerprint != plain_fingerprint(fingerprint):
        raise ConfigError(
            f"{path}: its fingerprint is {root.fingerprint}, and not the one that was given",
            hint="Do not use it: ask the authority for its root.json and the fingerprint, by two ways",
        )
    return root


def roots_nearby(root: Path) -> list[Path]:
    """Return root.json files on the card and on media, below a root directory."""
    found = []
    for place in _PLACES:
        for depth in ("*", "*/*", "*/*/*"):
            files = (path for path in sorted((root / place).glob(depth)) if path.name == "root.json")
            found += [path for path in files if path not in found]
    return found
