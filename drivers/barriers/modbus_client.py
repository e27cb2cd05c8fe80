"""A Modbus RTU line through pymodbus, from one thread; every error in one line, every echo compared.

Modbus RTU has no authentication: keep the bus inside the enclosure.

Facts it rests on (pymodbus 3.16): silence raises ModbusIOException, and a refusal comes back as an object whose
`isError()` is true.  The library compares nothing of an answer: neither its function, nor the echo of a coil's value or
of a register.  A coil's value other than on and off, which boards use to time a pulse, needs a request class of its
own.  The library waits for an answer by the wall clock: a clock set back by an hour in mid-wait would delay an order to
lock by an hour.  Therefore `recv` is our own.
"""

import struct
import time
from typing import Any, Protocol

from drivers._shared.serial_port import SerialPort
from gate.errors import DeviceError, in_words
from gate.ports.driver import to_install

_ANSWERS_WITHIN = 0.3  # seconds; a board answers in 10 to 50 ms
_RETRIES = 1
_KNOWN_BY = {b"\x01": 4, b"\x03": 4, b"\x10": 8}
"""Function -> bytes that distinguish its request from an answer.  The answer to a reading counts its data in the third
byte; that to a writing of several registers ends where they would begin.  One coil or register is answered by its own
request."""

_PAUSE = 0.004  # seconds without a byte after which an answer is taken to be whole: four of them at 9600 baud


class ModbusBus(Protocol):
    """The part of a bus that the boards need.  Every method blocks, and raises DeviceError."""

    def write_coil_value(self, address: int, value: int) -> None: ...

    def read_coils(self, address: int, count: int) -> list[bool]: ...

    def write_registers(self, address: int, *values: int) -> None: ...

    def read_registers(self, address: int, count: int) -> list[int]: ...

    def close(self) -> None: ...


class _Exchange:
    """A question with its tries, and the evidence that the adapter echoes what it sends."""

    def __init__(self) -> None:
        self.sent = b""
        self.echoes = False
        self._tries = 0
        self._is_quiet = True  # no answer to an earlier question can be on its way

    def begin(self) -> None:
        self._tries = 0

    def end(self, *, answered: bool) -> None:
        self._is_quiet = answered and self._tries == 1

    def send(self, request: bytes) -> None:
        self.sent = request
        self._tries += 1

    def receive(self, data: bytes) -> None:
        known = _KNOWN_BY.get(self.sent[1:2], len(self.sent) + 1)
        if self._is_quiet and self._tries == 1:  # else two late answers look like an echo and its answer
            self.echoes |= len(data) >= known and self.sent.startswith(data[: len(self.sent)])


class ModbusClient:
    """A client of one device.  `unit`: its address on the bus."""

    def __init__(self, port: str, baud: int, unit: int) -> None:
        """Open the port.  Raises DeviceError."""
        try:
            from pymodbus.client import ModbusSerialClient
            from pymodbus.exceptions import ConnectionException, ModbusException
            from pymodbus.pdu.bit_message import WriteSingleCoilResponse
        except ImportError as error:
            raise DeviceError(
                "Modbus: the Python package pymodbus is not installed",
                hint=to_install("pymodbus", "modbus"),
            ) from error

        class CoilValue(WriteSingleCoilResponse):
            """A single coil with any value, as request and as echo."""

            value = 0

            def encode(self) -> bytes:
                return struct.pack(">HH", self.address, self.value)

            def decode(self, data: bytes) -> None:
                self.address, self.value = struct.unpack(">HH", data[:4])

        class Client(ModbusSerialClient):
            exchange: _Exchange

            def send(self, request: bytes, addr: tuple[str, int] | None = None) -> int:
                self.exchange.send(bytes(request))
                return int(super().send(request, addr))

            def recv(self, _size: int | None) -> bytes:  # the library asks for the bytes that are there
                data = self._receive()
                self.exchange.receive(data)
                return data

            def _receive(self) -> bytes:
                port: Any = self.socket
                waiting, limit = 0, time.monotonic() + _ANSWERS_WITHIN
                try:
                    while time.monotonic() < limit:
                        before, waiting = waiting, port.in_waiting
                        if 0 < waiting == before:
                            break
                        time.sleep(_PAUSE)
                    return bytes(port.read(waiting))
                except (OSError, AttributeError) as error:  # unplugged; closed
                    self.close()  # type: ignore[no-untyped-call]  # pymodbus does not annotate it
                    raise ConnectionException(str(self)) from error

        self._port, self._unit = port, unit
        self._coil_value, self._error = CoilValue, ModbusException
        self._client: Any = Client(port, baudrate=baud, timeout=_ANSWERS_WITHIN, retries=_RETRIES)
        self._client.exchange = _Exchange()
        self._client.register(CoilValue)
        if not self._client.connect():  # the library drops the reason; a second opening raises it
            SerialPort(port, baud).close()
            raise DeviceError(f"Modbus: serial port {port} could not be opened", hint="It is tried again")

    def write_coil_value(self, address: int, value: int) -> None:
        request = self._coil_value(address=address, dev_id=self._unit)
        request.value = value
        echo = self._transact(lambda: self._client.execute(False, request))
        echoed = (echo.address, echo.value)
        if echoed != (address, value):
            raise self._wrong(f"echoes {echoed[0]:04X} {echoed[1]:04X} instead of {address:04X} {value:04X}")

    def read_coils(self, address: int, count: int) -> list[bool]:
        answer = self._transact(lambda: self._client.read_coils(address, count=count, device_id=self._unit))
        if len(answer.bits) < count:
            raise self._wrong(f"answers {len(answer.bits)} coils instead of {count}")
        return [bool(bit) for bit in answer.bits[:count]]

    def write_registers(self, address: int, *values: int) -> None:
        if len(values) == 1:
            echo = self._transact(lambda: self._client.write_register(address, values[0], device_id=self._unit))
            if (echo.address, list(echo.registers)) != (address, list(values)):
                raise self._wrong(f"echoes {echo.registers} instead of {list(values)}")
            return
        echo = self._transact(lambda: self._client.write_registers(address, list(values), device_id=self._unit))
        if (echo.address, echo.count) != (address, len(values)):
            raise self._wrong(f"took {echo.count} registers instead of {len(values)}")

    def read_registers(self, address: int, count: int) -> list[int]:
        answer = self._transact(lambda: self._client.read_holding_registers(address, count=count, device_id=self._unit))
        if len(answer.registers) != count:
            raise self._wrong(f"answers {len(answer.registers)} registers instead of {count}")
        return [int(register) for register in answer.registers]

    def close(self) -> None:
        """Close the port.  Never raises."""
        try:
            self._client.close()
        except OSError:
            return  # the port has gone with its adapter

    def _transact(self, request: Any) -> Any:
        self._client.exchange.begin()
        try:
            answer = request()
        except (self._error, OSError, ValueError, IndexError, TypeError, AttributeError, struct.error) as error:
            # Besides its own errors the library lets through its decoders' errors on odd frames.
            self._client.exchange.end(answered=False)
            self._raise_if_echoed(error)
            raise DeviceError(
                f"Modbus unit {self._unit} on {self._port} does not answer ({in_words(error)})",
                hint="Check its power, the two wires of the bus, its address and the baud rate",
            ) from error
        self._client.exchange.end(answered=True)
        self._raise_if_echoed(None)
        if answer.isError():
            raise self._wrong(f"refuses ({answer})")
        expected = self._client.exchange.sent[1]
        if answer.function_code != expected:
            raise self._wrong(f"answers function {answer.function_code} instead of {expected}")
        return answer

    def _raise_if_echoed(self, cause: Exception | None) -> None:
        if self._client.exchange.echoes:
            raise DeviceError(
                f"the RS-485 adapter on {self._port} echoes what it sends, so its answers cannot be trusted",
                hint="Switch its local echo off (a jumper, or its driver's setting), or use another adapter",
            ) from cause

    def _wrong(self, what: str) -> DeviceError:
        return DeviceError(
            f"Modbus unit {self._unit} on {self._port} {what}",
            hint="Look for a second device with this address, or choose the `board` that is there",
        )
