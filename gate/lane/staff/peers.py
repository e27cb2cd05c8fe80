"""The account at the other end of a control socket, by the kernel's credentials."""

import asyncio
import os
import pwd
import socket
import struct
from dataclasses import dataclass

DESK_ACCOUNT = "gate-desk"
"""The account of the process that serves pages to staff.  It orders for its users only."""

_UCRED = struct.Struct("3i")  # pid, uid, gid: struct ucred of the kernel


@dataclass(frozen=True, slots=True)
class Peer:
    """A client's account.  `name`: for the journal; `is_desk`: it must name a user with each request."""

    name: str
    is_desk: bool


def uid_of(connection: socket.socket) -> int:
    """Return the user id of the client process."""
    _, uid, _ = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return int(uid)


async def peer_of(uid: int) -> Peer:
    """Return the account.  One whose name cannot be found counts as the desk's, unless it is root or the lane's own
    account: the operating system lets those do all."""
    try:
        return await asyncio.to_thread(_peer, uid)
    except RuntimeError:  # no thread is left: the order matters more than the account's name
        return Peer(f"uid {uid}", uid not in (0, os.geteuid()))


def _peer(uid: int) -> Peer:
    """Return the account.  May block, where accounts come from a network."""
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:  # an account without a name is not the desk's
        return Peer(f"uid {uid}", False)
    except OSError:
        return Peer(f"uid {uid}", uid not in (0, os.geteuid()))
    return Peer(f"uid {uid} {name}", name == DESK_ACCOUNT)
