"""Private keys in files: plain (64 hex digits), or sealed by a passphrase.

A sealed key is one line of JSON: the secret in a NaCl secretbox under a key that Argon2id derives from the
passphrase.  An attacker who has the file must try passphrases, at 64 MiB and some 0.2 s each.

    {"sealed": 1, "kdf": "argon2id", "ops": 3, "mem_kib": 65536, "salt": "<16 bytes>", "box": "<nonce, secret, mac>"}
"""

import json
import os
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Protocol

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gate.authority import files
from gate.errors import StoreError, UsageError

SECRET_BYTES = 32
SHORTEST_PASSPHRASE = 12  # characters

# RFC 9106, section 4, the second recommended option, as near as libsodium comes to it (one lane).
_OPS = 3
_MEM_KIB = 64 * 1024
_MOST_OPS = 10
_MOST_MEM_KIB = 256 * 1024  # a manipulated file must not exhaust the memory

_LONGEST_FILE = 4096  # bytes


class SealedError(UsageError):
    """Error for a sealed key that the given passphrase does not open."""

    exit_code = 1


class KeyClass(StrEnum):
    OFFLINE = "offline"  # root and targets: needed to change keys, issuers or rules
    ONLINE = "online"  # needed at every publication, import or pass


class AskPassphrase(Protocol):
    """A function that returns the passphrase of `what`.  A `new` one must be confirmed.  Raises SealedError."""

    def __call__(self, what: str, *, new: bool) -> str: ...


def refuse_to_ask(what: str, *, new: bool) -> str:  # noqa: ARG001 - matches AskPassphrase
    """Raise SealedError, where nobody can be asked."""
    raise SealedError(f"{what} are sealed", hint="Give their passphrase")


class _Sealed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    sealed: Literal[1] = 1  # version of this format
    kdf: Literal["argon2id"] = "argon2id"
    ops: Annotated[int, Field(ge=1, le=_MOST_OPS)]
    mem_kib: Annotated[int, Field(ge=8, le=_MOST_MEM_KIB)]
    salt: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    box: Annotated[str, Field(pattern=r"^[0-9a-f]{144}$")]


class PrivateKeys:
    """Reads and writes key files; asks once for each folder and class.  `sealing`: classes whose new keys are sealed.
    New keys beside sealed ones of their class are always sealed."""

    def __init__(self, ask_passphrase: AskPassphrase = refuse_to_ask, sealing: Iterable[KeyClass] = ()) -> None:
        self._ask_passphrase = ask_passphrase
        self._sealing = frozenset(sealing)
        self._passphrases: dict[tuple[Path, KeyClass], bytes] = {}
        self._salts: dict[tuple[Path, KeyClass], bytes] = {}
        self._derived: dict[tuple[bytes, bytes, int, int], bytes] = {}

    def read(self, path: Path) -> bytes:
        """Return the secret.  Raises SealedError, and StoreError for a file that cannot be read or is no key."""
        content = _content(path)
        if not content.startswith("{"):
            return _plain(path, content)
        try:
            sealed = _Sealed.model_validate_json(content)
        except ValidationError as error:
            raise _no_key(path) from error
        passphrase = self._passphrase(path, new=False)
        key = self._derive(passphrase, bytes.fromhex(sealed.salt), sealed.ops, sealed.mem_kib)
        try:
            return SecretBox(key).decrypt(bytes.fromhex(sealed.box))
        except CryptoError:
            self._passphrases.pop((path.parent, class_of(path)), None)
            raise SealedError(f"the passphrase does not open {path}", hint="Give the one it was sealed with") from None

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
        salt = self._salts.setdefault((path.parent, class_of(path)), os.urandom(argon2id.SALTBYTES))
        box = SecretBox(self._derive(passphrase, salt, _OPS, _MEM_KIB)).encrypt(secret)
        sealed = _Sealed(ops=_OPS, mem_kib=_MEM_KIB, salt=salt.hex(), box=box.hex())
        files.write(path, json.dumps(sealed.model_dump()).encode() + b"\n", files.PRIVATE)

    def _sealed_beside(self, path: Path) -> Path | None:
        for other in sorted(path.parent.glob("*.key")):
            if other != path and class_of(other) is class_of(path) and is_sealed(other):
                return other
        return None

    def _passphrase(self, path: Path, *, new: bool) -> bytes:
        where = path.parent, class_of(path)
        if where not in self._passphrases:
            given = unicodedata.normalize("NFC", self._ask_passphrase(f"the {where[1]} keys in {path.parent}", new=new))
            if new and len(given) < SHORTEST_PASSPHRASE:
                what = f"a passphrase has {SHORTEST_PASSPHRASE} characters at least"
                raise SealedError(what, hint="Take several words that nobody would guess")
            self._passphrases[where] = given.encode()
        return self._passphrases[where]

    def _derive(self, passphrase: bytes, salt: bytes, ops: int, mem_kib: int) -> bytes:
        recipe = passphrase, salt, ops, mem_kib
        if recipe not in self._derived:
            self._derived[recipe] = argon2id.kdf(SecretBox.KEY_SIZE, passphrase, salt, ops, mem_kib * 1024)
        return self._derived[recipe]


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
