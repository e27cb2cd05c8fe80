"""A file sealed by a passphrase (`gate.authority.sealing`): a line of JSON with the recipe of its key, and the box.

{"gate_backup": 1, "kdf": "argon2id", "ops": 3, "mem_kib": 65536, "salt": "...", "size": N, "digest": "..."}
"""

from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from gate.authority.sealing import KeyRecipe, SealedError, derive, new_salt, passphrase_bytes, seal, unseal
from gate.errors import StoreError
from gate.store.durable import PRIVATE, read_regular, write_whole

FORM = 1
MOST = 64 << 20  # bytes of a file: a backup of a busy lane has 4 MB
_LONGEST_HEADER = 4096  # bytes


class _Header(KeyRecipe):
    gate_backup: Annotated[int, Field(ge=1)] = FORM
    size: Annotated[int, Field(ge=1)]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]  # of the box: a wrong passphrase is not damage


def write_sealed(path: Path, content: bytes, passphrase: str) -> None:
    """Write a new file, readable by its owner alone.  Raises SealedError for a passphrase that is too short, StoreError
    for a file that exists or a disk that refuses."""
    check_free(path)
    recipe = KeyRecipe(salt=new_salt())
    box = seal(derive(passphrase_bytes(passphrase, new=True), recipe), content)
    if len(box) > MOST:
        raise StoreError(
            f"this is too much for one file ({len(box) >> 20} MiB)", hint="Remove what does not belong there"
        )
    header = _Header(**recipe.model_dump(), size=len(box), digest=_digest(box))
    try:
        write_whole(path, header.model_dump_json().encode() + b"\n" + box, PRIVATE)
    except OSError as error:
        hint = "Choose a folder that you may write, with free space"
        raise StoreError(f"{path} cannot be written ({error.strerror})", hint=hint) from error


def check_free(path: Path) -> None:
    """Check that there is no such file yet: the last backup is not written over.  Raises StoreError."""
    if path.exists():
        raise StoreError(f"{path} exists", hint="Choose another name, or remove it first")


def read_sealed(path: Path, ask: Callable[[], str]) -> bytes:
    """Return the content of a file, whole and authentic; the passphrase is asked for only where the file is whole.
    Raises StoreError for a file that is no backup, damaged or of a newer release, SealedError for a wrong
    passphrase."""
    header, box = _parsed(path)
    content = unseal(derive(passphrase_bytes(ask(), new=False), header), box)
    if content is None:
        raise SealedError(f"the passphrase does not open {path}", hint="Give the one it was sealed with")
    return content


def _parsed(path: Path) -> tuple[_Header, bytes]:
    try:
        raw = read_regular(path, MOST + _LONGEST_HEADER + 1)
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror})", hint="Name a file that you may read") from error
    line, _, box = (raw or b"").partition(b"\n")
    try:
        header = _Header.model_validate_json(line[:_LONGEST_HEADER])
    except ValidationError:
        raise StoreError(f"{path} is not a backup of a gate", hint="Name one that `gate backup` wrote") from None
    if header.gate_backup > FORM:
        raise StoreError(f"{path} was written by a newer release of the gate", hint="Restore it with that release")
    if header.size > MOST or len(box) > MOST:
        raise StoreError(f"{path} is too large to be a backup", hint="Take another copy of it")
    if len(box) != header.size or _digest(box) != header.digest:
        raise StoreError(f"{path} is damaged: {_damage(header, box)}", hint="Take another copy of it")
    return header, box


def _damage(header: _Header, box: bytes) -> str:
    return f"{len(box)} bytes instead of {header.size}" if len(box) != header.size else "its bytes have changed"


def _digest(box: bytes) -> str:
    return blake2b(box, digest_size=32).hexdigest()
