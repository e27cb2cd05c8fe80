"""The decoder of picture files, used by `gate read` and `gate verify IMAGE`."""

import importlib
import time
from pathlib import Path

from gate.errors import DeviceError
from gate.ports.decoder import Reading

_LIBRARIES = ("cv2", "zxingcpp", "pyzbar.pyzbar")
PACKAGES = "Install the `ashyq-gate` package with its dependencies, and `apt install libzbar0`"


def require_libraries() -> None:
    """Load the decoding libraries.  Raises DeviceError naming the one that cannot be loaded."""
    for name in _LIBRARIES:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise DeviceError(f"reading pictures: {name} cannot be loaded ({error})", hint=PACKAGES) from error


class FileDecoder:
    """Decoder of picture files with every step of `still`.  Implements `gate.ports.decoder.Decoder`.

    Construction loads the libraries (DeviceError when one is missing); importing this module does not."""

    def __init__(self) -> None:
        require_libraries()
        import cv2

        from drivers.decoders.image_file import load_grey
        from drivers.decoders.still import read_still

        cv2.setNumThreads(1)  # the time of other threads would not be counted in `Reading.ms`
        self._read = read_still
        self._load = load_grey

    def read_file(self, path: Path) -> Reading:
        """Return every QR text in the picture.  Raises PictureError for a file that is not a picture."""
        grey = self._load(path)
        start = time.thread_time()
        result = self._read(grey)
        return Reading(result.texts, result.decoded_by, ms=(time.thread_time() - start) * 1000)
