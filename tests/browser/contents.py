"""Everything that the page can show, as its server sends it."""

import itertools
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from gate.core.coaching import Hint
from gate.core.lane.modes import Alarm, Mode, Phase
from gate.core.model import Direction
from gate.core.outlet_events import (
    AlarmChanged,
    Coached,
    CodeSeen,
    CodesInView,
    Decided,
    DeviceChanged,
    Event,
    ListChanged,
    PhaseChanged,
)
from gate.core.reason import ADMITTING, Reason
from gate.core.staleness import Freshness
from gate.kiosk.about import About
from gate.kiosk.page_state import HINT_AFTER, PageState, Scene, settle, step
from gate.kiosk.view import no_signal, show
from tests.browser.rig import ABOUT

ORDERS = tuple(itertools.permutations(("kk", "ru", "en")))
NOW = 1_800_000_000
HELD = CodesInView(0, answered=True, waiting=False, going=False)
NEXT = CodesInView(0, answered=False, waiting=True, going=False)
CROWDED = replace(ABOUT, mode=Mode.PILOT, simulated=("reader[0]: replay", "barrier: fake", "input[0]: fake"))


def decided(reason: Reason, let_through: bool, used_at: float | None = None, again_at: float | None = None) -> Decided:
    admitted = reason in ADMITTING
    return Decided(
        0, "reader[0]", Direction.ENTRY, reason, admitted, let_through, Mode.ENFORCE, 12.5, used_at, again_at
    )


def page(about: About, *events: Event | float) -> dict[str, Any]:
    """A number lets so many seconds pass."""
    state, now = step(PageState(), PhaseChanged(0, Phase.READY), 0.0), 0.0
    for event in events:
        if isinstance(event, float):
            now += event
            state = settle(state, now)
        else:
            state = step(state, event, now)
    return asdict(show(state, about, NOW))


def pages(about: About) -> list[dict[str, Any]]:
    """Everything a lane can show.  A crowded one has every banner and problem on top."""
    pilot = about.mode is Mode.PILOT
    trouble: list[Event] = []
    if pilot:
        trouble = [
            ListChanged(0, 1, 1_799_900_000, Freshness.RESTRICT),
            DeviceChanged(0, "reader[0]", "camera", "no frames for 2 s. Check the cable, then run `gate doctor`" * 2),
            DeviceChanged(0, "barrier", "serial_frames", "no answer. Check the cable, then run `gate doctor`" * 2),
        ]
    answers = [decided(reason, pilot or reason in ADMITTING) for reason in Reason]
    rows: list[Sequence[Event | float]] = [[answer] for answer in answers]
    rows += [[decided(Reason.ALREADY_USED, pilot, NOW - 43_000)], [decided(Reason.TOO_SOON, pilot, NOW, NOW + 7_000)]]
    rows += [[phase(value)] for value in Phase]
    rows += [[PhaseChanged(0, value, until=NOW + 90_000)] for value in (Phase.MAINTENANCE, Phase.OUT_OF_SERVICE)]
    rows += [[CodeSeen(0, "")], [HELD], [phase(Phase.RELEASED), NEXT], [AlarmChanged(0, Alarm.HELD_OPEN, True)]]
    rows += [[Coached(0, "", hint)] for hint in Hint]
    rows += [[HELD, answer, HINT_AFTER] for answer in answers]
    made = [page(about, *trouble, *row) for row in rows]
    silent = [asdict(line) for line in no_signal(about)]
    return [*made, {**made[-1], "scene": Scene.NO_SIGNAL, "lines": silent}]


def distinct(about: About, *orders: tuple[str, ...]) -> list[dict[str, Any]]:
    """Everything a lane can show in these orders of languages, each text once."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for order in orders:
        for shown in pages(replace(about, languages=order)):
            found.setdefault((shown["scene"], str(shown["lines"])), shown)
    return list(found.values())


def phase(value: Phase) -> PhaseChanged:
    return PhaseChanged(0, value)
