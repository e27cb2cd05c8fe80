"""The words of the desk are those of the lane: none of its codes, reasons, causes, modes and facts is without them."""

import pytest

from gate.core.lane.modes import STANDING
from gate.core.lane.refusal import OrderCode
from gate.core.language import LANGUAGES
from gate.core.reason import Reason
from gate.core.staff_cause import StaffCause
from gate.core.staff_role import StaffRole
from gate.desk.pages import words_of
from gate.lane.staff import recent


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_the_lane_may_answer_is_without_words(language: str) -> None:
    wanted = {
        *(f"codes.{code}" for code in OrderCode),
        *(f"reasons.{reason}" for reason in Reason),
        *(f"details.{reason}" for reason in recent._KEYS),
        *(f"why.{cause}" for cause in StaffCause),
        *(f"orders.{mode}" for mode in STANDING),
        *(f"shell.{role}" for role in StaffRole),
        *(f"lane.{passage}" for passage in ("passed", "not_passed", "unknown")),
    }
    assert wanted - words_of(language).keys() == set()


def test_kazakh_and_russian_are_not_english() -> None:
    english = words_of("en")
    for language in ("kk", "ru"):
        same = {key for key, text in words_of(language).items() if text == english[key]}
        assert same <= {"sign_in.pin"}
