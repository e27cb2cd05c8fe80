"""A lane on mock pins: the relay's edge makes the passage contact answer, as a turnstile's does."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockTriggerPin

from drivers.barriers.gpio_relay import DRIVER as RELAY
from drivers.inputs.gpio import DRIVER as CONTACT
from gate.core.lane.effects import Passed
from gate.core.lane.state import Equipment
from gate.core.model import Direction, Listing
from gate.testing.builders import load
from tests.lane.rig import Rig, plain, working

pytestmark = pytest.mark.real_time

RELAY_LINE, PASSAGE_LINE = 17, 27


@pytest.fixture
def pins() -> Iterator[Any]:
    """Somebody goes through 50 ms after the relay, and takes 300 ms for it."""
    factory = MockFactory()
    before, Device.pin_factory = Device.pin_factory, factory
    passage = factory.pin(PASSAGE_LINE)
    relay = factory.pin(RELAY_LINE, pin_class=MockTriggerPin, echo_pin=passage, echo_time=0.3)
    yield relay
    factory.reset()
    Device.pin_factory = before


async def test_who_goes_through_is_seen_and_locked_behind(tmp_path: Path, pins: Any) -> None:
    load(tmp_path, {7: Listing.GREEN})
    equipment = Equipment(
        hold=5, passage_timeout=5, sensed=frozenset({Direction.ENTRY}), watchers=frozenset({"input[0]"})
    )
    relay = {"driver": "gpio_relay", "library": "gpiozero", "line": RELAY_LINE, "active": "high", "pulse": "2s"}
    contact = {"driver": "gpio", "library": "gpiozero", "role": "passage", "line": PASSAGE_LINE, "pull": "down"}
    async with (
        working(Rig(tmp_path, equipment=equipment)) as rig,
        RELAY.open(RELAY.config.model_validate(relay)) as barrier,
        CONTACT.open(CONTACT.config.model_validate(contact)) as passage,
        asyncio.TaskGroup() as group,
    ):
        report = partial(rig.lane.report, source="input[0]")
        tasks = [
            group.create_task(passage.run(report)),
            group.create_task(rig.lane.barrier.hold(barrier, lambda: None, report)),
        ]
        await asyncio.sleep(0.2)
        await rig.show(plain(7), 0.3)
        await rig.until(lambda: rig.passed == [Passed.PASSED])
        assert not pins.state  # locked, long before the pulse would have ended
        for task in tasks:
            task.cancel()
