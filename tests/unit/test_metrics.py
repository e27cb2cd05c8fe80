"""GET /metrics: what happened is counted, how things stand is told, and the guide names it all."""

import asyncio
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gate.core.lane.effects import Passed
from gate.core.lane.modes import Alarm, Mode, Phase
from gate.core.model import Direction
from gate.core.outlet_events import (
    AlarmChanged,
    ClockChanged,
    CodeSeen,
    Decided,
    DeviceChanged,
    Event,
    GrantEnded,
    ListChanged,
    PhaseChanged,
    ReaderDropped,
)
from gate.core.reason import Reason
from gate.core.staleness import Freshness
from gate.core.trusted_time import ClockTrust, Ntp
from gate.kiosk.metrics import Metrics
from tests.unit.kiosk_page import ABOUT
from tests.unit.kiosk_rig import kiosk, run

GUIDE = (Path(__file__).parents[2] / "config" / "README.md").read_text()
Labels = dict[str, str]


def decided(reason: Reason, *, admitted: bool, let_through: bool, ms: float = 12.0) -> Decided:
    return Decided(0, "reader[0]", Direction.ENTRY, reason, admitted, let_through, Mode.ENFORCE, ms)


def numbers(page: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


class Told:
    """A page of metrics after some events."""

    def __init__(self, *events: Event, now: float = 0.0) -> None:
        metrics = Metrics(ABOUT)
        for event in events:
            metrics.take(event)
        self.samples = numbers(metrics.page(now).decode())

    def __call__(self, name: str, **labels: str) -> float:
        return self.samples[name, tuple(sorted(labels.items()))]

    def holds(self, name: str) -> set[str]:
        """Which states are 1."""
        return {dict(labels)["state"] for (sample, labels), value in self.samples.items() if sample == name and value}


def test_decisions_are_counted_by_reason() -> None:
    told = Told(
        CodeSeen(0, "reader[0]"),
        decided(Reason.ADMITTED, admitted=True, let_through=True),
        decided(Reason.EXPIRED, admitted=False, let_through=False, ms=400.0),
        decided(Reason.EXPIRED, admitted=False, let_through=True, ms=900.0),  # a pilot
    )
    assert told("gate_decisions_total", reason="admitted") == 1
    assert told("gate_decisions_total", reason="expired") == 2
    assert told("gate_decisions_total", reason="too_soon") == 0  # there from the beginning: rates need it
    assert (told("gate_admitted_total"), told("gate_let_through_total")) == (1, 2)
    assert told("gate_decision_seconds_count") == 3
    assert told("gate_decision_seconds_bucket", le="0.5") == 2
    assert told("gate_decision_seconds_sum") == pytest.approx(1.312)


def test_passages_phase_and_devices() -> None:
    told = Told(
        GrantEnded(0, Passed.PASSED),
        GrantEnded(0, Passed.NOT_PASSED),
        PhaseChanged(0, Phase.READY),
        PhaseChanged(0, Phase.OUT_OF_SERVICE),
        DeviceChanged(0, "reader[0]", "camera", ""),
        DeviceChanged(0, "barrier", "serial_frames", "no answer"),
        ReaderDropped(0, "reader[1]", "bytes that are no text", 1),
        ReaderDropped(0, "reader[1]", "bytes that are no text", 501),
    )
    assert told("gate_reader_dropped_total", device="reader[1]", fault="bytes that are no text") == 501
    assert told("gate_passages_total", result="not_passed") == 1
    assert told("gate_passages_total", result="unknown") == 0
    assert told.holds("gate_phase") == {"out_of_service"}
    assert told("gate_device_up", device="reader[0]", driver="camera") == 1
    assert told("gate_device_up", device="barrier", driver="serial_frames") == 0


def test_alarms_that_are_on_and_over() -> None:
    on, over = AlarmChanged(0, Alarm.HELD_OPEN, on=True), AlarmChanged(1, Alarm.HELD_OPEN, on=False)
    told = Told(AlarmChanged(0, Alarm.FORCED_OPEN, on=True), on, over)
    alarms = {alarm: told("gate_alarm", alarm=alarm.value) for alarm in Alarm}
    assert {alarm for alarm, value in alarms.items() if value} == {Alarm.FORCED_OPEN}
    assert Told(on)("gate_alarm", alarm="held_open") == 1


def test_the_age_of_the_list_goes_on_between_events() -> None:
    told = Told(ListChanged(0, 12, 1_800_000_000, Freshness.RESTRICT), now=1_800_090_000)
    assert told("gate_list_version") == 12
    assert told("gate_list_as_of_timestamp_seconds") == 1_800_000_000
    assert told("gate_list_age_seconds") == 90_000
    assert told.holds("gate_list_grade") == {"restrict"}


def test_without_a_list_its_numbers_are_none_at_all() -> None:
    for told in (
        Told(now=5.0),
        Told(ListChanged(0, 3, 9, Freshness.FRESH), ListChanged(0, None, None, Freshness.MISSING), now=5.0),
    ):
        for name in ("gate_list_version", "gate_list_as_of_timestamp_seconds", "gate_list_age_seconds"):
            assert told(name) != told(name)  # NaN


def test_the_clock() -> None:
    told = Told(
        ClockChanged(0, ClockTrust.TRUSTED, 0.0, Ntp.UNKNOWN),
        ClockChanged(0, ClockTrust.BEHIND, 900.0, Ntp.SYNCHRONISED),
    )
    assert told.holds("gate_clock_state") == {"behind"}
    assert told("gate_clock_behind_seconds") == 900
    assert told.holds("gate_clock_ntp") == {"synchronised"}


def test_the_page_serves_them_and_what_a_screen_shows_is_not_touched() -> None:
    async def scenario() -> None:
        async with kiosk() as there:
            before = (await there.client.get("/state")).text
            there.bus.publish(GrantEnded(0, Passed.PASSED))
            while True:
                answer = await there.client.get("/metrics")
                if numbers(answer.text)["gate_passages_total", (("result", "passed"),)]:
                    break
                await asyncio.sleep(0.01)
            assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
            told = numbers(answer.text)
            assert told["gate_phase", (("state", "ready"),)] == 1
            about = (("device", "ala-t2-07"), ("mode", "enforce"), ("venue", "ala-t2"))
            assert any(name == "gate_build_info" and set(about) < set(labels) for name, labels in told)
            assert (await there.client.get("/state")).text == before

    run(scenario)


def test_the_guide_names_every_metric_and_names_follow_the_custom() -> None:
    families = list(text_string_to_metric_families(Metrics(ABOUT).page(0.0).decode()))
    assert len(families) > 12
    for family in families:
        name = f"{family.name}_total" if family.type == "counter" else family.name
        assert name.startswith("gate_")
        row = next(line for line in GUIDE.splitlines() if f"`{name}" in line)
        if family.name in ("gate_phase", "gate_alarm"):
            said = {value for sample in family.samples for value in sample.labels.values()}
            assert said == set(re.findall(r"`(\w+)`", row)), row
        assert family.documentation.endswith(".")
