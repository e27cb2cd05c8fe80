"""How the worker process of every camera begins."""

from drivers._shared.child_link import Link, silence_native_noise
from drivers.decoders.stills import require_libraries
from gate.errors import DeviceError


def begin() -> Link:
    """Returns when the libraries are loaded; a library that cannot be loaded is what the daemon hears of."""
    link = Link()
    silence_native_noise()
    try:
        require_libraries()
    except DeviceError as error:
        link.fail(f"{link.settings['name']}: {error.what}", error.hint)
    import cv2

    cv2.setNumThreads(1)
    link.say(started=True)
    return link
