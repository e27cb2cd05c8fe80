"""The port of decoders, which find the codes in one picture file: for `gate read` and `gate verify IMAGE`.

Entry-point group `gate.decoders`; the object is a callable without arguments that returns a Decoder.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Reading:
    """The codes of one picture."""

    texts: tuple[str, ...]  # every QR text in the picture, exactly as decoded
    decoder: str  # which step read it; "" when nothing was read
    ms: float  # processor time spent on decoding, without loading the file


class Decoder(ABC):
    """A decoder of picture files."""

    @abstractmethod
    def read_file(self, path: Path) -> Reading:
        """Decode a picture file.  Raises PictureError for a file that is not a picture."""
