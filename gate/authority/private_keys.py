"""Private keys in files: plain (64 hex digits), or sealed by a passphrase.

A sealed key (`gate.authority.sealing`) is one line of JSON:

    {"sealed": 1, "kdf": "argon2id", "ops": 3, "mem_kib": 65536, "salt": "<16 bytes>", "box": "<nonce, secret, mac>"}
"""

import json
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, ValidationError

from gate.authority import files
from gate.authority.sealing import (
    AskPassphrase,
    KeyRecipe,
    SealedError,
    derive,
    new_salt,
    passphrase_bytes,
    seal,
    unseal,
)
from gate.errors import StoreError

SECRET_BYTES = 32
_LONGEST_FILE = 4096  # bytes


class KeyClass(StrEnum):
    OFFLINE = "offline"  # root and targets: needed to change keys, issuers or rules
    ONLINE = "online"  # needed at every publication, import or pass


def no_passphrase(what: str, *, new: bool) -> str:  # noqa: ARG001 - matches AskPassphrase
    """Raise SealedError, where nobody can be asked."""
    raise SealedError(f"{what} are sealed", hint="Give their passphrase")


class _Sealed(KeyRecipe):
    model_config = ConfigDict(extra="forbid", strict=True)

    sealed: Literal[1] = 1  # version of this format
    box: Annotated[str, Field(pattern=r"^[0-9a-f]{144}$")]


class PrivateKeys:
    """Reads and writes key files; asks once for each folder and class.  `sealing`: classes whose new keys are sealed.
    New keys beside sealed ones of their class are always sealed."""

    def __init__(self, ask_passphrase: AskPassphrase = no_passphrase, sealing: Iterable[KeyClass] = ()) -> None:
        self._ask_passphrase = ask_passphrase
        self._sealing = frozenset(sealing)
        self._passphrases: dict[tuple[Path, KeyClass], bytes] = {}
        self._salts: dict[tuple[Path, KeyClass], str] = {}
        self._derived: dict[tuple[bytes, str, int, int], bytes] = {}

    def read(self, path: Path) -> bytes:
        """Return the secret.  Raises SealedError, and StoreError for a file that cannot be read or is no key."""
        content = _content(path)
        if not content.startswith("{"):
            return _plain(path, content)
        try:
            sealed = _Sealed.model_validate_json(content)
        except ValidationError as error:
            raise _no_key(path) from error
        key = self._derive(self._passphrase(path, new=False), sealed)
        secret = unseal(key, bytes.fromhex(sealed.box))
        if secret is None:
            self._passphrases.pop((path.parent, class_of(path)), None)
            raise SealedError(f"the passphrase does not open {path}", hint="Give the one it was sealed with")
        return secret

    def write(self, path: Path, secret: bytes) -> None:
        """Write a secret, sealed if its class is.  Raises StoreError, SealedError."""
        beside = self._sealed_beside(path)
        if beside is not None:
            self.read(beside)  # one passphrase for all keys of a class: a wrong one must not seal
        if beside is not None or class_of(path) in self._sealing:
            self._seal(path, secret, new=beside is None)
        else:
            files.write(path, secret.hex().encode() + b"\n", files.PRIVATE)

    def seal(self, path: Path) -> bool:
        """Seal a key; return whether it was plain before.  Raises StoreError, SealedError."""
        if is_sealed(path):
            return False
        secret, beside = _plain(path, _content(path)), self._sealed_beside(path)
        if beside is not None:
            self.read(beside)
        self._seal(path, secret, new=beside is None)
        return True

    def unseal(self, path: Path) -> bool:
        """Store a key plain; return whether it was sealed before.  Raises StoreError, SealedError."""
        if not is_sealed(path):
            return False
        files.write(path, self.read(path).hex().encode() + b"\n", files.PRIVATE)
        return True

    def _seal(self, path: Path, secret: bytes, *, new: bool) -> None:
        passphrase = self._passphrase(path, new=new)
        recipe = KeyRecipe(salt=self._salts.setdefault((path.parent, class_of(path)), new_salt()))
        box = seal(self._derive(passphrase, recipe), secret)
        sealed = {"sealed": 1, **recipe.model_dump(), "box": box.hex()}
        files.write(path, json.dumps(sealed).encode() + b"\n", files.PRIVATE)

    def _sealed_beside(self, path: Path) -> Path | None:
        for other in sorted(path.parent.glob("*.key")):
            if other != path and class_of(other) is class_of(path) and is_sealed(other):
                return other
        return None

    def _passphrase(self, path: Path, *, new: bool) -> bytes:
        where = path.parent, class_of(path)
        if where not in self._passphrases:
            given = self._ask_passphrase(f"the {where[1]} keys in {path.parent}", new=new)
            self._passphrases[where] = passphrase_bytes(given, new=new)
        return self._passphrases[where]

    def _derive(self, passphrase: bytes, recipe: KeyRecipe) -> bytes:
        known = passphrase, recipe.salt, recipe.ops, recipe.mem_kib
        if known not in self._derived:
            self._derived[known] = derive(passphrase, recipe)
        return self._derived[known]


def class_of(path: Path) -> KeyClass:
    """Return the class of a key file, by its name."""
    return KeyClass.OFFLINE if path.name.startswith(("tuf-root-", "tuf-targets-")) else KeyClass.ONLINE


def is_sealed(path: Path) -> bool:
    """Return whether a key file is sealed.  Raises StoreError."""
    return _content(path).startswith("{")


def _content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST_FILE).decode("ascii").strip()
    except (OSError, ValueError) as error:
        raise StoreError(f"cannot read the private key {path}", hint="Put it back from a backup") from error


def _plain(path: Path, content: str) -> bytes:
    try:
        secret = bytes.fromhex(content)
    except ValueError as error:
        raise _no_key(path) from error
    if len(secret) != SECRET_BYTES:
        raise _no_key(path)
    return secret


def _no_key(path: Path) -> StoreError:
    return StoreError(f"{path} is not a key", hint="Put it back from a backup")
