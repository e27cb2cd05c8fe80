"""The steps of reading, cheapest first: a look and a second look (`looking`), changed pictures
(`variants`), and for a still at last zbar on the whole picture."""

from drivers.readers.looking import ZBAR, Found, Grey, each_once, look, zbar_texts
from drivers.readers.variants import LIVE, STILL, resized

MOST = 1920  # pixels a side: beyond, time grows and nothing else


def read_still(grey: Grey) -> Found:
    """Everything that can be tried, until something is read: a still does not come again."""
    found = look(grey)
    if found.texts:
        return found
    if max(grey.shape) > MOST:
        grey = resized(grey, MOST / max(grey.shape))
    for variant in STILL:
        if max(grey.shape) > variant.most:
            continue
        found = look(variant.change(grey), variant.binarizer)
        if found.texts:
            return Found(found.texts, variant.name)
    texts = zbar_texts(grey)
    return Found(each_once(texts), ZBAR if texts else "")


class LiveEye:
    """Frames of a camera, one after another.  A frame in which nothing was read gets one variant;
    the next frame of the same code gets the next one."""

    def __init__(self) -> None:
        self._turn = 0

    def read(self, grey: Grey) -> Found:
        found = look(grey)
        if found.texts:
            return found
        variant = LIVE[self._turn]
        self._turn = (self._turn + 1) % len(LIVE)
        found = look(variant.change(grey), variant.binarizer)
        return Found(found.texts, variant.name if found.texts else "")
