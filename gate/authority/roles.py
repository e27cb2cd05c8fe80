"""Who signs what is published: the roles of The Update Framework, and where their keys lie.

    root       says which keys the other roles have            offline
    targets    vouches for trust.json and rules.json, and      offline
               hands status/ and subjects/ on to:
    status     the status list                                 online: signs at every publication
    subjects   the subject index                               online
    snapshot   which versions belong together                  online
    timestamp  that this is the newest                         online

Offline keys are needed only to change root, trust list or rules: they may live on a medium of their own
in a drawer.  A key is a file `tuf-<role>-<n>.key`, 64 hex digits, mode 0600.
"""

import os
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner, Key

from gate.authority import files
from gate.errors import StoreError, UsageError

SEED_BYTES = 32


class Role(StrEnum):
    ROOT = "root"
    TARGETS = "targets"
    STATUS = "status"
    SUBJECTS = "subjects"
    SNAPSHOT = "snapshot"
    TIMESTAMP = "timestamp"


OFFLINE = (Role.ROOT, Role.TARGETS)
DELEGATED = (Role.STATUS, Role.SUBJECTS)


def make_keys(folder: Path, role: Role, count: int) -> list[Key]:
    """New keys beside those that are there; gives their public halves.  Raises StoreError."""
    taken = [int(path.stem.rpartition("-")[2]) for path in folder.glob(f"tuf-{role}-*.key")]
    first = max(taken, default=0) + 1
    made: list[Key] = []
    for number in range(first, first + count):
        seed = os.urandom(SEED_BYTES)
        files.write(folder / f"tuf-{role}-{number}.key", seed.hex().encode() + b"\n", files.PRIVATE)
        made.append(_signer(seed).public_key)
    return made


def signers(role: Role, keyids: list[str], threshold: int, folders: list[Path]) -> list[CryptoSigner]:
    """The keys of a role, wherever they lie.  Raises UsageError when fewer than `threshold` are here."""
    found: dict[str, CryptoSigner] = {}
    for folder in folders:
        for path in sorted(folder.glob(f"tuf-{role}-*.key")):
            signer = _load(path)
            if signer.public_key.keyid in keyids:
                found[signer.public_key.keyid] = signer
    if len(found) < threshold:
        places = " or ".join(str(folder) for folder in folders)
        raise UsageError(
            f"{threshold} of the {role} keys must sign, and {len(found)} lie in {places}",
            hint=f"Bring the medium with tuf-{role}-*.key and name its folder with --keys",
        )
    return list(found.values())


def _load(path: Path) -> CryptoSigner:
    try:
        seed = bytes.fromhex(path.read_text("ascii"))
    except (OSError, ValueError) as error:
        raise StoreError(f"cannot read the private key {path}", hint="Put it back from a backup") from error
    if len(seed) != SEED_BYTES:
        raise StoreError(f"{path} is not a key", hint="Put it back from a backup")
    return _signer(seed)


def _signer(seed: bytes) -> CryptoSigner:
    return CryptoSigner(Ed25519PrivateKey.from_private_bytes(seed))
