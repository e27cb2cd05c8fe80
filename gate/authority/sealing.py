"""Secrets sealed by a passphrase: a NaCl secretbox under a key that Argon2id derives from it.

An attacker who has what is sealed must try passphrases, at 64 MiB and some 0.2 s each.
"""

import os
import unicodedata
from typing import Annotated, Literal, Protocol

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox
from pydantic import BaseModel, Field

from gate.errors import UsageError

SHORTEST_PASSPHRASE = 12  # characters

# RFC 9106, section 4, the second recommended option, as near as libsodium comes to it (one lane).
_OPS = 3
_MEM_KIB = 64 * 1024
_MOST_OPS = 10
_MOST_MEM_KIB = 256 * 1024  # a manipulated file must not exhaust the memory


class SealedError(UsageError):
    """Error for something sealed that the given passphrase does not open."""

    exit_code = 1


class AskPassphrase(Protocol):
    """A function that returns the passphrase of `what`.  A `new` one must be confirmed.  Raises SealedError."""

    def __call__(self, what: str, *, new: bool) -> str: ...


class KeyRecipe(BaseModel):
    """How a key is derived from a passphrase."""

    kdf: Literal["argon2id"] = "argon2id"
    ops: Annotated[int, Field(ge=1, le=_MOST_OPS)] = _OPS
    mem_kib: Annotated[int, Field(ge=8, le=_MOST_MEM_KIB)] = _MEM_KIB
    salt: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


def new_salt() -> str:
    return os.urandom(argon2id.SALTBYTES).hex()


def passphrase_bytes(given: str, *, new: bool) -> bytes:
    """Return the bytes of a passphrase, however it was typed.  Raises SealedError for a `new` one that is too
    short."""
    given = unicodedata.normalize("NFC", given)
    if new and len(given) < SHORTEST_PASSPHRASE:
        what = f"a passphrase has {SHORTEST_PASSPHRASE} characters at least"
        raise SealedError(what, hint="Take several words that nobody would guess")
    return given.encode()


def derive(passphrase: bytes, recipe: KeyRecipe) -> bytes:
    """Derive the key.  Takes 0.2 s."""
    salt = bytes.fromhex(recipe.salt)
    return argon2id.kdf(SecretBox.KEY_SIZE, passphrase, salt, recipe.ops, recipe.mem_kib * 1024)


def seal(key: bytes, secret: bytes) -> bytes:
    """Return nonce, ciphertext and tag of a secret."""
    return bytes(SecretBox(key).encrypt(secret))


def unseal(key: bytes, box: bytes) -> bytes | None:
    """Return the secret; None when the key does not open the box."""
    try:
        return SecretBox(key).decrypt(box)
    except CryptoError:
        return None
