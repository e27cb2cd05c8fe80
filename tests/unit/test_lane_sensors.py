"""Contacts that are mute, stuck or bouncing, before a lane that people use: nobody enters twice on one use,
the alarm comes soon, and the lane is never out of use without saying so."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from importlib.resources import files

import pytest
from hypothesis import Phase as Generated
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.core.lane.door import DoorEquipment, Relock
from gate.core.lane.effects import EndGrant, Passed, Release
from gate.core.lane.events import (
    Button,
    ContactFault,
    Crossed,
    DoorMoved,
    Granted,
    LaneEvent,
    Released,
    Reset,
    Tick,
)
from gate.core.lane.hindrance import hindrance
from gate.core.lane.modes import Alarm, Phase
from gate.core.lane.state import SILENT_AFTER, Equipment, LaneState
from gate.core.lane.step import step
from gate.core.model import Decision, Direction
from gate.core.reason import Reason
from gate.lane.input_events import STUCK_AFTER, WINDOW, Contacts
from gate.ports.inputs import Level, Role
from gate.store.pseudonyms import Secrets
from gate.store.redemptions import Redemptions
from gate.testing.builders import claims

ENTRY, EXIT = Direction.ENTRY, Direction.EXIT
PAUSE = 0.125  # seconds of one step: a loose contact moves every other one, too slow for the driver to notice
REUSE_AFTER = 600.0
ROLES = (Role.PASSAGE, Role.DOOR, Role.LOCK, Role.REX, Role.FIRE, Role.RESET, Role.LOCKDOWN, Role.INTERLOCK)
FAULTS = ("mute", "stuck", "bouncing")
SAYS_SO = {Phase.FIRE, Phase.LOCKED_DOWN, Phase.OUT_OF_SERVICE}
NAMES = {role: f"input[{number}]" for number, role in enumerate(ROLES)}
EQUIPMENT = Equipment(
    hold=5.0,
    passage_timeout=8.0,
    sensed=frozenset({ENTRY}),
    watchers=frozenset({NAMES[Role.PASSAGE], NAMES[Role.DOOR]}),
    door=DoorEquipment(contact=True, feedback=True),
)


class Site:
    """A door with every contact there is; `fault` is that of one of them, from `break_` on."""

    def __init__(self, connection: sqlite3.Connection, role: Role, fault: str) -> None:
        secrets = Secrets(connection)
        secrets.prepare()
        self.uses = Redemptions(connection, secrets, REUSE_AFTER)
        self.role, self.fault = role, ""
        self._fault = fault
        self.contacts, self.state, self.now = Contacts(), LaneState(), 0.0
        self.real = dict.fromkeys(ROLES, False) | {Role.LOCK: True}
        self.openings: dict[int, int] = {}  # of the barrier, by person
        self.alarms: set[Alarm] = set()
        self.seq = 0
        self.ended: dict[int, Passed] = {}
        for role_ in ROLES:
            self._says(role_, self.real[role_])

    def break_(self) -> None:
        self.fault = self._fault
        if self.fault == "stuck":
            self._says(self.role, True)

    def move(self, role: Role, active: bool) -> None:
        self.real[role] = active
        if role is not self.role or not self.fault:
            self._says(role, active)

    def wait(self, seconds: float) -> None:
        for number in range(round(seconds / PAUSE)):
            self.now += PAUSE
            if self.fault == "bouncing":
                self._says(self.role, number % 2 == 0)
            for event in (Tick(self.now), *self.contacts.tick(self.now)):
                self.follow(event)

    def follow(self, event: LaneEvent) -> None:
        self.state, effects = step(self.state, event, EQUIPMENT)
        self.alarms |= self.state.alarms
        for effect in effects:
            if isinstance(effect, EndGrant):
                passed = effect.passed
                if passed is Passed.NOT_PASSED and not self.uses.give_back(effect.seq, self.now, once=effect.moved):
                    passed = Passed.UNKNOWN
                self.ended[effect.seq] = passed
        if any(isinstance(effect, Release) for effect in effects):
            self.follow(Released(self.now))

    def visit(self, person: int, *, goes: bool) -> bool:
        """Shows a pass, and goes through or does not.  Whether the lane let the person through."""
        pass_ = claims(person, token=b"pass-%03d" % person)
        decision = self.uses.check(pass_, Decision(Reason.ADMITTED), self.now)
        if not decision.admitted or self.state.busy or self.state.refusal(ENTRY):
            return False
        self.seq += 1
        self.uses.redeem(pass_, self.seq, self.now)
        self.follow(Granted(self.seq, ENTRY, self.now))
        if self.seq in self.ended:
            return False
        self.openings[person] = self.openings.get(person, 0) + 1
        self.move(Role.LOCK, False)
        self.wait(0.5)
        if goes:
            self.move(Role.DOOR, True)
            self.wait(0.5)
            self.move(Role.PASSAGE, True)
            self.wait(0.25)
            self.move(Role.PASSAGE, False)
            self.move(Role.DOOR, False)
        self.wait(9.0)
        self.move(Role.LOCK, True)
        self.wait(0.5)
        return True

    def _says(self, role: Role, active: bool) -> None:
        for event in self.contacts.update(Level(role, active, self.now), NAMES[role]):
            self.follow(event)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(new_store()) as opened:
        yield opened


def new_store() -> sqlite3.Connection:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    for script in sorted((files("gate.store") / "schema" / "lane").iterdir(), key=lambda script: script.name):
        opened.executescript(script.read_text())
    return opened


@given(
    role=st.sampled_from(ROLES),
    fault=st.sampled_from(FAULTS),
    before=st.lists(st.booleans(), max_size=2),
    visits=st.lists(st.tuples(st.integers(7, 10), st.booleans()), min_size=6, max_size=12),
)
@settings(max_examples=40, phases=[Generated.generate])
def test_no_broken_contact_opens_twice_or_hides(
    role: Role, fault: str, before: list[bool], visits: list[tuple[int, bool]]
) -> None:
    with closing(new_store()) as connection:
        site = Site(connection, role, fault)
        for number, goes in enumerate(before):
            site.visit(100 + number, goes=goes)
        site.break_()
        refused = 0
        for person, goes in visits:
            refused += not site.visit(person, goes=goes)
        site.wait(STUCK_AFTER[Role.INTERLOCK] + 1 if role is Role.INTERLOCK else 70.0)
        assert all(times <= 2 for times in site.openings.values()), "a use was given back more than once"
        if not site.visit(99, goes=True):  # somebody new, with a good pass
            assert site.state.alarms or site.state.phase in SAYS_SO, "out of use, and nothing says so"
        if why := hindrance(site.state, ENTRY):
            assert ":" in why.why, "staff are told the cause and what to do"


@pytest.mark.parametrize("role", [Role.PASSAGE])
@pytest.mark.parametrize("fault", FAULTS)
def test_who_went_through_unseen_costs_an_alarm_within_some_grants(
    connection: sqlite3.Connection, role: Role, fault: str
) -> None:
    site = Site(connection, role, fault)
    site.break_()
    site.wait(STUCK_AFTER[Role.PASSAGE] if fault == "stuck" else WINDOW)
    for person in range(SILENT_AFTER):
        site.visit(person, goes=True)
    assert site.alarms & {Alarm.SENSOR_SILENT, Alarm.CONTACT_FAULT}


def test_a_friends_thumb_on_the_sensor_does_not_let_a_crowd_in(connection: sqlite3.Connection) -> None:
    site = Site(connection, Role.PASSAGE, "mute")
    site.break_()
    let_through = [site.visit(7, goes=True) for _ in range(8)]
    assert let_through == [True, True, *[False] * 6]
    assert site.ended == {1: Passed.NOT_PASSED, 2: Passed.UNKNOWN}


@pytest.mark.parametrize(
    ("role", "fault", "alarm"),
    [
        (Role.REX, "stuck", Alarm.CONTACT_FAULT),
        (Role.REX, "bouncing", Alarm.CONTACT_FAULT),
        (Role.RESET, "stuck", Alarm.CONTACT_FAULT),
        (Role.RESET, "bouncing", Alarm.CONTACT_FAULT),
        (Role.PASSAGE, "stuck", Alarm.CONTACT_FAULT),
        (Role.PASSAGE, "bouncing", Alarm.CONTACT_FAULT),
        (Role.DOOR, "stuck", Alarm.HELD_OPEN),
        (Role.DOOR, "bouncing", Alarm.CONTACT_FAULT),
        (Role.LOCK, "bouncing", Alarm.CONTACT_FAULT),
        (Role.INTERLOCK, "stuck", Alarm.CONTACT_FAULT),
        (Role.INTERLOCK, "bouncing", Alarm.CONTACT_FAULT),
        (Role.LOCKDOWN, "bouncing", Alarm.CONTACT_FAULT),
        (Role.FIRE, "bouncing", Alarm.CONTACT_FAULT),
    ],
)
def test_a_contact_that_sticks_or_bounces_is_an_alarm(
    connection: sqlite3.Connection, role: Role, fault: str, alarm: Alarm
) -> None:
    site = Site(connection, role, fault)
    site.break_()
    site.wait(STUCK_AFTER.get(role, 60.0) + 1)
    assert alarm in site.state.alarms


@pytest.mark.parametrize(("role", "phase"), [(Role.LOCKDOWN, Phase.LOCKED_DOWN), (Role.FIRE, Phase.FIRE)])
def test_a_contact_that_bounces_counts_as_active_where_that_is_safe(
    connection: sqlite3.Connection, role: Role, phase: Phase
) -> None:
    site = Site(connection, role, "bouncing")
    site.break_()
    site.wait(WINDOW + 1)
    phases = set()
    for _ in range(20):
        site.wait(0.25)
        site.follow(Reset(site.now))
        phases.add(site.state.phase)
    assert phases == {phase}
    site.fault = ""
    site.move(role, False)
    site.wait(2 * WINDOW)
    site.follow(Reset(site.now))
    assert (site.state.phase, site.state.alarms) == (Phase.READY, frozenset())


def test_a_button_that_bounces_does_not_hold_the_door_open(connection: sqlite3.Connection) -> None:
    site = Site(connection, Role.REX, "bouncing")
    site.break_()
    site.wait(2 * WINDOW)
    assert site.state.exit is None


BOTH_WAYS = replace(EQUIPMENT, sensed=frozenset(Direction), door=DoorEquipment(contact=True))


def opened_for(
    direction: Direction, state: LaneState, at: float, *, equipment: Equipment, by: Direction | None
) -> LaneState:
    """A pass opens one way, the door moves, and a person is seen to go `by`, or by nobody."""
    events: list[LaneEvent] = [Granted(int(at), direction, at), DoorMoved(True, at + 1), DoorMoved(False, at + 2)]
    events += [Crossed(by, at + 3)] if by else []
    for event in (*events, Tick(at + 20)):
        state, _ = step(state, event, equipment)
    return state


@pytest.mark.parametrize("mute", Direction)
def test_a_mute_sensor_of_one_way_is_not_hidden_by_that_of_the_other(mute: Direction) -> None:
    state, other = LaneState(), EXIT if mute is ENTRY else ENTRY
    for number in range(SILENT_AFTER):
        assert Alarm.SENSOR_SILENT not in state.alarms
        state = opened_for(other, state, 100.0 * number, equipment=BOTH_WAYS, by=other)
        state = opened_for(mute, state, 100.0 * number + 50, equipment=BOTH_WAYS, by=None)
    assert Alarm.SENSOR_SILENT in state.alarms
    assert Alarm.SENSOR_SILENT not in opened_for(mute, state, 1000.0, equipment=BOTH_WAYS, by=mute).alarms


@pytest.mark.parametrize("relock", [Relock.TIMER, Relock.ON_CLOSE])
@pytest.mark.parametrize(
    ("contact", "opens", "silent"), [(True, True, True), (True, False, False), (False, False, True)]
)
def test_people_who_leave_by_the_button_past_a_mute_sensor_are_an_alarm(
    relock: Relock, contact: bool, opens: bool, silent: bool
) -> None:
    equipment, state = replace(BOTH_WAYS, door=DoorEquipment(contact=contact, relock=relock)), LaneState()
    for at in range(0, 100 * SILENT_AFTER, 100):
        events: list[LaneEvent] = [Button(True, at), Button(False, at)]
        events += [DoorMoved(True, at + 1), DoorMoved(False, at + 2)] if opens else []
        for event in (*events, Tick(at + 20)):
            state, _ = step(state, event, equipment)
    assert (Alarm.SENSOR_SILENT in state.alarms) is silent


@pytest.mark.parametrize("period", [0.05, 0.125, 0.25])
def test_a_passage_sensor_that_flutters_fills_no_house(period: float) -> None:
    contacts = Contacts()
    events: list[LaneEvent] = []
    for number in range(round(600 / period)):
        events += contacts.update(Level(Role.PASSAGE, number % 2 == 1, number * period), "input[0]")
    assert sum(isinstance(event, Crossed) for event in events) <= 6
    assert [event.on for event in events if isinstance(event, ContactFault)] == [True]


def test_a_crowd_through_an_open_door_is_counted() -> None:
    contacts = Contacts()
    events: list[LaneEvent] = []
    for number in range(60):
        at = number / 1.3
        events += contacts.update(Level(Role.PASSAGE, True, at), "input[0]")
        events += contacts.update(Level(Role.PASSAGE, False, at + 0.4), "input[0]")
    assert sum(isinstance(event, Crossed) for event in events) == len(events) == 60


def test_a_device_that_counts_people_itself_is_believed() -> None:
    contacts = Contacts()
    events = [event for _ in range(30) for event in contacts.update(Level(Role.PASSAGE, True, 1.0), "barrier")]
    assert events == [Crossed(ENTRY, 1.0)] * 30


def test_a_lost_contact_gives_no_order_and_a_lost_fire_contact_does() -> None:
    contacts = Contacts()
    for role in ROLES:
        assert contacts.lost(NAMES[role], 0.0) == (), "never answered"
    for role in ROLES:
        contacts.update(Level(role, False, 1.0), NAMES[role])
    told = {role: contacts.lost(NAMES[role], 2.0) for role in ROLES}
    assert {role for role, events in told.items() if events} == {Role.FIRE}
    for role in (Role.REX, Role.RESET):  # opened again, and active: nobody has just pressed it
        assert contacts.update(Level(role, True, 3.0), NAMES[role]) == ()


def test_what_a_contact_that_misbehaves_says_proves_nothing(connection: sqlite3.Connection) -> None:
    site = Site(connection, Role.PASSAGE, "mute")
    site.break_()
    site.follow(ContactFault(NAMES[Role.PASSAGE], "input[0] (passage) sticks", True, 0.0))
    site.visit(7, goes=False)
    assert site.ended == {1: Passed.UNKNOWN}
