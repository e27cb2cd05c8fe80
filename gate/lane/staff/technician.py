"""What a technician asks of a running lane: its parts, a test of an output, a camera's picture.

The lane keeps no frame.  It requests one from the camera's worker for each request of a technician, in maintenance
only, and drops one that comes after maintenance is over.
"""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from gate.core.journal_event import JournalEvent
from gate.core.lane.modes import Mode
from gate.core.lane.refusal import OrderCode, OrderRefusal
from gate.errors import DeviceError
from gate.lane.parts import LanePart, PartContact
from gate.lane.staff.orders import StaffOrders
from gate.lane.staff.output_test import NOT_IN_MAINTENANCE, OutputTests
from gate.lane.timers import Every
from gate.store.last_sync import last_sync
from gate.store.places import Places
from gate.store.sync_tries import last_round

MOST_LOOKS = 20  # through cameras that are remembered, by reader, person and maintenance
SYNC_READ = 5.0  # seconds between two reads of the sync's records
MOST_WORDS = 400  # characters of a problem, and of an advice


class Technician:
    """The technician's requests to one lane; belongs to its event loop."""

    def __init__(self, staff: StaffOrders, lists: Places | None = None) -> None:
        """`lists`: where the sync leaves its records; None without one."""
        self._lane, self._lists = staff.lane, lists
        self._looks: deque[tuple[str, str, float]] = deque(maxlen=MOST_LOOKS)
        self._sync_due = Every(SYNC_READ)
        self._sync: dict[str, Any] | None = None
        self._outputs = OutputTests(staff)

    async def parts(self) -> dict[str, Any]:
        """Return every part, contact and output, and how well each camera reads.  Times are Unix seconds."""
        await self._read_sync()
        lane, now = self._lane, self._lane.clock.now()
        cameras = {name: view.facts for name, view in lane.parts.views.items()}
        ago = lane.clock.monotonic()
        return {
            "at": round(now, 3),
            "maintenance": lane.state.mode is Mode.MAINTENANCE,
            "parts": [_part(name, part) for name, part in lane.parts.parts.items()],
            "inputs": [_contact(contact) for contact in lane.parts.contacts],
            "outputs": self._outputs.names,
            "test": None if self._outputs.last is None else asdict(self._outputs.last),
            "sync": self._sync,
            "cameras": {
                name: None if facts is None else {**asdict(facts), "at": round(now - (ago - facts.at), 3)}
                for name, facts in cameras.items()
            },
        }

    async def _read_sync(self) -> None:
        """Read what the sync leaves, now and then, on a thread of its own: a decision waits for no such file."""
        if self._lists is not None and self._sync_due.due(self._lane.clock.monotonic()):
            with suppress(RuntimeError):  # no thread is left
                self._sync = await asyncio.to_thread(_sync, self._lists)

    async def output(self, name: str, actor: str) -> dict[str, Any] | OrderRefusal:
        """Fire an output once.  `parts` tells later what was seen."""
        test = await self._outputs.fire(name, actor)
        return test if isinstance(test, OrderRefusal) else {"test": asdict(test)}

    async def picture(self, reader: str, actor: str) -> dict[str, Any] | OrderRefusal:
        """Return one frame of a camera.  That somebody looks through it is a row of the journal, once for each
        maintenance."""
        if not self._is_in_maintenance:
            return NOT_IN_MAINTENANCE
        view = self._lane.parts.views.get(reader)
        if view is None:
            why = "there is no such camera, or it is lost. `parts` names the cameras"
            return OrderRefusal(OrderCode.MALFORMED, why)
        await self._note_look(reader, actor)
        try:
            picture = await view.picture()
        except DeviceError as error:
            return OrderRefusal(OrderCode.BUSY, str(error))
        if not self._is_in_maintenance:
            return NOT_IN_MAINTENANCE
        return {
            "reader": reader,
            "width": picture.width,
            "height": picture.height,
            "jpeg": picture.jpeg,
            "outlines": [asdict(outline) for outline in picture.outlines],
            "hint": picture.hint,
        }

    async def _note_look(self, reader: str, actor: str) -> None:
        look, lane = (reader, actor, self._lane.facts.since), self._lane
        if look in self._looks:
            return
        self._looks.append(look)
        if lane.judges.is_open:
            words = f"looks through {reader}"
            await lane.judges.call(lambda judge, at: judge.note(JournalEvent.STAFF, at, words, actor=actor))

    @property
    def _is_in_maintenance(self) -> bool:
        return self._lane.state.mode is Mode.MAINTENANCE


def _sync(lists: Places) -> dict[str, Any]:
    """Return when the lists came last, and the last round mirror by mirror.  Blocks."""
    last, made = last_sync(lists), last_round(lists)
    return {
        "last_at": last and last.at,
        "last_mirror": last and last.mirror,
        "next_at": made and made.next_at,
        "tries": [asdict(one) for one in made.tries] if made else [],
    }


def _part(name: str, part: LanePart) -> dict[str, Any]:
    return {
        "name": name,
        "driver": part.driver,
        "state": part.state.value,
        "since": part.since and round(part.since, 3),
        "problem": part.problem[:MOST_WORDS],
        "advice": part.advice[:MOST_WORDS],
    }


def _contact(contact: PartContact) -> dict[str, Any]:
    return {
        "name": contact.name,
        "role": contact.role.value,
        "direction": contact.direction,
        "level": contact.level,
        "edges": [asdict(edge) for edge in contact.edges],
    }
