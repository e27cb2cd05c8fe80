"""What somebody with the online keys of an authority could publish."""

from collections.abc import Callable
from typing import Any

from tuf.api.metadata import Metadata

from gate.authority.roles import SigningRole, signers
from tests.sync.world import World


def resign(world: World, change: Callable[[Any], object], role: SigningRole = SigningRole.STATUS) -> None:
    """Change the metadata of `role` as it is published, and sign it as the authority would."""
    path = max((world.public / "metadata").glob(f"*.{role}.json"), key=lambda path: int(path.name.split(".")[0]))
    signed = Metadata[Any].from_bytes(path.read_bytes())
    change(signed.signed)
    keyids = list(signed.signatures)
    signed.signatures.clear()
    for signer in signers(role, keyids, 1, [world.authority.path / "private"]):
        signed.sign(signer, append=True)
    path.write_bytes(signed.to_bytes())
