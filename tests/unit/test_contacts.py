"""What the lane makes of what its contacts say."""

from gate.core.lane_events import Button, LaneEvent, Reset
from gate.lane.contacts import Contacts
from gate.ports.inputs import Level, Role


def said(role: Role, *levels: bool) -> list[LaneEvent | None]:
    contacts = Contacts()
    return [contacts.hear(Level(role, active, at), "input[0]") for at, active in enumerate(levels)]


def test_a_key_that_was_left_turned_resets_nothing_until_it_is_turned_again() -> None:
    assert said(Role.RESET, True, False, True) == [None, None, Reset(2)]
    assert said(Role.RESET, False, True) == [None, Reset(1)]


def test_a_button_that_is_pressed_at_the_start_is_heard() -> None:
    assert said(Role.REX, True, False) == [Button(True, 0), Button(False, 1)]
