"""The authority's root.json: whether it is one, and its fingerprint."""

import json
import re
from hashlib import sha256
from pathlib import Path

from gate.errors import ConfigError, SyncError
from gate.sync.round import read_root

_FINGERPRINT = re.compile("[0-9a-f]{64}")
_PLACES = ("boot/firmware", "boot", "media", "run/media")  # of root.json: the card, media below their user's name


def fingerprint(content: bytes) -> str:
    """Return the SHA-256 of the file, in 64 hex digits."""
    return sha256(content).hexdigest()


def plain_fingerprint(given: str) -> str | None:
    """Return a fingerprint's digits: without "sha256:", colons and spaces, in small letters.  None for anything else
    than a fingerprint."""
    digits = re.sub(r"^sha256:|[\s:]", "", given.lower())
    return digits if _FINGERPRINT.fullmatch(digits) else None


def is_root(content: bytes) -> bool:
    """Return whether this has the form of a root.json.  Nothing is verified."""
    try:
        signed = json.loads(content)["signed"]
        return signed["_type"] == "root" and isinstance(signed["version"], int)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def read_root_of_trust(path: Path, given: str = "") -> bytes:
    """Read a root.json.  `given`: its fingerprint, if one is known.  Raises ConfigError: it cannot be read, is none, or
    has another fingerprint."""
    get = "Get root.json from the authority"
    try:
        content = read_root(path)
    except SyncError as error:
        raise ConfigError(error.what, hint=f"{get}, and name the file") from error
    except ValueError as error:  # a NUL in the path
        raise ConfigError(f"{path}: {error}", hint=f"{get}, and name the file") from error
    if not is_root(content):
        raise ConfigError(f"{path}: this is no root.json", hint=get)
    if given and fingerprint(content) != plain_fingerprint(given):
        raise ConfigError(
            f"{path}: its fingerprint is {fingerprint(content)}, and not the one that was given",
            hint="Do not use it: ask the authority for its root.json and the fingerprint, by two ways",
        )
    return content


def roots_nearby(root: Path) -> list[Path]:
    """Return root.json files on the card and on media, below a root directory."""
    found = []
    for place in _PLACES:
        for depth in ("*", "*/*", "*/*/*"):
            files = (path for path in sorted((root / place).glob(depth)) if path.name == "root.json")
            found += [path for path in files if path not in found]
    return found
