"""The OSDP driver, a wire of two pseudo-terminals, and a door module in another process."""

import os
import pty
import select
import sys
import threading
import time
import tty
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, ExitStack
from pathlib import Path
from unittest.mock import patch

from drivers.barriers import osdp_panel
from drivers.barriers.osdp import DRIVER
from gate.core.model import Direction
from gate.ports.abilities import Abilities
from gate.ports.barrier import Barrier
from gate.testing.barrier_contract import BarrierRig
from tests.peers.running import Peer

ADDRESS = 101
SOM = 0x53


class Wire:
    """RS-485: what one end says the other hears, and `talk` keeps it: ">" the panel's bytes, "<" the module's."""

    def __init__(self, port: Path) -> None:
        self.talk: list[tuple[str, bytes]] = []
        self._ends = [pty.openpty() for _ in range(2)]
        for _, theirs in self._ends:
            tty.setraw(theirs)
        self._port = port
        port.unlink(missing_ok=True)
        port.symlink_to(os.ttyname(self._ends[0][1]))
        self.module_port = os.ttyname(self._ends[1][1])
        self._stop, self._stopping = os.pipe()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    @property
    def said(self) -> bytes:
        """What the panel said."""
        return b"".join(data for way, data in list(self.talk) if way == ">")

    def frames(self) -> list[tuple[str, bytes]]:
        """Whole frames, SOM to check sum, in the order in which they ended, without the marks before them.  One that
        is said again because no answer came in time counts once."""
        found: list[tuple[str, bytes]] = []
        rest, last = {">": b"", "<": b""}, {">": b"", "<": b""}
        for way, data in list(self.talk):
            held = rest[way] + data
            while len(held := held.lstrip(b"\xff")) >= 4 and len(held) >= (size := int.from_bytes(held[2:4], "little")):
                assert held[0] == SOM, held.hex(" ")
                if held[:size] != last[way]:
                    found.append((way, held[:size]))
                last[way], held = held[:size], held[size:]
            rest[way] = held
        return found

    def cut(self) -> None:
        os.write(self._stopping, b"x")
        self._thread.join()
        self._port.unlink(missing_ok=True)
        for descriptor in (self._stop, self._stopping, *(one for end in self._ends for one in end)):
            os.close(descriptor)

    def _carry(self) -> None:
        ours = [end[0] for end in self._ends]
        while True:
            ready, _, _ = select.select([*ours, self._stop], [], [])
            if self._stop in ready:
                return
            for one in ready:
                data = os.read(one, 512)
                self.talk.append((">" if one == ours[0] else "<", data))
                os.write(ours[1 - ours.index(one)], data)


class Module(Peer):
    """`python -m tests.contract.osdp_peer`, and what it says.  Without a key it is a plain one."""

    def __init__(self, port: str, address: int, *key: str) -> None:
        super().__init__(sys.executable, "-m", "tests.contract.osdp_peer", port, str(address), *key)
        limit = time.monotonic() + 20
        while "ready" not in self.words:
            assert time.monotonic() < limit, "the module did not start"
            time.sleep(0.01)


class OsdpRig:
    def __init__(self, folder: Path) -> None:
        self.key = os.urandom(16).hex()
        (folder / "key").write_text(f"{self.key}\n")
        self._port = folder / "port"
        settings = {
            "driver": "osdp",
            "port": str(self._port),
            "address": ADDRESS,
            "key_file": str(folder / "key"),
            "pulse": "1s",
            "entry_input": 2,
            "exit_input": 3,
            "door_input": 4,
        }
        self.config = DRIVER.config.model_validate(settings)
        self.wire: Wire | None = None
        self.module: Module | None = None
        self.restore()

    def open(self, pulse: float) -> AbstractAsyncContextManager[Barrier]:
        return DRIVER.open(self.config.model_copy(update={"pulse": pulse, "extended_pulse": 3 * pulse}))

    def locked(self) -> bool:
        assert self.module is not None
        return [word for word in self.module.words if word != "ready"][-1:] in ([], ["locked"])

    def releases(self) -> int:
        assert self.module is not None
        return self.module.words.count("released")

    def lose(self) -> None:
        """The adapter is unplugged."""
        self.lose_module()
        if self.wire is not None:
            self.wire.cut()
            self.wire = None

    def lose_module(self) -> None:
        """The module has no power; the wire is as it was."""
        if self.module is not None:
            self.words = self.module.words
            self.module.close()
            self.module.words.append("locked")  # without current

    def restore(self) -> None:
        if self.wire is None:
            self.wire = Wire(self._port)
        self.module = Module(self.wire.module_port, ADDRESS, self.key)

    def abilities(self) -> Abilities:
        return DRIVER.abilities(self.config)

    def pass_through(self, direction: Direction) -> None:
        assert self.module is not None
        number = 2 if direction is Direction.ENTRY else 3
        self.module.tell(f"input {number}")
        time.sleep(0.1)
        self.module.tell(f"input -{number}")


def osdp_rig(stack: ExitStack, folder: Path) -> BarrierRig:
    """On a busy machine the module, an interpreter of its own, may be asleep for longer than a real one."""
    for name, seconds in (("_DONE_WITHIN", 6.0), ("_SILENT_FOR", 3.0)):
        stack.enter_context(patch.object(osdp_panel, name, seconds))
    rig = OsdpRig(folder)
    stack.callback(rig.lose)
    return rig


OSDP_RIGS: dict[str, Callable[[ExitStack, Path], BarrierRig]] = {"osdp": osdp_rig}
