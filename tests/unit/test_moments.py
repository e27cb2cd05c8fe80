"""Times in commands: shown with their offset, and read as people write them."""

from datetime import UTC, datetime

import pytest

from gate.cli.moments import Moments, period
from gate.errors import UsageError

NOW = datetime(2026, 11, 27, 16, 5, 9, tzinfo=UTC).timestamp()  # 21:05:09 in Almaty
ALMATY = Moments.of("Asia/Almaty")


def test_a_time_is_shown_with_its_offset() -> None:
    assert ALMATY.show(NOW) == "2026-11-27 21:05:09 +05:00"
    assert Moments.of("utc").show(NOW) == "2026-11-27 16:05:09 +00:00"
    assert Moments.of("America/St_Johns").show(NOW) == "2026-11-27 12:35:09 -03:30"
    assert ALMATY.show(1e30) == f"{1e30:.0f} s"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-11-27", "2026-11-26T19:00:00"),
        ("2026-11-27 18:00", "2026-11-27T13:00:00"),
        ("2026-11-27T18:00:30+00:00", "2026-11-27T18:00:30"),
        ("18:00", "2026-11-27T13:00:00"),
        ("9:30", "2026-11-27T04:30:00"),
        ("today", "2026-11-26T19:00:00"),
        ("Yesterday", "2026-11-25T19:00:00"),
        ("90m", "2026-11-27T14:35:09"),
        ("2h ago", "2026-11-27T14:05:09"),
        ("1d", "2026-11-26T16:05:09"),
        ("1800000000", "2027-01-15T08:00:00"),
    ],
)
def test_a_time_is_read_in_the_zone_of_the_venue(text: str, read: str) -> None:
    assert ALMATY.read(text, NOW) == datetime.fromisoformat(read).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "25:00", "12", "2026-11-27 18:00 Almaty", "1e9", "9" * 30])
def test_what_is_no_time_is_a_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="is no time"):
        ALMATY.read(text, NOW)


def test_what_is_shown_can_be_read() -> None:
    assert ALMATY.read("2026-11-27 21:05:09 +05:00", NOW) == NOW


def test_a_zone_and_a_period_that_are_none_are_wrong_usages() -> None:
    with pytest.raises(UsageError, match="there is no time zone"):
        Moments.of("Asia/Atlantis")
    with pytest.raises(UsageError, match="--until is not after --since"):
        period(ALMATY, "2026-11-27", "2026-11-26")
    assert period(ALMATY, None, None) == (None, None)
