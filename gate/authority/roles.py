"""The signing roles of The Update Framework, and the places of their keys.

    root       names the keys of the other roles              offline
    targets    signs trust.json and rules.json, and           offline
               delegates status/ and subjects/ to:
    status     the status list                                online: signs at every publication
    subjects   the subject index                              online
    snapshot   which versions belong together                 online
    timestamp  which snapshot is the newest                   online

Offline keys are needed only to change root, trust list or rules, so they may be kept on a separate medium
in a drawer.  A key is a file `tuf-<role>-<n>.key`, mode 0600, in the format of gate.authority.private_keys.
"""

import os
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner, Key

from gate.authority.private_keys import SECRET_BYTES, PrivateKeys
from gate.errors import UsageError


class SigningRole(StrEnum):
    ROOT = "root"
    TARGETS = "targets"
    STATUS = "status"
    SUBJECTS = "subjects"
    SNAPSHOT = "snapshot"
    TIMESTAMP = "timestamp"


OFFLINE = (SigningRole.ROOT, SigningRole.TARGETS)
DELEGATED = (SigningRole.STATUS, SigningRole.SUBJECTS)


def make_keys(folder: Path, role: SigningRole, count: int, private: PrivateKeys) -> list[Key]:
    """Make keys beside the existing ones; return their public halves.  Raises StoreError, SealedError."""
    taken = [int(path.stem.rpartition("-")[2]) for path in folder.glob(f"tuf-{role}-*.key")]
    first = max(taken, default=0) + 1
    made: list[Key] = []
    for number in range(first, first + count):
        seed = os.urandom(SECRET_BYTES)
        private.write(folder / f"tuf-{role}-{number}.key", seed)
        made.append(_signer(seed).public_key)
    return made


def signers(
    role: SigningRole, keyids: list[str], threshold: int, folders: list[Path], private: PrivateKeys | None = None
) -> list[CryptoSigner]:
    """Return the signers of a role, from any of the folders.  Raises UsageError when fewer than `threshold` are here,
    or when they are sealed and cannot be opened."""
    private = private or PrivateKeys()
    found: dict[str, CryptoSigner] = {}
    for folder in folders:
        for path in sorted(folder.glob(f"tuf-{role}-*.key")):
            signer = _signer(private.read(path))
            if signer.public_key.keyid in keyids:
                found[signer.public_key.keyid] = signer
    if len(found) < threshold:
        places = " or ".join(str(folder) for folder in folders)
        raise UsageError(
            f"{threshold} of the {role} keys must sign, and {len(found)} lie in {places}",
            hint=f"Bring the medium with tuf-{role}-*.key and name its folder with --keys",
        )
    return list(found.values())


def _signer(seed: bytes) -> CryptoSigner:
    return CryptoSigner(Ed25519PrivateKey.from_private_bytes(seed))
