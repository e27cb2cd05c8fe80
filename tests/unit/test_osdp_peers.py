"""OSDP by two implementations: the module that the driver is tested against obeys another panel as well, and
every byte that the driver's panel says is what that other panel would have said."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from gate.core.model import Direction
from gate.testing.barrier_contract import until
from tests.contract.osdp_peer import CUID
from tests.contract.osdp_rig import ADDRESS, Module, OsdpRig, Wire
from tests.peers.running import Peer, answer, command

pytestmark = pytest.mark.slow

MASTER = bytes(range(0x10, 0x20))
Bus = Callable[[bool], tuple[Wire, Module, Peer]]


def base_key(master: bytes, cuid: bytes) -> bytes:
    """As OSDP derives a module's key from the master key and the module's own number."""
    encryptor = Cipher(algorithms.AES(master), modes.ECB()).encryptor()  # noqa: S305 - of one block
    return encryptor.update(cuid + bytes(byte ^ 0xFF for byte in cuid))


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    """A wire with the module at one end and the other implementation's panel at the other."""
    with ExitStack() as stack:

        def build(secure: bool) -> tuple[Wire, Module, Peer]:
            wire = Wire(tmp_path / "port")
            stack.callback(wire.cut)
            keys = (base_key(MASTER, CUID).hex(), MASTER.hex()) if secure else ()
            module = Module(wire.module_port, 5, *keys[:1])
            stack.callback(module.close)
            panel = Peer(*command("osdp_panel", str(tmp_path / "port"), "5", *keys[1:]))
            stack.callback(panel.close)
            return wire, module, panel

        yield build


async def test_the_plain_frames_are_as_documented(bus: Bus) -> None:
    wire, _, _ = bus(False)
    await until(lambda: len(wire.frames()) >= 4)
    assert wire.said.startswith(bytes.fromhex("FF 53 05 08 00 04 60 BC 89"))  # POLL
    assert wire.frames()[1] == ("<", bytes.fromhex("53 85 08 00 04 40 0E 8F"))  # ACK
    assert wire.frames()[2] == (">", bytes.fromhex("53 05 08 00 05 60 8D BA"))  # the next in sequence


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "secure"])
async def test_the_same_order_has_the_same_effect(bus: Bus, secure: bool) -> None:
    wire, module, panel = bus(secure)
    panel.tell("output 0 5 3")
    await panel.says("done")
    await until(lambda: module.words == ["ready", "released", "locked"])  # by itself, after 300 ms
    panel.tell("output 0 5 600")
    await panel.says("done", 2)
    panel.tell("output 0 1 0")
    await until(lambda: module.words[3:] == ["released", "locked"])
    panel.tell("output 7 5 3")
    await panel.says("refused")
    module.tell("input 2")
    await panel.says("inputs 2")
    order = bytes.fromhex("68 00 05 03 00")
    assert (order in wire.said) is not secure


async def test_every_byte_of_the_drivers_panel_is_what_another_would_say(tmp_path: Path) -> None:
    rig = OsdpRig(tmp_path)
    try:
        async with rig.open(0.7) as barrier:
            await barrier.release(Direction.ENTRY)
            await barrier.release(Direction.EXIT, extended=True)
            assert rig.wire is not None
            frames = [f"{way} {frame.hex()}" for way, frame in rig.wire.frames()]
    finally:
        rig.lose()
    said = answer("osdp_listener", str(ADDRESS), rig.key, lines=frames)
    assert said[:8] == [
        "> IdReport",
        "< PdIdReport",
        "> DeviceCapabilities",
        "< PdCapabilitiesReport",
        "> Challenge",
        "< CrypticData",
        "> Cryptogram",
        "< InitialRMac",
    ]
    orders = [line for line in said if line.startswith("> OutputControl")]
    assert orders == ["> OutputControl 0 1 0", "> OutputControl 0 5 7", "> OutputControl 0 5 21"]
    with pytest.raises(AssertionError, match="Invalid client cryptogram"):
        answer("osdp_listener", str(ADDRESS), "00" * 16, lines=frames)
