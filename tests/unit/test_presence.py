"""Many frames of one code, several codes at once, a code that renews itself.  No clock: times are given."""

from collections.abc import Callable

import pytest

from gate.core.model import Direction, Scan
from gate.lane.presence import (
    GONE_AFTER,
    LEFT_LYING,
    LONGEST_AWAY,
    MISSED,
    OTHERS_AFTER,
    Presence,
    Presentation,
    Stage,
)
from gate.ports.reader import Looked

RATE = 1 / 15
PASS, OTHER, RENEWED, MENU = "AQ1:ONE", "AQ1:TWO", "AQ1:ONE AGAIN", "https://example.org/menu"
HOLDERS = {PASS: 1, RENEWED: 1, OTHER: 2}


def scan(text: str, at: float) -> Scan:
    return Scan(text, "camera", Direction.ENTRY, at)


class BeforeCamera(Presence):
    """Between the moments that a test speaks of the camera looked at frames without a code."""

    def __init__(self, holder_of: Callable[[str], int | None]) -> None:
        super().__init__(holder_of)
        self._at = 0.0
        self.looked(Looked("camera", 0.0, 0))

    def see(self, scan: Scan) -> Presentation:
        self._until(scan.seen)
        return super().see(scan)

    def leave(self, now: float) -> list[Presentation]:
        self._until(now)
        return super().leave(now)

    def _until(self, at: float) -> None:
        frames = max(0, round((at - self._at) / RATE) - 1)
        self.looked(Looked("camera", at - RATE / 2, frames))
        self._at = at


def a_presence() -> Presence:
    return BeforeCamera(HOLDERS.get)


def seen(presence: Presence, text: str, at: float) -> tuple[Presentation, bool]:
    """The presentation, and whether it is not asked about now."""
    shown, asks = presence.meet(scan(text, at))
    return shown, not asks


def left(presence: Presence, at: float) -> list[str]:
    return [shown.scan.text for shown in presence.leave(at)]


def test_many_frames_of_one_code_are_one_presentation_however_long_it_is_held() -> None:
    presence = a_presence()
    first, aside = seen(presence, PASS, 0.0)
    assert not aside
    first.stage = Stage.ANSWERED
    for number in range(1, 15 * 120):  # two minutes
        assert presence.meet(scan(PASS, number * RATE)) == (first, False)  # and asks for no second verdict
        assert left(presence, number * RATE) == []


def test_a_code_that_was_away_is_presented_anew() -> None:
    presence = a_presence()
    first = presence.see(scan(PASS, 0.0))
    first.stage = Stage.ANSWERED
    assert presence.see(scan(PASS, GONE_AFTER - 0.01)) is first
    again = presence.see(scan(PASS, 2 * GONE_AFTER))
    assert again is not first
    assert again.stage is Stage.NEW


def test_two_phones_at_once_are_two_presentations_and_neither_stands_aside() -> None:
    presence = a_presence()
    one, one_aside = seen(presence, PASS, 0.0)
    two, two_aside = seen(presence, OTHER, 0.0)
    assert one is not two
    assert not one_aside
    assert not two_aside
    one.stage = Stage.ANSWERED
    assert not seen(presence, OTHER, 0.0)[1]


def test_a_menu_alone_is_answered_a_few_frames_later() -> None:
    presence = a_presence()
    answers = [seen(presence, MENU, number * RATE)[1] for number in range(15)]
    assert answers[0]
    assert not answers[-1]
    assert answers.index(False) * RATE >= OTHERS_AFTER


def test_a_menu_stands_aside_while_a_pass_is_read_and_is_done_with_when_that_is_answered() -> None:
    presence = a_presence()
    menu, aside = seen(presence, MENU, 0.0)
    assert aside
    shown, _ = seen(presence, PASS, 0.2)
    shown.stage = Stage.PENDING
    menu, aside = seen(presence, MENU, 0.9)
    assert aside
    assert menu.stage is Stage.NEW
    shown, _ = seen(presence, PASS, 0.9)  # the same frame
    shown.stage = Stage.ANSWERED
    menu, aside = seen(presence, MENU, 1.0)
    assert aside
    assert menu.stage is Stage.ANSWERED


def test_a_menu_that_comes_after_a_pass_is_somebody_elses() -> None:
    presence = a_presence()
    presence.see(scan(PASS, 0.0)).stage = Stage.ANSWERED
    answers = [seen(presence, MENU, 0.01 + number * RATE) for number in range(30)]
    assert all(shown.stage is Stage.NEW for shown, _ in answers)
    assert [aside for _, aside in answers] == sorted((aside for _, aside in answers), reverse=True)
    assert not answers[-1][1]


def test_a_poster_that_is_always_there_is_answered_once() -> None:
    presence = a_presence()
    asked = 0
    for number in range(15 * 60):
        shown, aside = seen(presence, MENU, number * RATE)
        if not aside and shown.stage is Stage.NEW:
            asked += 1
            shown.stage = Stage.ANSWERED
    assert asked == 1


def test_who_waited_and_went_has_left() -> None:
    presence = a_presence()
    presence.see(scan(PASS, 0.0)).stage = Stage.WAITING
    assert left(presence, 1.0) == []
    assert left(presence, 2.0) == [PASS]
    assert left(presence, 3.0) == []


def test_who_waits_and_renews_the_code_has_not_left() -> None:
    presence = a_presence()
    presence.see(scan(PASS, 0.0)).stage = Stage.WAITING
    presence.see(scan(RENEWED, 1.0)).stage = Stage.WAITING
    assert left(presence, 1.5) == []  # the same person's new code is in view
    presence.see(scan(OTHER, 2.0)).stage = Stage.WAITING
    assert left(presence, 2.5) == [RENEWED]  # only somebody else is


def test_who_left_with_an_answer_is_nobodys_concern() -> None:
    presence = a_presence()
    presence.see(scan(PASS, 0.0)).stage = Stage.ANSWERED
    presence.see(scan(MENU, 0.0))
    assert left(presence, 5.0) == []


def facts(presence: Presence, at: float) -> set[str]:
    """What is in view."""
    return {name for name, so in zip(("answered", "waiting", "going"), presence.in_view(at), strict=True) if so}


def test_an_answered_code_is_held_up_until_it_was_away_for_a_moment() -> None:
    presence = a_presence()
    shown = presence.see(scan(PASS, 0.0))
    assert facts(presence, 0.1) == set()
    shown.stage = Stage.ANSWERED
    for number in range(15 * 120):
        presence.see(scan(PASS, number * RATE))
        presence.leave(number * RATE)
        assert facts(presence, number * RATE) == {"answered"}
    presence.leave(120.0 + GONE_AFTER)
    assert facts(presence, 120.0 + GONE_AFTER) == set()


@pytest.mark.parametrize("hung_up", [0, 1000])
def test_a_poster_is_not_held_up_for_ever(hung_up: int) -> None:
    presence = a_presence()
    presence.see(scan(MENU, hung_up)).stage = Stage.ANSWERED
    held = []
    for second in range(hung_up, hung_up + int(LEFT_LYING) + 2):
        presence.see(scan(MENU, second))
        held.append(bool(facts(presence, second)))
    assert held == [True] * (int(LEFT_LYING) + 1) + [False]


def going(presence: Presence, at: float) -> None:
    """Whoever shows PASS is let through."""
    shown = presence.see(scan(PASS, at))
    shown.stage, shown.holder = Stage.ANSWERED, 1
    presence.going = shown


def test_the_next_one_is_told_to_wait_when_whoever_goes_has_put_the_phone_away() -> None:
    presence = a_presence()
    going(presence, 0.0)
    presence.see(scan(OTHER, 0.5)).stage = Stage.WAITING
    assert facts(presence, 0.5) == {"answered", "waiting", "going"}  # two phones at once
    presence.see(scan(OTHER, 1.3))
    presence.leave(1.3)
    assert facts(presence, 1.3) == {"waiting"}
    presence.leave(3.0)
    assert facts(presence, 3.0) == set()


def test_whoever_goes_through_and_shows_the_code_once_more_does_not_wait() -> None:
    for again in (PASS, RENEWED):
        presence = a_presence()
        going(presence, 0.0)
        presence.leave(2.0)
        presence.see(scan(again, 2.0)).stage = Stage.WAITING
        assert facts(presence, 2.0) == {"going"}
        assert left(presence, 4.0) == []  # and is not told to have come too early
        presence.going = None
        presence.see(scan(again, 5.0)).stage = Stage.WAITING
        assert facts(presence, 5.0) == {"waiting"}
        assert left(presence, 7.0) == [again]


@pytest.mark.parametrize("every", [0.5, 1.3, 3.0])
def test_one_showing_before_a_slow_camera_is_one_presentation(every: float) -> None:
    """A computer that is busy looks at a frame every so many seconds, and reads every other one."""
    presence = Presence(HOLDERS.get)
    presence.looked(Looked("camera", 0.0, 0))
    first, at = presence.see(scan(PASS, 0.0)), 0.0
    for number in range(1, 40):
        at = number * every
        if number % 2 == 0:
            assert presence.see(scan(PASS, at)) is first
        presence.looked(Looked("camera", at, 1))
        assert presence.leave(at) == []
    for number in range(1, MISSED + 2):
        presence.looked(Looked("camera", at + number * every, 1))
    presence.leave(at + (MISSED + 1) * every)
    assert presence.see(scan(PASS, at + (MISSED + 2) * every)) is not first


def test_what_other_readers_look_at_says_nothing_of_this_one() -> None:
    presence = Presence(HOLDERS.get)
    for reader in ("camera", "another"):
        presence.looked(Looked(reader, 0.0, 0))
    first = presence.see(scan(PASS, 0.0))
    presence.looked(Looked("another", 2.0, 100))
    assert presence.see(scan(PASS, 3.0)) is first


def test_before_a_camera_that_is_lost_nothing_stays_in_view() -> None:
    presence = Presence(HOLDERS.get)
    presence.looked(Looked("camera", 0.0, 0))
    presence.see(scan(PASS, 0.0)).stage = Stage.ANSWERED
    presence.leave(LONGEST_AWAY - 1)
    assert facts(presence, LONGEST_AWAY - 1) == {"answered"}
    presence.leave(LONGEST_AWAY + 1)
    assert facts(presence, LONGEST_AWAY + 1) == set()


def test_what_a_scanner_reads_once_is_answered_at_once() -> None:
    presence = Presence(HOLDERS.get)
    shown, aside = seen(presence, MENU, 0.0)
    assert not aside
    assert shown.stage is Stage.NEW


def test_a_menu_that_a_scanner_reads_right_after_a_pass_waits_until_that_has_had_its_time() -> None:
    presence = Presence(HOLDERS.get)
    seen(presence, PASS, 0.0)[0].stage = Stage.ANSWERED
    assert seen(presence, MENU, 0.5)[1]
    assert not seen(presence, MENU, GONE_AFTER + 0.1)[1]


def test_whose_a_forged_code_is_is_found_out_once_while_it_is_in_view() -> None:
    asked: list[str] = []

    def holder_of(text: str) -> int | None:
        asked.append(text)
        return HOLDERS.get(text)

    presence = Presence(holder_of)
    presence.looked(Looked("camera", 0.0, 0))
    going(presence, 0.0)
    forged = [f"AQ1:FORGED {number}" for number in range(60)]
    for number in range(100):
        at = number * RATE
        presence.see(scan(PASS, at))
        for text in [*forged, MENU]:
            shown, asks = presence.meet(scan(text, at))
            if asks and shown.stage is Stage.NEW:
                shown.stage = Stage.WAITING
        presence.in_view(at)
        presence.leave(at)
    assert sorted(asked) == sorted(forged)
    presence.trust(2)
    presence.in_view(99 * RATE)
    assert len(asked) == len(forged) + 1
    presence.leave(99 * RATE + LONGEST_AWAY + 1)
    assert facts(presence, 200.0) == set()
