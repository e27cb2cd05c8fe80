"""Symbols of other kinds are named, and pictures without one are not."""

import cv2
import numpy as np
import pytest
import zxingcpp

from drivers.decoders.coaching import Coach
from drivers.decoders.detect.other_symbols import EVERY, KINDS
from drivers.decoders.symbols import Grey
from gate.core.coaching import Hint
from tests.unit.decoders.qr_pictures import noisy, on_a_wall, square, text_of, with_time

# An example of IATA Resolution 792, with a made-up name
BOARDING = "M1DESMARAIS/LUC       EABC123 YULFRAAC 0834 226F001A0025 106>60000"
FRAMES = 3  # one for each kind


def symbol(kind: zxingcpp.BarcodeFormat) -> Grey:
    return np.array(zxingcpp.create_barcode(BOARDING, kind).to_image(scale=2, add_quiet_zones=True), np.uint8)


def shown(picture: Grey, view: tuple[int, int]) -> Grey:
    wall = np.full(view, 130, np.uint8)
    high, wide = picture.shape
    wall[60 : 60 + high, 40 : 40 + wide] = picture
    return np.asarray(cv2.GaussianBlur(noisy(wall, 1), (0, 0), 0.7), np.uint8)


def hint(picture: Grey, *, stirring: bool = True) -> Hint | None:
    """The hint after some frames, a third of EVERY apart."""
    reader, now = with_time(), 0.0
    reader._memory.budget.monotonic = lambda: now
    found = None
    for _ in range(FRAMES):
        now += 1.01 * EVERY / len(KINDS)
        found = Coach().hint(picture, reader.read(picture, stirring=stirring))
    return found


@pytest.mark.parametrize("view", [(480, 640), (720, 1280)])
@pytest.mark.parametrize("kind", ["Aztec", "PDF417", "DataMatrix"])
def test_a_boarding_pass_is_named_in_three_symbologies(kind: str, view: tuple[int, int]) -> None:
    assert hint(shown(symbol(zxingcpp.BarcodeFormat[kind]), view)) is Hint.OTHER_SYMBOL


def test_none_is_sought_while_nothing_stirs() -> None:
    assert hint(shown(symbol(zxingcpp.BarcodeFormat.Aztec), (480, 640)), stirring=False) is None


def test_a_wall_and_a_pass_beside_a_boarding_pass_give_no_hint() -> None:
    beside = on_a_wall(square(text_of(1, 40), 3), left=300)
    aztec = symbol(zxingcpp.BarcodeFormat.Aztec)
    beside[60 : 60 + len(aztec), 40 : 40 + len(aztec)] = aztec
    assert hint(noisy(beside, 1)) is None
    assert hint(noisy(np.full((480, 640), 130, np.uint8), 1, 20.0)) is None
