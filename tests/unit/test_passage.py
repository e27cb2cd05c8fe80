"""The lane between a grant and a closed barrier, as a model: whatever happens in whatever order."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gate.core.events import Passed, Phase
from gate.core.model import Direction
from gate.core.passage import (
    Crossed,
    DeviceState,
    Effect,
    EndGrant,
    ExitAsked,
    Fire,
    Granted,
    LaneEvent,
    LaneState,
    Note,
    Release,
    Secure,
    Tick,
    Timing,
    step,
)

ENTRY, EXIT = Direction.ENTRY, Direction.EXIT
TIMING = Timing(hold=5.0, passage_timeout=8.0, sensed=frozenset({ENTRY}))


def play(*events: LaneEvent, timing: Timing = TIMING, state: LaneState | None = None) -> tuple[LaneState, list[Effect]]:
    state = state or LaneState()
    effects: list[Effect] = []
    for event in events:
        state, more = step(state, event, timing)
        effects += more
    return state, effects


def test_a_grant_releases_and_ends_when_the_person_went_through() -> None:
    state, effects = play(Granted(1, ENTRY, 0.0), Tick(2.0), Crossed(ENTRY, 2.5), Tick(99.0))
    assert effects == [Release(ENTRY), Secure(), EndGrant(1, Passed.PASSED)]
    assert state.phase is Phase.READY


def test_nobody_passes_so_the_barrier_locks_before_the_use_is_given_back() -> None:
    _, effects = play(Granted(1, ENTRY, 0.0), Tick(7.9), Tick(8.0))
    assert effects == [Release(ENTRY), Secure(), EndGrant(1, Passed.NOT_PASSED)]


def test_without_a_sensor_that_way_the_use_stays_used() -> None:
    _, effects = play(Granted(1, EXIT, 0.0), Tick(4.9), Tick(5.0))
    assert effects == [Release(EXIT), EndGrant(1, Passed.UNKNOWN)]


def test_a_passage_the_other_way_is_noted_and_the_grant_goes_on() -> None:
    state, effects = play(Granted(1, ENTRY, 0.0), Crossed(EXIT, 1.0))
    assert effects == [Release(ENTRY), Note("passage", "without a grant", EXIT)]
    assert state.phase is Phase.RELEASED


def test_fire_ends_a_grant_and_nothing_is_granted_while_it_lasts() -> None:
    state, effects = play(Granted(1, ENTRY, 0.0), Fire(True), Granted(2, ENTRY, 1.0), Fire(True))
    assert effects == [
        Release(ENTRY),
        EndGrant(1, Passed.UNKNOWN),
        Note("fire", "alarm"),
        EndGrant(2, Passed.NOT_PASSED),
    ]
    assert state.phase is Phase.FIRE
    assert play(Fire(False), state=state)[1] == [Note("fire", "over")]


def test_the_exit_button_is_recorded_and_opens_even_during_a_grant() -> None:
    _, effects = play(Granted(1, ENTRY, 0.0), ExitAsked(1.0))
    assert effects[1:] == [Note("rex", "released", EXIT), Release(EXIT)]


def test_a_missing_device_shows() -> None:
    state, _ = play(DeviceState("barrier", False), DeviceState("input[0]", False), DeviceState("barrier", True))
    assert state.phase is Phase.OUT_OF_SERVICE
    assert play(DeviceState("input[0]", True), state=state)[0].phase is Phase.READY


class LaneMachine(RuleBasedStateMachine):
    """Grants, passages, alarms and time in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.state = LaneState()
        self.now = 0.0
        self.seq = 0
        self.released: set[int] = set()
        self.ended: dict[int, Passed] = {}
        self.locked_since_release = True

    def happen(self, event: LaneEvent) -> list[Effect]:
        self.state, effects = step(self.state, event, TIMING)
        for effect in effects:
            match effect:
                case Release():
                    self.locked_since_release = False
                case Secure():
                    self.locked_since_release = True
                case EndGrant(seq, passed):
                    assert seq not in self.ended, "a grant ends once"
                    if passed is not Passed.UNKNOWN and seq in self.released:
                        assert self.locked_since_release, "locked before the use is given back, and behind who passed"
                    self.ended[seq] = passed
        return list(effects)

    @rule(direction=st.sampled_from(Direction))
    def grant(self, direction: Direction) -> None:
        busy = self.state.grant is not None or self.state.fire
        self.seq += 1
        effects = self.happen(Granted(self.seq, direction, self.now))
        assert (Release(direction) in effects) is not busy, "one person per grant"
        if Release(direction) in effects:
            self.released.add(self.seq)

    @rule(direction=st.sampled_from(Direction))
    def cross(self, direction: Direction) -> None:
        self.happen(Crossed(direction, self.now))

    @rule(seconds=st.floats(0, 20))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.happen(Tick(self.now))

    @rule(active=st.booleans())
    def fire(self, active: bool) -> None:
        self.happen(Fire(active))

    @rule(present=st.booleans())
    def device(self, present: bool) -> None:
        self.happen(DeviceState("barrier", present))

    @precondition(lambda self: not self.state.fire and not self.state.missing)
    @rule()
    def leave(self) -> None:
        assert Release(EXIT) in self.happen(ExitAsked(self.now))

    @invariant()
    def every_released_grant_is_open_or_ended(self) -> None:
        open_seq = {self.state.grant.seq} if self.state.grant else set()
        assert self.released - set(self.ended) == open_seq

    @invariant()
    def no_grant_outlasts_its_deadline(self) -> None:
        if self.state.grant:
            assert self.now <= self.state.grant.deadline

    @invariant()
    def a_grant_never_stands_in_a_fire(self) -> None:
        assert not (self.state.fire and self.state.grant)


TestLaneMachine = LaneMachine.TestCase
TestLaneMachine.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
