"""The device's own Ed25519 key: signs journal checkpoints.  Made on the device, never leaves it."""

import os
from pathlib import Path

from nacl.signing import SigningKey

from gate.errors import StoreError

NAME = "device.key"
_SEED_BYTES = 32


def load_or_make(state_dir: Path) -> SigningKey:
    """Raises StoreError when the file cannot be read, made, or is not a key."""
    path = state_dir / NAME
    try:
        if not path.exists():
            _write(path, os.urandom(_SEED_BYTES).hex())
        seed = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{path}: {error}", hint="Check its owner and rights, or move it aside to make a new key"
        ) from error
    if len(seed) != _SEED_BYTES:
        raise StoreError(f"{path} is not a device key", hint="Move it aside; a new key is made at the next start")
    return SigningKey(seed)


def load(state_dir: Path) -> SigningKey | None:
    """None when the device has no key yet."""
    return load_or_make(state_dir) if (state_dir / NAME).exists() else None


def _write(path: Path, text: str) -> None:
    """Whole or not at all, readable by the owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_suffix(".new")
    staged.unlink(missing_ok=True)
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, text.encode() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    staged.replace(path)
