"""The hint for a code that is located and not read."""

import cv2
import numpy as np
import pytest

from drivers.decoders.coaching import Coach
from drivers.decoders.symbols import NOTHING, Grey, ReadResult, Symbol
from gate.core.coaching import Hint
from tests.unit.decoders.qr_pictures import on_a_wall, smeared, square, text_of

CODE = square(text_of(1), 4)
SIZE = len(CODE) // 4 - 8
LEFT, TOP = 150, 60


def located(picture: Grey, module: float = 4, left: float = LEFT, top: float = TOP) -> tuple[Grey, ReadResult]:
    """The picture, and a result that locates the code in it."""
    corners = np.array([(4, 4), (SIZE + 4, 4), (SIZE + 4, SIZE + 4), (4, SIZE + 4)], np.float32) * module + (left, top)
    return picture, ReadResult((), "", located=(Symbol(np.asarray(corners, np.float32), SIZE),))


def placed() -> Grey:
    return on_a_wall(CODE, left=LEFT, top=TOP)


def blurred() -> Grey:
    return np.asarray(cv2.GaussianBlur(placed(), (0, 0), 4.0), np.uint8)


def under_a_lamp() -> Grey:
    picture = placed()
    picture[TOP + 40 : TOP + 120, LEFT + 40 : LEFT + 140] = 255
    return picture


@pytest.mark.parametrize(
    ("case", "hint"),
    [
        (located(placed()), Hint.HOLD_STILL),
        (located(placed(), module=1.5), Hint.CLOSER),
        (located(placed(), left=-30), Hint.WHOLE_CODE),
        (located(placed(), top=480 - SIZE * 4), Hint.WHOLE_CODE),
        (located(np.asarray(20 + placed() * 0.1, np.uint8)), Hint.BRIGHTER),
        (located(under_a_lamp()), Hint.LESS_GLARE),
        (located(smeared(placed(), 15)), Hint.HOLD_STILL),
        (located(blurred()), Hint.FURTHER),
    ],
)
def test_the_reason_that_weighs_most_is_named(case: tuple[Grey, ReadResult], hint: Hint) -> None:
    assert Coach().hint(*case) is hint


def test_a_code_that_moves_is_to_be_held_still() -> None:
    coach = Coach()
    coach.hint(*located(blurred(), left=LEFT - 8))
    assert coach.hint(*located(blurred())) is Hint.HOLD_STILL
    assert coach.hint(*located(blurred())) is Hint.FURTHER


def test_there_is_none_where_a_text_was_read_or_nothing_was_located() -> None:
    picture, result = located(placed())
    assert Coach().hint(picture, NOTHING) is None
    assert Coach().hint(picture, ReadResult(("A",), "", located=result.located)) is None
