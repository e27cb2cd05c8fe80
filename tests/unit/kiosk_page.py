"""The kiosk page after a row of events."""

from gate.core.lane.modes import Mode
from gate.core.outlet_events import Event
from gate.kiosk.about import About
from gate.kiosk.page_state import PageState, settle, step
from gate.kiosk.view import Page, show

ABOUT = About("ala-t2-07", "ala-t2", "airport", ("kk", "ru", "en"), Mode.ENFORCE)


def after(*events: Event | float) -> PageState:
    """Events in order; a number lets so many seconds pass."""
    return run(PageState(), 0.0, *events)[0]


def run(state: PageState, now: float, *events: Event | float) -> tuple[PageState, float]:
    for event in events:
        if isinstance(event, (int, float)):
            now += event
            state = settle(state, now)
        else:
            state = step(state, event, now)
    return state, now


def page(*events: Event | float, about: About = ABOUT, wall: float = 0.0) -> Page:
    return show(after(*events), about, wall)
