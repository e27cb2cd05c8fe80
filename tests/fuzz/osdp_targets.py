"""What an OSDP module says, through libosdp on both ends, with one answer in place of another."""

import io
import threading
from contextlib import redirect_stdout, suppress
from unittest.mock import patch

import osdp

from drivers.barriers import osdp_panel
from drivers.barriers.osdp import OsdpConfig, _OsdpSwitch
from gate.core.model import Direction
from gate.errors import DeviceError
from tests.fuzz.fakes import Clock, Port, own_time
from tests.fuzz.target import Target, pieces

_KEY = bytes(range(16))
_AT_ONCE = 25  # turns of the line, in which the secure channel is made and an order acknowledged
_OSDP = OsdpConfig.model_validate(
    {
        "driver": "osdp",
        "port": "/dev/ttyUSB0",
        "address": 5,
        "key_file": "/nonexistent",
        "pulse": "500ms",
        "entry_input": 0,
        "door_input": 7,
        "rex_input": 63,
    }
)


class _Module(osdp.Channel):  # type: ignore[misc]  # libosdp ships no types
    """A module of libosdp's own on the other end, whose Nth answer becomes another."""

    def __init__(self, number: int, answer: bytes) -> None:
        super().__init__()
        self._to_module = self._to_panel = b""
        self._left, self._answer = number, answer
        info = osdp.PDInfo(
            5,
            self,
            scbk=_KEY,
            flags=[osdp.LibFlag.EnforceSecure],
            id=osdp.PdId(version=1, model=2, vendor_code=3, serial_number=4, firmware_version=5),
        )
        able = [
            (osdp.Capability.OutputControl, 1, 8),
            (osdp.Capability.ContactStatusMonitoring, 1, 8),
            (osdp.Capability.CommunicationSecurity, 1, 1),
        ]
        self._module = osdp.PeripheralDevice(
            info,
            osdp.PDCapabilities(able),
            log_level=osdp.LogLevel.Emergency,
            command_handler=lambda _: (0, None),
        )

    def read(self, _: int) -> bytes:
        given, self._to_module = self._to_module, b""
        return given

    def write(self, data: bytes) -> int:
        self._to_panel += self._answer if self._left == 0 else bytes(data)
        self._left -= 1
        return len(data)

    def flush(self) -> None:
        pass

    def turn(self) -> None:
        self._module.ctx.refresh()

    def end(self) -> None:
        """libosdp keeps every channel, and would keep the module with it."""
        self._module.ctx = None
        del self._module

    def hear(self, data: bytes) -> None:
        self._to_module += data

    def say(self) -> bytes:
        given, self._to_panel = self._to_panel, b""
        return given


class _Thread:
    """Of the panel: it never starts, since the target runs what it would run."""

    def __init__(self, **_: object) -> None:
        pass

    def start(self) -> None:
        pass

    def join(self, timeout: float) -> None:
        pass


def _osdp(data: bytes) -> None:
    """The first byte says which answer of the module is another; its highest bit, that this one is a whole frame
    already, and not what a frame holds."""
    kind, answer = data[0] if data else 0, data[1:]
    module = _Module(kind & 0x0F, answer if kind & 0x80 else _osdp_frame(answer))
    port = Port([])
    said = io.StringIO()
    with (
        own_time(osdp_panel) as clock,
        patch.object(osdp_panel, "SerialPort", lambda *_: port),
        patch.object(threading, "Thread", _Thread),
        patch.object(port, "read", module.say),
        patch.object(port, "write", module.hear),
        redirect_stdout(said),
    ):
        switch = _OsdpSwitch(_OSDP)
        panel = switch.connect(_KEY)
        _turn_by_turn(clock, module, panel)
        for on in (True, False):
            switch.on(Direction.ENTRY) if on else switch.off()
            panel._run()
            with suppress(DeviceError):
                switch.check()
            switch.sensed()
        assert all(not queue.qsize() for queue in panel._panel.event_queue if hasattr(queue, "qsize"))
        panel.close()
    module.end()
    assert not said.getvalue(), said.getvalue()  # libosdp prints what a callback raises


def _turn_by_turn(clock: Clock, module: _Module, panel: osdp_panel.Panel) -> None:
    """The panel's pauses are the module's turns, and its run ends after some."""
    turns = 0

    def sleep(seconds: float) -> None:
        nonlocal turns
        clock.now += seconds
        module.turn()
        turns += 1
        panel._ending.set() if turns % _AT_ONCE == 0 else panel._ending.clear()

    clock.sleep = sleep  # type: ignore[method-assign]  # in this clock only


def _osdp_frame(payload: bytes) -> bytes:
    """What a module with address 5 sends: length and check sum are right.  The first byte is its control byte."""
    body = bytes([0x53, 0x85]) + (len(payload) + 6).to_bytes(2, "little") + payload
    crc = 0x1D0F
    for byte in body:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return body + crc.to_bytes(2, "little")


def _osdp_answers() -> list[bytes]:
    answers = [
        (0, "04 45 030000 0201 04000000 000005"),  # what it is
        (1, "05 46 010108 020108 080100 090100 0A0001 100200"),  # what it can
        (2, "0E 03 12 01 76 0300020004000000 478D7AA05D83F3EA 7272 46CBDD9235FEEEA827 0B98343C"),  # cryptogram
        (3, "0F 03 14 01 78 B29AEE4BE987F2829C9C90233F391769"),
        (0, "04 40"),  # acknowledged
        (0, "04 41 03"),  # refused
        (0, "04 48 01 00"),  # tamper, power
        (0, "04 49 0001000000000000"),  # inputs
        (0, "04 4A 01"),  # outputs
        (0, "04 50 00 00 1A00 AABBCCDD"),  # card
        (0, "04 53 00 04 31323334"),  # keys
        (0, "04 90 112233 01 02 03"),  # the maker's own
        (4, "0C 02 16 40 01020304"),  # inside the channel
        (5, "0D 02 18 49 01020304"),
    ]
    made = [bytes([number]) + bytes.fromhex(answer) for number, answer in answers]
    return [*made, *(bytes([one[0] | 0x80]) + _osdp_frame(one[1:]) for one in made[:4])]


def _osdp_report(data: bytes) -> None:
    """What a module with the right key reports, on and on: levels change, and nothing else does."""
    switch = _OsdpSwitch(_OSDP)
    for piece in pieces(data):
        switch._reports.put((piece[0] if piece else 0, piece[1:]))
    levels = switch.sensed()
    assert all(isinstance(level.active, bool) for level in levels)


OSDP = {
    "osdp": Target(_osdp, DeviceError, _osdp_answers),
    "osdp_report": Target(_osdp_report, None, lambda: [b"\x02\x01\x00", b"\x00\x01" + bytes(70), b"\x01\x00\x00"]),
}
