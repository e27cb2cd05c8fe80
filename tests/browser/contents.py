"""Everything that the page can show, as its server sends it."""

import itertools
from dataclasses import asdict, replace
from typing import Any

from gate.core.lane.modes import Mode, Phase
from gate.core.model import Direction
from gate.core.outlet_events import CodeSeen, CodesInView, Decided, DeviceChanged, Event, ListChanged, PhaseChanged
from gate.core.reason import ADMITTING, Reason
from gate.core.staleness import Freshness
from gate.kiosk.view import HINT_AFTER, About, PageState, Scene, no_signal, settle, show, step
from tests.browser.rig import ABOUT

ORDERS = tuple(itertools.permutations(("kk", "ru", "en")))
HELD = CodesInView(0, answered=True, waiting=False, going=False)
NEXT = CodesInView(0, answered=False, waiting=True, going=False)
CROWDED = replace(ABOUT, mode=Mode.PILOT, simulated=("reader[0]: replay", "barrier: fake", "input[0]: fake"))


def decided(reason: Reason, let_through: bool) -> Decided:
    return Decided(0, "reader[0]", Direction.ENTRY, reason, reason in ADMITTING, let_through, Mode.ENFORCE, 12.5)


def page(about: About, *events: Event | float) -> dict[str, Any]:
    """A number lets so many seconds pass."""
    state, now = step(PageState(), PhaseChanged(0, Phase.READY), 0.0), 0.0
    for event in events:
        if isinstance(event, float):
            now += event
            state = settle(state, now)
        else:
            state = step(state, event, now)
    return asdict(show(state, about, 1_800_000_000))


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
    made = [page(about, *trouble, decided(reason, pilot or reason in ADMITTING)) for reason in Reason]
    last: list[Event] = [*map(phase, Phase), CodeSeen(0, ""), HELD]
    made += [page(about, *trouble, event) for event in last]
    made.append(page(about, *trouble, phase(Phase.RELEASED), NEXT))
    made += [
        page(about, *trouble, HELD, decided(reason, pilot or reason in ADMITTING), HINT_AFTER) for reason in Reason
    ]
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
