"""The start of every camera's worker process."""

import importlib
from contextlib import suppress

from drivers.decoders.file_decoder import require_libraries
from gate.errors import DeviceError
from gate.worker.codec import Loading, Started
from gate.worker.confine import lower_limits
from gate.worker.link import Link
from gate.worker.program import Program
from gate.worker.stderr import silence_native_noise

MEMORY = 2 * 2**30
"""Bytes of address space: libraries map 0.4 GB, a picture of 50 megapixels takes 1 GB to read."""


def begin(program: Program) -> Link:
    """Load the libraries, and return when they are loaded; a failure is reported to the daemon."""
    link = Link(program)
    lower_limits(MEMORY)
    silence_native_noise()
    for library in ("numpy", "cv2", "zxingcpp"):
        with suppress(ImportError):  # reported below
            importlib.import_module(library)
        link.send(Loading())  # each may take long, from a slow card
    try:
        require_libraries()
    except DeviceError as error:
        link.fail(f"{link.settings['name']}: {error.what}", error.hint)
    import cv2

    cv2.setNumThreads(1)
    link.send(Started())
    return link
