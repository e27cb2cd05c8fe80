"""Read the QR codes of a drawn picture, by a library of its own."""

from typing import Any

import numpy as np
import zxingcpp
from numpy.typing import NDArray

_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)  # a random pass holds another symbology now and then


def read_qr_codes(picture: NDArray[np.uint8] | Any) -> list[str]:
    """Return the texts of all QR codes that can be read."""
    return [code.text for code in zxingcpp.read_barcodes(picture, formats=_QR) if code.valid]
