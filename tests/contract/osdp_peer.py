"""An OSDP door module in a process of its own, through libosdp, on the port that is named.

    python -m tests.contract.osdp_peer PORT ADDRESS [KEY]

With a key it insists on the secure channel; without one it knows none.  It says on standard output what
its relay does, one word a line: `ready`, `released`, `locked`.  It hears on standard input: `input N`,
`input -N`, `tamper`.
"""

import os
import sys
import threading
import time
from typing import Any

import osdp
from osdp import Capability, Channel, Command, Event, LibFlag, LogLevel, PDCapabilities, PdId, PDInfo, StatusReportType

IDENTITY = PdId(version=1, model=2, vendor_code=0x00A1B2C3, serial_number=0x01020304, firmware_version=0x00010203)
CUID = bytes.fromhex("C3B2 0200 04030201")
"""Its number in the secure channel, as libosdp makes it: two bytes of maker, two of model, the serial number."""


class Wire(Channel):  # type: ignore[misc]  # libosdp ships no types
    def __init__(self, port: str) -> None:
        super().__init__()
        self._file = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def read(self, max_bytes: int) -> bytes:
        try:
            return os.read(self._file, max_bytes)
        except BlockingIOError:
            return b""
        except OSError:
            os._exit(0)

    def write(self, buf: bytes) -> int:
        return os.write(self._file, bytes(buf))

    def flush(self) -> None:
        pass


class Module:
    """Relay 0, timed here, and eight inputs."""

    def __init__(self) -> None:
        self._until: float | None = None
        self._on = False
        self._turn = threading.Lock()

    def command(self, command: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
        if command["command"] != Command.Output or command["output_no"] != 0:
            return -1, None
        with self._turn:
            match command["control_code"]:
                case 5:  # on for a while, then off
                    self._until = time.monotonic() + command["timer_count"] / 10
                    self._switch(True)
                case 1:  # off, and forget the time
                    self._until = None
                    self._switch(False)
                case _:
                    return -1, None
        return 0, None

    def run(self) -> None:
        while True:
            time.sleep(0.01)
            with self._turn:
                if self._until is not None and time.monotonic() >= self._until:
                    self._until = None
                    self._switch(False)

    def _switch(self, on: bool) -> None:
        if on or on != self._on:
            say("released" if on else "locked")
        self._on = on


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main() -> None:
    port, address, *keys = sys.argv[1:]
    module = Module()
    capabilities = PDCapabilities(
        [
            (Capability.OutputControl, 1, 8),
            (Capability.ContactStatusMonitoring, 1, 8),
            (Capability.CommunicationSecurity, bool(keys), bool(keys)),
        ]
    )
    flags = [LibFlag.EnforceSecure] if keys else []
    info = PDInfo(int(address), Wire(port), scbk=bytes.fromhex(keys[0]) if keys else None, flags=flags, id=IDENTITY)
    device = osdp.PeripheralDevice(info, capabilities, log_level=LogLevel.Critical, command_handler=module.command)
    device.start()
    threading.Thread(target=module.run, daemon=True).start()
    say("ready")
    inputs = bytearray(8)
    for line in sys.stdin:
        match line.split():
            case ["input", number]:
                inputs[abs(int(number))] = not number.startswith("-")
                report = {"event": Event.Status, "type": StatusReportType.Input, "report": bytes(inputs)}
            case ["tamper", on]:
                report = {"event": Event.Status, "type": StatusReportType.Local, "report": bytes([int(on), 0])}
            case _:
                continue
        device.submit_event(report)
    os._exit(0)


if __name__ == "__main__":
    main()
