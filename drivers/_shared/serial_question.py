"""A question to an unknown device on a serial line."""

import asyncio
import time

from drivers._shared.serial_port import POLL, SerialPort

_WITHIN = 0.3  # seconds to the first byte of an answer, as the drivers of these boards wait
_QUIET = 0.06  # seconds of silence that end an answer: 60 bytes at 9600 baud
_WHOLE_WITHIN = 1.0  # seconds for a question and its whole answer: a device that never pauses answers nothing
_LONGEST = 256  # bytes of an answer and an echo; the longest is an LCUS board's words, 80 bytes


async def put_question(port: SerialPort, question: bytes) -> bytes:
    """Send the question, and return the bytes that came back; none without an answer, or when it does not end within
    a second or 256 bytes.  An RS-485 adapter's echo of the question is left out.  Raises DeviceError when the port is
    lost."""
    port.read()  # what came before answers nothing
    port.write(question)
    await port.drained()
    received, last = b"", time.monotonic()
    end = last + _WHOLE_WITHIN
    while time.monotonic() - last < (_QUIET if received else _WITHIN):
        if new := port.read():
            received, last = received + new, time.monotonic()
        if len(received) > _LONGEST or time.monotonic() > end:
            return b""
        await asyncio.sleep(POLL)
    return received.removeprefix(question)
