"""What a visitor reads that depends on the time, on a hint, on the door and on the venue."""

from dataclasses import replace

import pytest

from gate.core.coaching import Hint
from gate.core.lane.modes import Alarm, Mode, Phase
from gate.core.model import Direction
from gate.core.outlet_events import (
    AlarmChanged,
    Coached,
    CodeSeen,
    CodesInView,
    Decided,
    Event,
    ListChanged,
    PhaseChanged,
)
from gate.core.reason import ADMITTING, Reason
from gate.core.staleness import Freshness
from gate.kiosk.about import HelpLine, ScreenPlace
from gate.kiosk.page_state import COACHED_FOR, Scene
from tests.unit.kiosk_page import ABOUT, page

READY, RELEASED = PhaseChanged(0, Phase.READY), PhaseChanged(0, Phase.RELEASED)
SEEN = CodeSeen(0, "reader[0]")
HELD = CodesInView(0, answered=True, waiting=False, going=False)
NEXT = CodesInView(0, answered=False, waiting=True, going=False)


def decided(reason: Reason) -> Decided:
    admitted = reason in ADMITTING
    return Decided(0, "reader[0]", Direction.ENTRY, reason, admitted, admitted, Mode.ENFORCE, 12.5)


def scene(*events: Event | float) -> Scene:
    return page(*events).scene


def test_a_person_reads_when_a_code_was_used_and_how_long_to_wait() -> None:
    def english(answer: Decided, wall: float) -> tuple[str, str]:
        line = page(READY, answer, about=replace(ABOUT, languages=("en",)), wall=wall).lines[0]
        return line.headline, line.advice

    used = replace(decided(Reason.ALREADY_USED), used_at=1_000.0)
    soon = replace(decided(Reason.TOO_SOON), used_at=1_000.0, again_at=2_800.0)
    assert english(used, 1_600.0) == ("Already used", "10 min ago. Renew the code in the app")
    assert english(soon, 1_180.0)[0] == "Wait 27 min"
    assert english(soon, 1_181.0)[0] == "Wait 27 min"  # never too early
    assert english(soon, 2_795.0)[0] == "Wait 1 min"
    assert english(replace(soon, again_at=1_000.0 + 43_200), 1_000.0)[0] == "Wait 12 h"
    assert english(decided(Reason.TOO_SOON), 1_000.0)[0] == "Used moments ago"  # after the journal was lost


def test_a_boarding_pass_is_refused_as_unreadable_with_an_advice_of_its_own() -> None:
    plain, boarding = (page(READY, replace(decided(Reason.UNREADABLE), hint=one)) for one in (None, Hint.OTHER_SYMBOL))
    assert [line.lang for line in boarding.lines] == ["kk", "ru", "en"]
    for line, other in zip(boarding.lines, plain.lines, strict=True):
        assert line.headline == other.headline
        assert line.advice != other.advice
        assert "Ashyq" in line.advice
    assert boarding.lines[2].advice == "It may be a boarding pass: open Ashyq"


def test_a_hint_is_shown_while_it_holds_and_never_over_an_answer() -> None:
    closer, still = Coached(0, "reader[0]", Hint.CLOSER), Coached(0, "reader[0]", Hint.HOLD_STILL)
    shown = page(READY, closer)
    assert (shown.scene, shown.coach, shown.lines[2].headline) == (Scene.COACH, Hint.CLOSER, "Closer")
    assert page(READY, closer, 2.0, still).coach is Hint.HOLD_STILL
    assert scene(READY, closer, 2.0, closer, COACHED_FOR - 0.1) is Scene.COACH
    assert scene(READY, closer, COACHED_FOR) is Scene.IDLE
    assert scene(READY, closer, SEEN) is Scene.SEEN
    assert scene(READY, decided(Reason.EXPIRED), closer) is Scene.REFUSED
    assert scene(READY, decided(Reason.ADMITTED), RELEASED, closer) is Scene.ADMITTED
    assert scene(READY, HELD, closer) is Scene.HELD
    assert scene(READY, closer, RELEASED, NEXT) is Scene.WAIT
    assert scene(PhaseChanged(0, Phase.OUT_OF_SERVICE), closer) is Scene.OUT_OF_SERVICE


@pytest.mark.parametrize("alarm", [Alarm.HELD_OPEN_SOON, Alarm.HELD_OPEN])
def test_the_person_at_an_open_door_is_asked_to_shut_it(alarm: Alarm) -> None:
    on = AlarmChanged(0, alarm, True)
    shown = page(READY, on)
    assert (shown.scene, shown.lines[2].headline) == (Scene.SHUT_DOOR, "Shut the door")
    assert scene(READY, on, replace(on, on=False)) is Scene.IDLE
    assert scene(PhaseChanged(0, Phase.LOCKED_DOWN), on) is Scene.SHUT_DOOR
    assert scene(PhaseChanged(0, Phase.FIRE), on) is Scene.FIRE
    assert scene(PhaseChanged(0, Phase.FREE), on) is Scene.FREE
    assert scene(READY, decided(Reason.EXPIRED), on) is Scene.REFUSED  # somebody else reads an answer


@pytest.mark.parametrize(
    ("lanes", "phone", "advice"),
    [
        (1, "", "It is not about you. Call the staff"),
        (3, "", "Use another lane or call the staff"),
        (1, "+7 727 250 00 00", "It is not about you. Call the number below"),
        (3, "+7 727 250 00 00", "Use another lane or call the number below"),
    ],
)
def test_another_lane_and_a_number_are_named_only_where_there_is_one(lanes: int, phone: str, advice: str) -> None:
    venue = replace(ABOUT, languages=("en",), lanes=lanes, help=HelpLine(phone))
    assert page(READY, ListChanged(0, None, None, Freshness.MISSING), about=venue).lines[0].advice == advice
    if lanes > 1 or phone:
        assert page(PhaseChanged(0, Phase.OUT_OF_SERVICE), about=venue).lines[0].advice == advice
        assert page(PhaseChanged(0, Phase.MAINTENANCE), about=venue).lines[0].advice == advice


def test_an_order_with_an_end_says_when_the_way_opens() -> None:
    almaty = replace(ABOUT, languages=("en",), timezone="Asia/Almaty")
    for phase in (Phase.MAINTENANCE, Phase.OUT_OF_SERVICE):
        order = PhaseChanged(0, phase, until=1_795_858_200.0)
        assert page(order, about=almaty, wall=1_795_850_000.0).lines[0].advice == "Opens at 14:30"
        assert page(order, about=almaty, wall=1_795_700_000.0).lines[0].advice == "Opens at 14:30 (28.11)"
        assert "Opens" not in page(order, about=almaty, wall=1_795_858_200.0).lines[0].advice
        assert "Opens" not in page(order, PhaseChanged(0, phase), about=almaty, wall=1_795_850_000.0).lines[0].advice


def test_a_fire_sends_the_people_outside_away_and_those_inside_out() -> None:
    fire = PhaseChanged(0, Phase.FIRE)
    inside = replace(ABOUT, languages=("en",), screen=ScreenPlace(side="exit"))
    assert page(fire).lines[2].headline == "Fire! Do not enter"
    assert page(fire, about=inside).lines[0].headline == "Exit"


@pytest.mark.parametrize(
    ("quiet", "wall", "expected"),
    [
        (("22:00", "07:00"), 23, True),
        (("22:00", "07:00"), 6, True),
        (("22:00", "07:00"), 7, False),
        (("13:00", "14:00"), 13, True),
        (None, 3, False),
    ],
)
def test_quiet_hours_are_those_of_the_venue(quiet: tuple[str, str] | None, wall: int, expected: bool) -> None:
    almaty = replace(ABOUT, timezone="Asia/Almaty", screen=ScreenPlace(quiet=quiet))
    assert page(READY, about=almaty, wall=1_795_824_000 + (wall - 5) * 3600).quiet is expected
