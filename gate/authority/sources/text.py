"""Text of any encoding as UTF-8 with line feeds, a piece at a time.

Nothing is guessed.  A byte order mark, or the zeros between the letters of the header, shows UTF-16 or UTF-32.
Bytes of an older encoding (windows-1251, KOI8-R, of a Mac) pass through: ids and statuses are ASCII, which
is the same in all of them.  The reader of rows reports other bytes.
"""

import codecs
from typing import BinaryIO

from gate.authority.sources.file_kinds import HEAD

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_ZEROS = {  # between the first letters, without a mark
    "x000": "utf-32-le",
    "000x": "utf-32-be",
    "x0x0": "utf-16-le",
    "0x0x": "utf-16-be",
}


class WideTextError(Exception):
    """Error for text that is not the UTF-16 or UTF-32 that it is marked as."""


class PlainText:
    """A stream with `read` like a file; `head` is its beginning, as stored."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.head = b""
        while len(self.head) < HEAD and (data := stream.read(HEAD - len(self.head))):
            self.head += data
        self.encoding, mark = _encoding(self.head)
        self._waiting = self.head[len(mark) :]
        self._decoder = None if self.encoding == "utf-8" else codecs.getincrementaldecoder(self.encoding)()
        start = self._decoded(self._waiting, at_end=False) if self._decoder else self._waiting
        self._of_mac = b"\r" in start and b"\n" not in start
        self._begun = start
        self.taken = len(self.head)  # bytes of the stream

    def read(self, count: int) -> bytes:
        """Return about `count` bytes; none at the end.  Raises WideTextError."""
        if self._begun:
            data, self._begun = self._begun[:count], self._begun[count:]
        else:
            data = b""
            while not data and (raw := self._stream.read(count)):
                self.taken += len(raw)
                data = self._decoded(raw, at_end=False) if self._decoder else raw
            if not data and self._decoder:
                data = self._decoded(b"", at_end=True)
        return data.replace(b"\r", b"\n") if self._of_mac else data

    def _decoded(self, data: bytes, *, at_end: bool) -> bytes:
        assert self._decoder is not None  # noqa: S101 - callers check
        try:
            return self._decoder.decode(data, at_end).encode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            raise WideTextError(f"is not {self.encoding.upper()[:6]}") from error


def _encoding(head: bytes) -> tuple[str, bytes]:
    """Return the encoding, and its byte order mark."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, mark
    return _ZEROS.get("".join("0" if byte == 0 else "x" for byte in head[:4]), "utf-8"), b""
