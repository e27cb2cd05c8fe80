"""What a serial scanner sends, taken apart: codes by their line ends, and answers to commands.

Pure: bytes and times go in.  A code is printable; whatever else comes is dropped.  A line that stalls in
the middle of a code, garbage and endless lines never become a code.
"""

from dataclasses import dataclass, field

LONGEST = 2048
"""Bytes of a code: the largest QR code holds 2,953, a pass some 300."""

IDLE = 0.1
"""Seconds of silence that end a code where the scanner sends no line end (GM65 sends one code in one go)."""

STALE = 1.0
"""Seconds after which the beginning of a code whose end never came is dropped."""

_ANSWERS = (0x02, 0x03)


@dataclass(slots=True)
class Stream:
    """`line_ends`: whether a line end ends a code; silence does otherwise.  `answers`: whether frames
    `02|03 00 00 length data crc crc` stand between the codes."""

    line_ends: bool
    answers: bool
    codes: list[str] = field(default_factory=list)  # whole ones, for the caller to take
    replies: list[bytes] = field(default_factory=list)  # the data of whole answers, likewise
    _rest: bytearray = field(default_factory=bytearray)
    _frame: bytearray = field(default_factory=bytearray)
    _fed: float = 0.0
    _overlong: bool = False

    def feed(self, data: bytes, at: float) -> None:
        """`at`: monotonic seconds; to be called with b"" too, for silence is news."""
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
        if byte in b"\r\n":
            self._end(whole=True)
        elif byte >= 0x20 and byte != 0x7F:
            if len(self._rest) < LONGEST:
                self._rest.append(byte)
            else:
                self._overlong = True

    def _take_answer(self, byte: int) -> None:
        frame = self._frame
        frame.append(byte)
        if len(frame) <= 3 and any(frame[1:]):  # no answer after all, but a scanner that sends STX and ETX
            rest = bytes(frame[1:])
            frame.clear()
            for one in rest:
                self._sort(one)
        elif len(frame) > 4 and len(frame) == 4 + frame[3] + 2:
            self.replies.append(bytes(frame[4:-2]))
            frame.clear()

    def _silence(self) -> None:
        self._frame.clear()
        self._end(whole=not self.line_ends)

    def _end(self, *, whole: bool) -> None:
        code, self._rest = bytes(self._rest), bytearray()
        overlong, self._overlong = self._overlong, False
        if code and whole and not overlong:
            self.codes.append(code.decode("utf-8", "replace"))
