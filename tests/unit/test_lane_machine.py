"""The lane's reducer against the model in `lane_machine`, and the model against planted faults."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from gate.core.lane.effects import Effect, EndGrant, Passed, Secure, SetStance
from gate.core.lane.events import Fire, Granted, LaneEvent, OrdersDue, Reset, Tick
from gate.core.lane.state import Equipment, LaneState
from gate.core.lane.step import step
from gate.core.model import Stance
from tests.unit.lane_machine import LaneMachine, Step

Outcome = tuple[LaneState, tuple[Effect, ...]]


def explore(machine: type[LaneMachine], examples: int) -> None:
    quick = settings(
        derandomize=True,
        max_examples=examples,
        stateful_step_count=100,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # a failure is shown as it was found
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=quick)


def test_no_order_of_events_breaks_a_promise() -> None:
    class Lane(LaneMachine):
        pass

    explore(Lane, 100)
    assert Lane.steps >= 5_000


@pytest.mark.endurance
@pytest.mark.timeout(600)
def test_no_order_of_a_many_events_breaks_a_promise() -> None:
    class Lane(LaneMachine):
        pass

    explore(Lane, 1500)
    assert Lane.steps >= 75_000


def without_lock_at_the_end(state: LaneState, event: LaneEvent, equipment: Equipment) -> Outcome:
    """Nobody went through, and the door is left as it is."""
    after, effects = step(state, event, equipment)
    kept = isinstance(event, Tick)
    return after, tuple(effect for effect in effects if not (kept and isinstance(effect, Secure)))


def without_an_end(state: LaneState, event: LaneEvent, equipment: Equipment) -> Outcome:
    """An order whose time is over stands on."""
    return (state, ()) if isinstance(event, OrdersDue) else step(state, event, equipment)


def two_at_once(state: LaneState, event: LaneEvent, equipment: Equipment) -> Outcome:
    """A second grant takes the lane from the first."""
    return step(replace(state, grant=None) if isinstance(event, Granted) else state, event, equipment)


def forgiving_fire(state: LaneState, event: LaneEvent, equipment: Equipment) -> Outcome:
    """The alarm is over when the loop is closed again."""
    after, effects = step(state, event, equipment)
    over = isinstance(event, Fire) and not event.active
    return (replace(after, fire=False) if over else after), effects


def deaf_reset(state: LaneState, event: LaneEvent, equipment: Equipment) -> Outcome:
    """Staff can reset a fire alarm that still lasts."""
    if isinstance(event, Reset):
        state = replace(state, loop_open=False)
    return step(state, event, equipment)


def exit_button_asks_the_mode(state: LaneState, event: LaneEvent, equipment: Equipment) -> Outcome:
    """Blocked is blocked, for those inside too."""
    after, effects = step(state, event, equipment)
    if state.stance is Stance.BLOCKED:
        return after, tuple(effect for effect in effects if not isinstance(effect, SetStance))
    return after, effects


def gives_back_twice(state: LaneState, event: LaneEvent, equipment: Equipment) -> Outcome:
    after, effects = step(state, event, equipment)
    ends = [effect for effect in effects if isinstance(effect, EndGrant) and effect.passed is Passed.NOT_PASSED]
    return after, (*effects, *ends[:1])


def trusts_a_contact_in_a_free_way(state: LaneState, event: LaneEvent, equipment: Equipment) -> Outcome:
    """The door stood open anyway: that it did not open proves nothing."""
    after, effects = step(state, event, equipment)
    grant = after.grant
    return (replace(after, grant=replace(grant, blind=False)) if grant else after), effects


@pytest.mark.parametrize(
    "fault",
    [
        without_lock_at_the_end,
        without_an_end,
        two_at_once,
        forgiving_fire,
        deaf_reset,
        exit_button_asks_the_mode,
        gives_back_twice,
        trusts_a_contact_in_a_free_way,
    ],
    ids=lambda fault: fault.__name__,
)
def test_a_planted_fault_is_found(fault: Callable[[LaneState, LaneEvent, Equipment], Outcome]) -> None:
    class Lane(LaneMachine):
        step: Step = staticmethod(fault)

    with pytest.raises(AssertionError):
        explore(Lane, 300)
