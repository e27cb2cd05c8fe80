"""Events go in, what the screen shows comes out."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.coaching import Hint
from gate.core.lane.effects import Passed
from gate.core.lane.modes import Alarm, Mode, Phase
from gate.core.model import Direction
from gate.core.outlet_events import (
    AlarmChanged,
    ClockChanged,
    Coached,
    CodeSeen,
    CodesInView,
    Decided,
    DeviceChanged,
    Event,
    GrantEnded,
    ListChanged,
    PhaseChanged,
)
from gate.core.reason import ADMITTING, Reason
from gate.core.staleness import Freshness
from gate.core.trusted_time import ClockTrust, Ntp
from gate.kiosk.fault_codes import REASON_CODES
from gate.kiosk.page_state import (
    GRANTED,
    GRANTED_FOR,
    HINT_AFTER,
    LOWERED_FOR,
    REFUSED_FOR,
    SEEN_FOR,
    PageState,
    Scene,
    due,
    settle,
    step,
)
from gate.kiosk.view import LONGEST_PROBLEM, show
from gate.texts.catalogue import reason_words, texts_in
from tests.unit.kiosk_page import ABOUT, page, run

READY, RELEASED = PhaseChanged(0, Phase.READY), PhaseChanged(0, Phase.RELEASED)
SEEN = CodeSeen(0, "reader[0]")
PASSED = GrantEnded(0, Passed.PASSED)
HELD = CodesInView(0, answered=True, waiting=False, going=False)
NEXT = CodesInView(0, answered=False, waiting=True, going=False)
BOTH = CodesInView(0, answered=True, waiting=True, going=True)
GONE = CodesInView(0, answered=False, waiting=False, going=False)


def decided(reason: Reason, let_through: bool | None = None) -> Decided:
    admitted = reason in ADMITTING
    let = admitted if let_through is None else let_through
    return Decided(0, "reader[0]", Direction.ENTRY, reason, admitted, let, Mode.ENFORCE, 12.5)


def scene(*events: Event | float) -> Scene:
    return page(*events).scene


def test_before_the_lane_has_spoken_the_gate_is_out_of_service() -> None:
    assert scene() is Scene.OUT_OF_SERVICE
    assert scene(decided(Reason.ADMITTED)) is Scene.OUT_OF_SERVICE
    assert scene(READY) is Scene.IDLE


def test_a_code_gets_a_reaction_at_once_and_is_forgotten_without_a_verdict() -> None:
    assert scene(READY, SEEN) is Scene.SEEN
    assert scene(READY, SEEN, SEEN_FOR - 0.1) is Scene.SEEN
    assert scene(READY, SEEN, SEEN_FOR) is Scene.IDLE


@pytest.mark.parametrize("reason", sorted(set(Reason) - ADMITTING - {Reason.LANE_BUSY} - set(REASON_CODES)))
def test_a_refusal_shows_its_reason_in_every_language_and_goes_away(reason: Reason) -> None:
    shown = page(READY, SEEN, decided(reason))
    assert shown.scene is Scene.REFUSED
    assert shown.reason is reason
    assert shown.number == 1
    assert [line.lang for line in shown.lines] == ["kk", "ru", "en"]
    for line in shown.lines:
        words = reason_words(reason, line.lang)
        assert (line.headline, line.advice) == (words.headline, words.advice)
    gone = page(READY, decided(reason), REFUSED_FOR)
    assert (gone.scene, gone.reason, gone.number) == (Scene.IDLE, None, 0)


@pytest.mark.parametrize("reason", REASON_CODES)
def test_whatever_fails_in_the_gate_the_visitor_reads_one_text_and_the_strip_has_a_code(reason: Reason) -> None:
    shown = page(READY, SEEN, decided(reason, let_through=False))
    assert (shown.scene, shown.reason, shown.number) == (Scene.UNAVAILABLE, reason, 1)
    assert [line.headline for line in shown.lines] == [
        texts_in(language).unavailable.headline for language in ABOUT.languages
    ]
    assert shown.codes == (REASON_CODES[reason],)
    gone = page(READY, decided(reason, let_through=False), REFUSED_FOR)
    assert (gone.scene, gone.number, gone.codes) == (Scene.IDLE, 0, ())


def test_the_languages_come_in_the_venues_order() -> None:
    shown = page(READY, about=replace(ABOUT, languages=("en", "kk")))
    assert [line.lang for line in shown.lines] == ["en", "kk"]


def test_a_refusal_stays_while_its_code_is_held_up_and_a_moment_longer() -> None:
    held = (READY, decided(Reason.EXPIRED), HELD, 60.0)
    assert page(*held).reason is Reason.EXPIRED
    assert page(*held, GONE, LOWERED_FOR - 0.1).reason is Reason.EXPIRED
    assert scene(*held, GONE, LOWERED_FOR) is Scene.IDLE
    soon = (READY, decided(Reason.EXPIRED), HELD, 0.5, GONE)
    assert scene(*soon, REFUSED_FOR - 0.6) is Scene.REFUSED
    assert scene(*soon, REFUSED_FOR - 0.5) is Scene.IDLE


def test_a_refused_code_that_is_held_for_long_gets_a_hint_beside_its_reason() -> None:
    refused = (READY, decided(Reason.EXPIRED), HELD)
    before, after = page(*refused, HINT_AFTER - 0.1), page(*refused, HINT_AFTER)
    assert before.lines[2].advice == reason_words(Reason.EXPIRED, "en").advice
    assert [line.headline for line in after.lines] == [line.headline for line in before.lines]
    assert after.lines[2].advice == "Take the phone away. The next person can show a code now"
    assert (after.scene, after.number) == (Scene.REFUSED, before.number)
    again = page(*refused, HINT_AFTER, SEEN, decided(Reason.EXPIRED))
    assert again.lines == before.lines  # the next person reads all of it


def test_nobody_is_asked_for_a_code_that_is_held_up_and_has_had_its_answer() -> None:
    through = (READY, decided(Reason.ADMITTED), RELEASED, HELD, 5.0, PASSED, READY)
    assert scene(*through) is Scene.HELD
    assert page(*through).number == 0
    assert scene(*through, 60.0) is Scene.HELD
    assert scene(*through, GONE) is Scene.IDLE
    assert scene(*through, SEEN) is Scene.SEEN  # somebody else's
    assert scene(*through, SEEN, decided(Reason.EXPIRED)) is Scene.REFUSED
    shut = ListChanged(0, None, None, Freshness.MISSING)
    assert scene(*through, shut) is Scene.UNAVAILABLE
    assert scene(*through, PhaseChanged(0, Phase.FIRE)) is Scene.FIRE


def test_green_lasts_until_somebody_went_through() -> None:
    granted = (READY, decided(Reason.ADMITTED), RELEASED)
    assert scene(*granted) is Scene.ADMITTED
    assert scene(*granted, 30.0) is Scene.ADMITTED  # someone with a wheelchair, and more time
    assert scene(*granted, 5.0, PASSED) is Scene.IDLE
    assert scene(*granted, 5.0, READY) is Scene.IDLE
    assert scene(*granted, HELD, 5.0, GONE) is Scene.ADMITTED  # the phone was put away on the way


def test_green_can_be_read_even_where_the_grant_ends_at_once() -> None:
    at_once = (READY, decided(Reason.ADMITTED), RELEASED, 0.1, GrantEnded(0, Passed.UNKNOWN), READY)
    assert scene(*at_once) is Scene.ADMITTED
    assert scene(*at_once, GRANTED_FOR - 0.1) is Scene.IDLE


def test_the_next_person_is_told_to_wait_and_never_sees_the_green_of_the_one_before() -> None:
    next_one = (READY, decided(Reason.ADMITTED), RELEASED, 2.0, NEXT)
    assert scene(*next_one) is Scene.WAIT
    assert scene(*next_one, 60.0) is Scene.WAIT  # however long it takes
    assert scene(*next_one, PASSED, READY) is Scene.WAIT  # their turn comes with the next frame
    assert scene(*next_one, PASSED, READY, SEEN, decided(Reason.ADMITTED)) is Scene.ADMITTED
    assert scene(*next_one, GONE, LOWERED_FOR - 0.1) is Scene.WAIT
    assert scene(*next_one, GONE, LOWERED_FOR) is Scene.IDLE  # and not the green again
    assert scene(*next_one, GONE, PASSED) is Scene.IDLE
    too_quick = (READY, decided(Reason.ADMITTED), RELEASED, 0.2, NEXT)
    assert scene(*too_quick) is Scene.ADMITTED
    assert scene(*too_quick, GRANTED_FOR) is Scene.WAIT
    assert scene(READY, RELEASED, NEXT) is Scene.WAIT  # released by the exit button
    assert scene(READY, NEXT, RELEASED) is Scene.WAIT


def test_two_phones_at_once() -> None:
    both = (READY, decided(Reason.ADMITTED), RELEASED, BOTH)
    assert scene(*both, 5.0) is Scene.ADMITTED  # the first one stands there still
    assert scene(*both, 5.0, NEXT) is Scene.WAIT  # and now has put the phone away
    assert scene(*both, 5.0, PASSED) is Scene.WAIT
    assert scene(*both, 5.0, PASSED, READY) is Scene.WAIT  # nobody is told to take the phone away
    assert scene(*both, 5.0, PASSED, READY, SEEN, decided(Reason.ADMITTED), RELEASED) is Scene.ADMITTED
    refused = (READY, decided(Reason.EXPIRED), HELD, SEEN, decided(Reason.ADMITTED), RELEASED)
    assert scene(*refused, 5.0, PASSED, READY) is Scene.HELD
    beside = replace(BOTH, going=False)  # a refused one, while another goes out
    assert scene(READY, decided(Reason.EXPIRED), RELEASED, beside, REFUSED_FOR - 0.1) is Scene.REFUSED
    assert scene(READY, decided(Reason.EXPIRED), RELEASED, beside, REFUSED_FOR) is Scene.WAIT


def test_lane_busy_is_no_verdict_of_its_own() -> None:
    """Whoever waited in vain has gone."""
    busy = page(READY, decided(Reason.LANE_BUSY))
    assert (busy.scene, busy.number) == (Scene.IDLE, 0)
    during = (READY, decided(Reason.ADMITTED), RELEASED, 0.2, decided(Reason.LANE_BUSY))
    assert (page(*during).scene, page(*during).number) == (Scene.ADMITTED, 1)


def test_a_pilot_lets_through_and_says_what_it_would_have_said() -> None:
    pilot = replace(ABOUT, mode=Mode.PILOT)
    shown = page(READY, decided(Reason.EXPIRED, let_through=True), about=pilot)
    assert shown.scene is Scene.LET_THROUGH
    assert [line.headline for line in shown.lines] == ["Өтіңіз", "Проходите", "Go ahead"]
    assert [line.advice for line in shown.lines] == [
        "Жұмыс режимінде өткізілмес еді: «Мерзімі өткен»",
        "В рабочем режиме был бы отказ: «Срок истёк»",
        "In service this would be refused: “Pass expired”",
    ]
    fault = page(READY, decided(Reason.LIST_MISSING, let_through=True), about=pilot)
    assert fault.lines[2].advice == "In service this would be refused: “Cannot check now”"
    assert [note.lang for note in shown.trial] == ["kk", "ru", "en"]
    assert page(READY).trial == ()
    assert page(READY, decided(Reason.ADMITTED), about=pilot).scene is Scene.ADMITTED


def test_admitted_without_a_barrier_that_follows_is_not_green() -> None:
    shown = page(READY, decided(Reason.ADMITTED, let_through=False))
    assert (shown.scene, shown.reason) == (Scene.UNAVAILABLE, Reason.DEVICE_FAILED)


@pytest.mark.parametrize(
    ("phase", "expected"), [(Phase.FIRE, Scene.FIRE), (Phase.OUT_OF_SERVICE, Scene.OUT_OF_SERVICE)]
)
def test_no_verdict_is_shown_or_kept_when_the_lane_is_not_in_service(phase: Phase, expected: Scene) -> None:
    out = PhaseChanged(0, phase)
    assert scene(READY, decided(Reason.ADMITTED), out) is expected
    shown = page(READY, out, decided(Reason.ADMITTED))
    assert (shown.scene, shown.reason, shown.number) == (expected, None, 0)
    assert scene(READY, decided(Reason.ADMITTED), out, READY) is Scene.IDLE


def test_the_technician_sees_what_is_wrong_with_devices_until_it_is_well() -> None:
    lost = DeviceChanged(0, "reader[0]", "camera", "no frames for 2 s")
    jammed = DeviceChanged(0, "barrier", "serial_frames", "no answer" + "!" * 500)
    shown = page(READY, lost, jammed)
    assert shown.problems[1] == "reader[0] (camera): no frames for 2 s"
    assert shown.problems[0].startswith("barrier (serial_frames): no answer")
    assert len(shown.problems[0]) == LONGEST_PROBLEM
    assert page(READY, lost, jammed, replace(lost, problem="")).problems == shown.problems[:1]


def test_nobody_is_asked_for_a_code_that_no_reader_can_see() -> None:
    one, other = (DeviceChanged(0, f"reader[{place}]", "camera", "no new frame for 1500ms") for place in (0, 1))
    well = replace(one, problem="")
    assert scene(READY, well, replace(other, problem=""), other) is Scene.IDLE  # the other one sees
    assert scene(READY, well, one) is Scene.OUT_OF_SERVICE
    assert scene(READY, well, one, well) is Scene.IDLE
    assert scene(READY, decided(Reason.EXPIRED), one) is Scene.REFUSED  # a verdict is finished
    assert scene(READY, decided(Reason.EXPIRED), one, REFUSED_FOR) is Scene.OUT_OF_SERVICE


@pytest.mark.parametrize(
    ("standing", "behind", "text"),
    [
        (ClockTrust.BEHIND, 400 * 86400.0, "Clock is 400 d behind: set it"),
        (ClockTrust.BEHIND, 90.0, "Clock is 1 min behind: set it"),
        (ClockTrust.UNTRUSTED, 5 * 3600.0, "Clock is 5 h behind: nobody enters"),
    ],
)
def test_a_clock_that_is_behind_is_shown_until_it_is_right(standing: ClockTrust, behind: float, text: str) -> None:
    english = replace(ABOUT, languages=("en",))
    told = ClockChanged(0, standing, behind, Ntp.UNKNOWN)
    shown = page(READY, told, about=english).clock
    assert shown is not None
    assert (shown.standing, shown.text) == (standing, text)
    assert page(READY, told, replace(told, standing=ClockTrust.TRUSTED), about=english).clock is None


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (ListChanged(0, 7, 1, Freshness.REFUSE), Reason.LIST_EXPIRED),
        (ListChanged(0, None, None, Freshness.MISSING), Reason.LIST_MISSING),
        (ClockChanged(0, ClockTrust.UNTRUSTED, 9e6, Ntp.UNKNOWN), Reason.CLOCK_UNTRUSTED),
    ],
)
def test_where_nobody_could_enter_nobody_is_asked_for_a_code(told: Event, reason: Reason) -> None:
    shown = page(READY, told)
    assert (shown.scene, shown.reason, shown.codes) == (Scene.UNAVAILABLE, None, (REASON_CODES[reason],))
    assert [line.headline for line in shown.lines] == [texts_in(lang).unavailable.headline for lang in ABOUT.languages]
    refused = page(READY, told, SEEN, decided(reason))
    assert (refused.scene, refused.reason) == (Scene.UNAVAILABLE, reason)  # a person who tries all the same reads it
    assert page(READY, told, about=replace(ABOUT, mode=Mode.PILOT)).scene is Scene.IDLE
    assert page(READY, told, PhaseChanged(0, Phase.FIRE)).scene is Scene.FIRE
    lost = page(READY, told, PhaseChanged(0, Phase.OUT_OF_SERVICE))
    assert lost.lines[0].headline == reason_words(Reason.OUT_OF_SERVICE, "kk").headline


@pytest.mark.parametrize("grade", [Freshness.FRESH, Freshness.WARN, Freshness.RESTRICT])
def test_while_somebody_can_enter_the_page_asks_for_codes(grade: Freshness) -> None:
    assert (
        scene(READY, ListChanged(0, 7, 1, grade), ClockChanged(0, ClockTrust.BEHIND, 900.0, Ntp.UNKNOWN)) is Scene.IDLE
    )


@pytest.mark.parametrize(
    ("grade", "age", "text"),
    [
        (Freshness.WARN, 6.5 * 3600, "List updated 6 h ago"),
        (Freshness.WARN, 90 * 60, "List updated 90 min ago"),
        (Freshness.RESTRICT, 30 * 3600, "List updated 30 h ago: entry is restricted"),
        (Freshness.REFUSE, 5 * 86400, "List updated 5 d ago: too old to use"),
        (Freshness.WARN, -500, "List updated 0 min ago"),
    ],
)
def test_the_age_of_the_list_is_shown_from_warn_on(grade: Freshness, age: float, text: str) -> None:
    wall = 1_800_000_000
    status_list = ListChanged(0, 7, int(wall - age), grade)
    english = replace(ABOUT, languages=("en",))
    shown = page(READY, status_list, about=english, wall=wall).list
    assert shown is not None
    assert (shown.grade, shown.text) == (grade, text)
    assert page(READY, replace(status_list, freshness=Freshness.FRESH), about=english, wall=wall).list is None


def test_a_missing_list_is_shown() -> None:
    shown = page(READY, ListChanged(0, None, None, Freshness.MISSING), about=replace(ABOUT, languages=("en",))).list
    assert shown is not None
    assert (shown.grade, shown.text) == ("missing", "No list")


def test_simulated_drivers_are_named() -> None:
    shown = page(READY, about=replace(ABOUT, simulated=("barrier: fake",)))
    assert [note.lang for note in shown.simulated] == ["en", "kk"]
    assert shown.simulated[0].text == "Simulated hardware"
    assert shown.drivers == ("barrier: fake",)
    assert page(READY).simulated == ()


CLOSED = {Scene.OUT_OF_SERVICE, Scene.MAINTENANCE, Scene.LOCKED_DOWN, Scene.FIRE, Scene.SHUT_DOOR}
EVENTS = st.one_of(
    st.builds(Coached, st.just(0.0), st.just("reader[0]"), st.sampled_from(Hint)),
    st.builds(AlarmChanged, st.just(0.0), st.sampled_from(Alarm), st.booleans()),
    st.just(SEEN),
    st.builds(CodesInView, st.just(0.0), st.booleans(), st.booleans(), st.booleans()),
    st.builds(decided, st.sampled_from(Reason), st.none() | st.booleans()),
    st.builds(GrantEnded, st.just(0.0), st.sampled_from(Passed)),
    st.builds(PhaseChanged, st.just(0.0), st.sampled_from(Phase)),
    st.builds(
        DeviceChanged, st.just(0.0), st.sampled_from(["barrier", "reader[0]"]), st.text(), st.text(st.characters())
    ),
    st.builds(
        ListChanged,
        st.just(0.0),
        st.none() | st.integers(0),
        st.none() | st.integers(0, 2**40),
        st.sampled_from(Freshness),
    ),
    st.floats(0, 20),
)


@given(st.lists(EVENTS, max_size=30), st.sampled_from(Mode))
def test_whatever_happens(events: list[Event | float], mode: Mode) -> None:
    state, now = PageState(), 0.0
    phase: Phase | None = None
    last: Decided | None = None
    count = 0
    for event in events:
        state, now = run(state, now, event)
        if isinstance(event, Decided):
            count += 1
            last = event if event.reason is not Reason.LANE_BUSY or event.let_through else last
        if isinstance(event, PhaseChanged):
            phase = event.phase
        shown = show(state, replace(ABOUT, mode=mode), 1e9)
        json.dumps(asdict(shown), ensure_ascii=False).encode()
        assert state.number == count
        assert len(shown.lines) == 3
        if shown.scene in GRANTED:  # green, or the pilot's arrow, only for a person the lane let through
            assert phase in (Phase.READY, Phase.RELEASED, Phase.BUSY, Phase.FREE)
            assert last is not None
            assert last.let_through
            assert last.admitted is (shown.scene is Scene.ADMITTED)
        if phase not in (Phase.READY, Phase.RELEASED, Phase.BUSY, Phase.FREE):
            assert shown.scene in CLOSED
        until = due(settle(state, now))  # what an event has made overdue is settled at once
        assert until is None or now < until <= now + HINT_AFTER
    # Nobody is there any more and nobody goes through: no verdict stays.
    state = step(step(state, GONE, now), PASSED, now)
    for _ in range(2):
        state = settle(state, due(state) or now)
    assert due(state) is None
    assert show(state, ABOUT, 1e9).scene in {Scene.IDLE, Scene.FREE, Scene.UNAVAILABLE, *CLOSED}


def test_the_strip_names_the_mode_in_force() -> None:
    modes = texts_in(ABOUT.languages[0]).modes
    assert page(READY).mode.text == modes[ABOUT.mode]
    for phase, mode in ((Phase.FREE, Mode.FREE), (Phase.READY, Mode.PILOT), (Phase.MAINTENANCE, Mode.MAINTENANCE)):
        shown = page(READY, PhaseChanged(0, phase, mode))
        assert (shown.mode.text, bool(shown.trial)) == (modes[mode], mode is Mode.PILOT)
        assert (
            page(READY, PhaseChanged(0, phase, mode), PhaseChanged(0, Phase.READY, ABOUT.mode)).mode == page(READY).mode
        )


def test_a_change_of_mode_alone_leaves_the_verdict_on_show() -> None:
    assert scene(READY, decided(Reason.PASS_REVOKED), PhaseChanged(0, Phase.READY, Mode.PILOT)) is Scene.REFUSED
