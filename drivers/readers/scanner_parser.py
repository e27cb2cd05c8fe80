"""A parser of a serial scanner's bytes: codes by their ends, and answers to commands.

Pure: the input is bytes and times.  A code is printable; all else is dropped, and reported.  A line that stalls in the
middle of a code, garbage and endless lines never become a code.
"""

import binascii
from dataclasses import dataclass, field
from enum import Enum

LONGEST = 4296
"""Bytes of a code: no pass has more (ISO/IEC 18004, version 40-L, alphanumeric)."""

IDLE = 0.1
"""Seconds of silence that end a code where the scanner sends no line end (GM65 sends one code in one go)."""

STALE = 1.0
"""Seconds after which the beginning of a code whose end never came is dropped."""

_ANSWERS = (0x02, 0x03)
_LONGEST_ANSWER = 8
"""Bytes of data; a zone is one."""

_ENDS = b"\r\n\t\x03\x04"
"""CR, LF, TAB, ETX, EOT."""

FRAMING = b"\x00\x02\x1d\x1e"
"""NUL, STX, GS, RS: of some scanners, no noise."""


class ScanLoss(Enum):
    """The kind of dropped input: in words, and what to do."""

    UNENDED = (
        "a code without an end",
        'Set the scanner to send CR (ENTER) after each code, or `ends = "silence"` for this reader',
    )
    OVERLONG = ("a code longer than any pass", "Show a pass; or set the scanner to end each code with CR (ENTER)")
    NOISE = ("bytes that are no text", "Check baud rate, parity and the ground wire of the scanner")
    KEYS = ("keys that are no text", "Set the scanner to type text only, in the US keyboard layout")
    KERNEL = ("keys that this computer had no time for", "Look at what keeps its processor busy")
    UNCHECKED = ("an answer whose checksum is wrong", "Check baud rate and cable of the scanner")

    @property
    def what(self) -> str:
        return self.value[0]

    @property
    def hint(self) -> str:
        return self.value[1]


@dataclass(slots=True)
class ScannerParser:
    """A parser.  `line_ends`: a line end ends a code; otherwise silence does.

    `answers`: frames `02|03 00 00 length data crc crc` may come between the codes."""

    line_ends: bool
    answers: bool
    codes: list[str] = field(default_factory=list)  # whole ones, for the caller to take
    replies: list[bytes] = field(default_factory=list)  # the data of whole answers, likewise
    losses: list[ScanLoss] = field(default_factory=list)  # dropped input, likewise
    _rest: bytearray = field(default_factory=bytearray)
    _frame: bytearray = field(default_factory=bytearray)
    _fed: float = 0.0
    _overlong: bool = False
    _noise: bool = False

    def feed(self, data: bytes, at: float) -> None:
        """Parse bytes that came at `at` (monotonic seconds).  Call it with b"" too: silence ends a code."""
        if at - self._fed > IDLE:
            self._give_up_answers()
        if at - self._fed > (STALE if self.line_ends else IDLE):
            self._silence()
        if data:
            self._fed = at
        for byte in data:
            self._sort(byte)

    def _sort(self, byte: int) -> None:
        if self.answers and (self._frame or byte in _ANSWERS):
            self._take_answer(byte)
        else:
            self._take(byte)

    def _take(self, byte: int) -> None:
        if byte in _ENDS:
            self._end(whole=True)
        elif byte >= 0x20 and byte != 0x7F:
            if len(self._rest) < LONGEST:
                self._rest.append(byte)
            else:
                self._overlong = True
        elif byte not in FRAMING:
            self._noise = True

    def _take_answer(self, byte: int) -> None:
        frame = self._frame
        frame.append(byte)
        if any(frame[1:3]) or (len(frame) > 3 and frame[3] > _LONGEST_ANSWER):
            self._no_answer()  # a scanner that sends STX and ETX around a code
        elif len(frame) > 4 and len(frame) == 4 + frame[3] + 2:
            if binascii.crc_hqx(bytes(frame[1:-2]), 0) == int.from_bytes(frame[-2:], "big"):
                self.replies.append(bytes(frame[4:-2]))
                frame.clear()
            else:
                self.losses.append(ScanLoss.UNCHECKED)
                self._no_answer()

    def _no_answer(self) -> None:
        """Return the apparent beginning of an answer to the code."""
        first, rest = self._frame[0], bytes(self._frame[1:])
        self._frame.clear()
        self._take(first)
        for one in rest:
            self._sort(one)

    def _give_up_answers(self) -> None:
        while self._frame:
            self._no_answer()

    def _silence(self) -> None:
        self._end(whole=not self.line_ends)

    def _end(self, *, whole: bool) -> None:
        code, self._rest = bytes(self._rest), bytearray()
        overlong, self._overlong = self._overlong, False
        noise, self._noise = self._noise, False
        if overlong:
            self.losses.append(ScanLoss.OVERLONG)
        elif code and not whole:
            self.losses.append(ScanLoss.UNENDED)
        text = code.decode("utf-8", "replace")
        if not overlong and (whole or not code) and (noise or "\N{REPLACEMENT CHARACTER}" in text):
            self.losses.append(ScanLoss.NOISE)
        if code and whole and not overlong:
            self.codes.append(text)
