"""What the lane makes of what its contacts say."""

from gate.core.lane.events import Button, LaneEvent, Reset
from gate.lane.input_events import Contacts
from gate.ports.inputs import Level, Role


def said(role: Role, *levels: bool) -> list[LaneEvent]:
    contacts = Contacts()
    return [event for at, active in enumerate(levels) for event in contacts.update(Level(role, active, at), "input[0]")]


def test_a_key_that_was_left_turned_resets_nothing_until_it_is_turned_again() -> None:
    assert said(Role.RESET, True, False, True) == [Reset(2)]
    assert said(Role.RESET, False, True) == [Reset(1)]


def test_a_button_that_is_pressed_at_the_start_opens_nothing_until_it_is_pressed_again() -> None:
    assert said(Role.REX, True, False, True) == [Button(False, 0), Button(True, 2)]
