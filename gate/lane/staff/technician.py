"""What a technician asks of a running lane: its parts, a test of an output, a camera's picture.

The lane keeps no frame.  It requests one from the camera's worker for each request of a technician, in maintenance
only, and drops one that comes after maintenance is over.
"""

from dataclasses import asdict
from typing import Any

from gate.core.lane.modes import Mode
from gate.core.lane.refusal import OrderCode, OrderRefusal
from gate.errors import DeviceError
from gate.lane.parts import LanePart, PartContact
from gate.lane.staff.orders import StaffOrders
from gate.lane.staff.output_test import NOT_IN_MAINTENANCE, OutputTests

MOST_WORDS = 400  # characters of a problem, and of an advice


class Technician:
    """The technician's requests to one lane; belongs to its event loop."""

    def __init__(self, staff: StaffOrders) -> None:
        self._lane = staff.lane
        self._outputs = OutputTests(staff)

    def parts(self) -> dict[str, Any]:
        """Return every part, contact and output, and how well each camera reads.  Times are Unix seconds."""
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
            "cameras": {
                name: None if facts is None else {**asdict(facts), "at": round(now - (ago - facts.at), 3)}
                for name, facts in cameras.items()
            },
        }

    async def output(self, name: str, actor: str) -> dict[str, Any] | OrderRefusal:
        """Fire an output once.  `parts` tells later what was seen."""
        test = await self._outputs.fire(name, actor)
        return test if isinstance(test, OrderRefusal) else {"test": asdict(test)}

    async def picture(self, reader: str) -> dict[str, Any] | OrderRefusal:
        """Return one frame of a camera."""
        if not self._is_in_maintenance:
            return NOT_IN_MAINTENANCE
        view = self._lane.parts.views.get(reader)
        if view is None:
            why = "there is no such camera, or it is lost. `parts` names the cameras"
            return OrderRefusal(OrderCode.MALFORMED, why)
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

    @property
    def _is_in_maintenance(self) -> bool:
        return self._lane.state.mode is Mode.MAINTENANCE


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
