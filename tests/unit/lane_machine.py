"""A lane as a model: whatever happens in whatever order, seen from outside as a door would see it.

The machine is run over the reducer as it is, and over reducers with a planted fault, which it must find.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gate.core.lane import events
from gate.core.lane.effects import Alarmed, Effect, EndGrant, Passed, Release, Secure, SetStance, StoreOrders
from gate.core.lane.grants import EXTENDS_FOR
from gate.core.lane.hindrance import hindrance
from gate.core.lane.modes import STANDING, Alarm, Mode, Phase
from gate.core.lane.state import Equipment, LaneState
from gate.core.lane.step import step
from gate.core.lane.terms import OrderTerms, is_due
from gate.core.model import Direction, Stance
from tests.unit.lane_kinds import LANES, LIMIT

ENTRY, EXIT = Direction.ENTRY, Direction.EXIT
FREE, BLOCKED, CONTROLLED = Stance.FREE, Stance.BLOCKED, Stance.CONTROLLED
Step = Callable[[LaneState, events.LaneEvent, Equipment], tuple[LaneState, tuple[Effect, ...]]]


class LaneMachine(RuleBasedStateMachine):
    """Keeps a door of its own, which knows only what it was told."""

    step: Step = staticmethod(step)
    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.equipment = LANES["turnstile"]
        self.state = LaneState()
        self.now = 0.0
        self.seq = 0
        self.ended: dict[int, Passed] = {}
        self.granted: tuple[int, Direction] | None = None  # the last that was accepted
        self.doubt = False  # whether, on that one, anybody may have gone through unseen
        self.standing: set[Mode] = set()  # what staff ordered
        self.panic = self.alarm = self.loop_open = self.interlocked = False
        self.barrier = self.obeys = True
        self.stance = CONTROLLED
        self.released_at: float | None = None
        self.released_for: set[Direction] = set()
        self.alarms: set[Alarm] = set()
        self.remembered: tuple[frozenset[Mode], bool, Mapping[Mode, OrderTerms]] = (frozenset(), False, {})
        self.clock = 1.8e9  # Unix s of the trusted clock when `now` is 0
        self.lasting: dict[Mode, float] = {}  # seconds that the orders with an end are meant to last

    # What a door sees.

    @property
    def way_open(self) -> bool:
        return self.stance is FREE or self.released_at is not None

    @property
    def trusted(self) -> float:
        return self.clock + self.now

    @property
    def locked_down(self) -> bool:
        return (self.panic or Mode.LOCKED_DOWN in self.standing) and not self.alarm

    @property
    def closed(self) -> bool:
        """Nobody is served, by orders of staff."""
        return bool(self.panic or self.standing & {Mode.LOCKED_DOWN, Mode.OUT_OF_SERVICE, Mode.MAINTENANCE})

    def happen(self, event: events.LaneEvent) -> tuple[Effect, ...]:
        type(self).steps += 1
        self.state, effects = self.step(self.state, event, self.equipment)
        for effect in effects:
            self.see(effect)
        if isinstance(event, events.Released | events.ReleaseFailed) or not any(
            isinstance(effect, Release) for effect in effects
        ):
            return effects
        if self.obeys:
            return (*effects, *self.happen(events.Released(self.now)))
        self.lock()
        return (*effects, *self.happen(events.ReleaseFailed(moved=False, at=self.now)))

    def see(self, effect: Effect) -> None:
        match effect:
            case Release(direction):
                assert self.barrier, "a barrier that is not there was released"
                assert self.stance is CONTROLLED, "a release needs a controlled barrier"
                assert self.alarm or not self.interlocked, "released while the other door was open"
                assert not (self.locked_down and direction is ENTRY), "let in during a lockdown"
                self.released_at = self.now
                self.released_for = {direction}  # one release takes the place of another
            case Secure():
                assert not self.alarm, "locked during a fire"
                assert self.stance is not FREE, "locked while it was to stand free"
                self.lock()
            case SetStance(stance):
                assert self.barrier, "a barrier that is not there was told to stand"
                assert stance is CONTROLLED or stance in self.equipment.stances, "a stance it does not know"
                assert not self.alarm or stance is FREE or self.stance is BLOCKED, "shut during a fire"
                assert not (stance is FREE and self.closed and not self.alarm), "free although closed"
                self.stance = stance
                self.doubt = self.doubt or stance is FREE
                self.lock()  # or open, and then not by a release
            case EndGrant(seq, passed):
                assert seq not in self.ended, "a grant ends once"
                if self.granted and self.granted[0] == seq and self.granted[1] not in self.equipment.sensed:
                    assert passed is not Passed.NOT_PASSED or not self.doubt, "given back in doubt"
                self.ended[seq] = passed
            case Alarmed(alarm, on):
                assert (alarm in self.alarms) is not on, "an alarm that did not change"
                (self.alarms.add if on else self.alarms.discard)(alarm)
            case StoreOrders(orders, fire, terms):
                self.remembered = (orders, fire, terms)

    def lock(self) -> None:
        self.released_at = None
        self.released_for.clear()

    # What happens.

    @initialize(lane=st.sampled_from(sorted(LANES)))
    def begin(self, lane: str) -> None:
        self.equipment = LANES[lane]

    @rule(direction=st.sampled_from(Direction), staff=st.booleans())
    def grant(self, direction: Direction, staff: bool) -> None:
        self.seq += 1
        before = self.state.grant
        effects = self.happen(events.Granted(self.seq, direction, self.now, staff))
        if self.seq not in self.ended:
            self.granted, self.doubt = (self.seq, direction), self.stance is FREE
        if before or self.alarm or not self.barrier or self.interlocked:
            assert not any(isinstance(effect, Release) for effect in effects), "one person per grant"
            assert self.ended.get(self.seq) is Passed.NOT_PASSED
        if self.closed and not staff and direction is ENTRY:
            assert self.ended.get(self.seq) is Passed.NOT_PASSED, "granted although closed"

    @rule(direction=st.sampled_from(Direction))
    def cross(self, direction: Direction) -> None:
        self.happen(events.Crossed(direction, self.now))

    @rule(seconds=st.sampled_from([0.1, 1.0, 3.0, 5.0, 8.0, 19.0, 61.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.end_orders()
        self.happen(events.Tick(self.now))
        if self.released_at is not None and not self.alarm:
            assert self.now - self.released_at < LIMIT, "released past its limit"

    @rule(active=st.booleans())
    def fire(self, active: bool) -> None:
        self.loop_open = active
        self.alarm = self.alarm or active
        self.happen(events.Fire(active, self.now))

    @rule()
    def reset(self) -> None:
        still = self.alarm and self.loop_open
        self.alarm = still
        self.happen(events.Reset(self.now))

    @rule(active=st.booleans())
    def switch(self, active: bool) -> None:
        self.panic = active
        self.happen(events.Panic(active, self.now))

    @rule(mode=st.sampled_from(STANDING), on=st.booleans())
    def order(self, mode: Mode, on: bool) -> None:
        (self.standing.add if on else self.standing.discard)(mode)
        self.lasting.pop(mode, None)
        self.happen(events.Ordered(mode, on, self.now, OrderTerms("chief", self.trusted)))

    @rule(mode=st.sampled_from(STANDING), lasts=st.sampled_from([1.0, 8.0, 60.0, 600.0]))
    def order_for(self, mode: Mode, lasts: float) -> None:
        self.standing.add(mode)
        self.lasting[mode] = lasts
        terms = OrderTerms("chief", self.trusted, self.trusted + lasts)
        self.happen(events.Ordered(mode, True, self.now, terms))

    @rule(seconds=st.sampled_from([-1e6, -70.0, -5.0, 5.0, 70.0, 1e6]))
    def set_clock(self, seconds: float) -> None:
        self.clock += seconds
        self.end_orders()

    def end_orders(self) -> None:
        """As the controller does before anything else of a tick."""
        for mode in list(self.lasting):
            terms = self.state.terms[mode]
            if terms.until is not None and terms.since <= self.trusted >= terms.until:
                self.standing.discard(mode)
                del self.lasting[mode]
        if is_due(self.state.terms, self.trusted):
            self.happen(events.OrdersDue(self.trusted, self.now))

    @rule(mode=st.sampled_from([None, *Mode]))
    def schedule(self, mode: Mode | None) -> None:
        self.happen(events.Scheduled(mode, self.now))

    @rule(active=st.booleans())
    def other_door(self, active: bool) -> None:
        self.interlocked = active
        self.happen(events.Interlock(active, self.now))

    @rule(present=st.booleans())
    def barrier_comes_or_goes(self, present: bool) -> None:
        self.barrier = present
        self.stance = CONTROLLED  # a driver locks when it opens, and when it is lost
        self.lock()
        self.happen(events.DeviceState("barrier", present, self.now))

    @rule(obeys=st.booleans())
    def barrier_obeys(self, obeys: bool) -> None:
        self.obeys = obeys

    @rule(on=st.booleans(), source=st.sampled_from(["barrier", "input[0]", "input[5]"]))
    def contact_misbehaves(self, on: bool, source: str) -> None:
        self.happen(events.ContactFault(source, f"{source} chatters", on, self.now))

    @rule(direction=st.sampled_from(Direction))
    def staff_admit(self, direction: Direction) -> None:
        """With nothing in the way that they are told of, they let a person through, whatever cannot be read."""
        if hindrance(self.state, direction):
            return
        self.seq += 1
        self.happen(events.Granted(self.seq, direction, self.now, staff=True))
        self.granted, self.doubt = (self.seq, direction), self.stance is FREE
        if self.obeys:
            assert self.seq not in self.ended
            assert self.way_open, "staff were told that it is done"
        else:
            assert self.way_open or self.ended[self.seq] is Passed.NOT_PASSED

    @rule(present=st.booleans())
    def sensor_comes_or_goes(self, present: bool) -> None:
        self.happen(events.DeviceState("input[0]", present, self.now))

    @rule(opened=st.booleans())
    def door(self, opened: bool) -> None:
        if self.equipment.door.contact:
            self.doubt = self.doubt or (opened and not self.state.door.open)
            self.happen(events.DoorMoved(opened, self.now))

    @rule(home=st.booleans())
    def bolt(self, home: bool) -> None:
        if self.equipment.door.feedback:
            self.happen(events.BoltMoved(home, self.now))

    @rule(active=st.booleans())
    def tamper(self, active: bool) -> None:
        self.happen(events.Tampered(active, self.now))

    @rule(on=st.booleans())
    def extend(self, on: bool) -> None:
        self.happen(events.Extend(self.now, on))
        if not on:
            assert self.state.extend_until is None

    @rule()
    def leave(self) -> None:
        self.happen(events.Button(True, self.now))
        if self.barrier and self.obeys and (self.alarm or not self.interlocked):
            assert self.way_open, "the exit button was not obeyed"
        self.happen(events.Button(False, self.now))

    # What is rare when everything happens by chance.

    @rule()
    def all_is_well_again(self) -> None:
        self.fire(active=False)
        self.reset()
        self.switch(active=False)
        for mode in sorted(self.standing):
            self.order(mode=mode, on=False)
        self.schedule(mode=None)
        self.other_door(active=False)
        self.barrier_comes_or_goes(present=True)
        self.barrier_obeys(obeys=True)
        self.sensor_comes_or_goes(present=True)
        self.door(opened=False)
        self.bolt(home=True)

    @rule(direction=st.sampled_from(Direction), goes=st.booleans())
    def visit(self, direction: Direction, goes: bool) -> None:
        """A person is granted, and goes through or does not."""
        self.grant(direction=direction, staff=False)
        self.bolt(home=False)
        self.wait(seconds=1.0)
        if goes:
            self.door(opened=True)
            self.cross(direction=direction)
            self.wait(seconds=1.0)
            self.door(opened=False)
            self.bolt(home=True)
        self.wait(seconds=8.0)

    @rule(direction=st.sampled_from(Direction))
    def open_house(self, direction: Direction) -> None:
        self.all_is_well_again()
        self.order(mode=Mode.FREE, on=True)
        self.grant(direction=direction, staff=False)
        self.wait(seconds=8.0)

    @rule(direction=st.sampled_from(Direction))
    def more_time_in_a_sluice(self, direction: Direction) -> None:
        self.all_is_well_again()
        self.grant(direction=direction, staff=False)
        self.other_door(active=True)
        self.wait(seconds=5.0)
        self.extend(on=True)
        self.wait(seconds=19.0)

    # What always holds.

    @invariant()
    def every_grant_is_open_or_ended(self) -> None:
        open_grants = {self.state.grant.seq} if self.state.grant else set()
        assert set(range(1, self.seq + 1)) - set(self.ended) == open_grants

    @invariant()
    def a_release_has_an_owner(self) -> None:
        owned = self.state.grant or self.state.exit is not None
        assert self.released_at is None or self.alarm or owned, "released for nobody"

    @invariant()
    def fire_stands_above_everything(self) -> None:
        assert (self.state.phase is Phase.FIRE) is self.alarm
        if self.alarm:
            assert self.state.grant is None
            if self.barrier and self.equipment.fire_frees and FREE in self.equipment.stances:
                assert self.stance is FREE

    @invariant()
    def a_lockdown_keeps_people_out(self) -> None:
        if self.locked_down:
            assert self.stance is not FREE
            assert ENTRY not in self.released_for or self.released_at is None

    @invariant()
    def nobody_is_let_in_while_closed(self) -> None:
        if self.closed and not self.alarm:
            assert not (self.state.grant and self.state.grant.direction is ENTRY and not self.state.grant.staff)

    @invariant()
    def a_free_way_is_meant(self) -> None:
        if self.stance is FREE:
            assert self.alarm or self.state.mode is Mode.FREE

    @invariant()
    def what_must_outlive_a_restart_was_remembered(self) -> None:
        assert self.remembered == (frozenset(self.standing), self.alarm, self.state.terms)

    @invariant()
    def an_order_with_an_end_lasts_no_longer_than_meant(self) -> None:
        assert self.state.terms.keys() == self.standing
        for mode, lasts in self.lasting.items():
            until = self.state.terms[mode].until
            assert until is not None
            assert self.trusted < until <= self.trusted + lasts + 1e-3

    @invariant()
    def more_time_is_for_a_person_who_comes_soon(self) -> None:
        until = self.state.extend_until
        assert until is None or self.now < until <= self.now + EXTENDS_FOR

    @invariant()
    def a_free_way_is_shown_as_one(self) -> None:
        if self.stance is FREE and not self.alarm and not self.state.grant and self.state.exit is None:
            assert self.state.phase is Phase.FREE

    @invariant()
    def released_means_that_somebody_is_let_through(self) -> None:
        assert self.state.phase is not Phase.RELEASED or self.state.grant or self.state.exit is not None

    @invariant()
    def alarms_are_told(self) -> None:
        assert self.alarms == set(self.state.alarms)
