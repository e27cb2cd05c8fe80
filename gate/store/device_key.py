"""The device's own Ed25519 key: signs journal checkpoints.  Generated on the device, never leaves it."""

import os
from contextlib import suppress
from pathlib import Path

from nacl.signing import SigningKey, VerifyKey

from gate.errors import DamagedError
from gate.logs import Log
from gate.store import journal_end
from gate.store.database import unusable
from gate.store.durable import (
    PRIVATE,
    keep_private,
    make_directory,
    put_in_place,
    read_regular,
    sync_folder,
    write_whole,
)

NAME = "device.key"
PUBLIC = "device.pub"  # for the sync, which may not read the key itself
_SEED_BYTES = 32
_MOST = 4096  # bytes that are read of either file
_NO_KEY = "`gate run` sets it aside, makes a new one and locks the entrance down until staff confirm"
_MOST_ASIDE = 9  # damaged keys that are kept

log = Log(part="store")


def load_or_make(state_dir: Path) -> SigningKey:
    """Load the key, or generate it.  Raises StoreError when the file cannot be read or written, DamagedError when it
    holds no key."""
    path = state_dir / NAME
    try:
        if not path.exists():
            _make(path)
        keep_private(path)
        seed = bytes.fromhex((read_regular(path, _MOST) or b"").decode().strip())
    except OSError as error:
        raise unusable(path, error) from error
    except ValueError as error:
        raise DamagedError(f"{path} is not a device key", hint=_NO_KEY) from error
    if len(seed) != _SEED_BYTES:
        raise DamagedError(f"{path} is not a device key", hint=_NO_KEY)
    key = SigningKey(seed)
    _publish(state_dir / PUBLIC, bytes(key.verify_key).hex())
    return key


def load_or_replace(state_dir: Path) -> SigningKey:
    """Load the key as `load_or_make` does; set a damaged one aside and generate another.  What the old one sealed is
    then lost.  Raises StoreError."""
    for _ in range(2):  # a failed read may look like damage, too
        with suppress(DamagedError):
            return load_or_make(state_dir)
    path = state_dir / NAME
    names = (path.with_name(f"{NAME}.damaged-{number}") for number in range(1, _MOST_ASIDE))
    aside = next((name for name in names if not os.path.lexists(name)), path.with_name(f"{NAME}.damaged-{_MOST_ASIDE}"))
    try:
        path.replace(aside)
        sync_folder(state_dir)
    except OSError as error:
        raise unusable(path, error) from error
    log.error("the device key was damaged, and another is made", kept=aside.name)
    return load_or_make(state_dir)


def load_public(state_dir: Path) -> VerifyKey:
    """Load the public half, for a process that may not read the key; it is written if it is missing.  Raises
    StoreError."""
    path = state_dir / PUBLIC
    try:
        return VerifyKey(bytes.fromhex((read_regular(path, _MOST) or b"").decode().strip()))
    except (OSError, ValueError, TypeError):  # missing or damaged: it is derived from the key
        return load_or_make(state_dir).verify_key


def _publish(path: Path, text: str) -> None:
    content = text.encode() + b"\n"
    with suppress(OSError):  # a full disk must not keep the key from signing; the next start writes it
        if not path.exists() or read_regular(path, _MOST) != content:
            write_whole(path, content, 0o644)


def load(state_dir: Path) -> SigningKey | None:
    """Load the key; None when the device has none yet."""
    return load_or_make(state_dir) if (state_dir / NAME).exists() else None


def _make(path: Path) -> None:
    """Write the key, whole or not at all, readable by the owner only.  From then on a missing lane.db is a loss."""
    make_directory(path.parent)
    staged = path.with_suffix(".new")
    resumed = _staged(staged)
    key = resumed or _write(staged)
    # Another end is that of an earlier key, so that what is lost includes that key.
    if not (path.parent / journal_end.NAME).exists() or (resumed and journal_end.is_blank(path.parent)):
        journal_end.make_first(path.parent, key)
    put_in_place(staged, path)


def _staged(staged: Path) -> SigningKey | None:
    """Return the key that a crash left under its staged name: the end of the journal may be sealed with it."""
    try:
        return SigningKey(bytes.fromhex((read_regular(staged, _MOST) or b"").decode().strip()))
    except (OSError, ValueError):
        staged.unlink(missing_ok=True)
        return None


def _write(staged: Path) -> SigningKey:
    seed = os.urandom(_SEED_BYTES)
    write_whole(staged, seed.hex().encode() + b"\n", PRIVATE)
    return SigningKey(seed)
