"""What happens at the lane, counted for Prometheus: GET /metrics.  A side outlet, never read back.

Fed with the events of the bus.  A name says its unit; of a state that is one of several there is a
series for each, 1 for the one that holds.  The README has the table.
"""

import math
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from gate.core.events import (
    Alarm,
    AlarmChanged,
    ClockChanged,
    Decided,
    DeviceChanged,
    Event,
    GrantEnded,
    ListChanged,
    Passed,
    Phase,
    PhaseChanged,
)
from gate.core.reason import Reason
from gate.core.staleness import Freshness
from gate.core.trusted_time import Standing
from gate.kiosk.view import About

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
NTP = ("synchronised", "not_synchronised", "unknown")  # gate.runtime.ntp.Ntp
LATENCIES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5)  # seconds; 0.5 is the promise

try:  # at import: the event loop never waits for the disk
    _RELEASE = version("ashyq-gate")
except PackageNotFoundError:  # run from a folder that was never installed
    _RELEASE = "unknown"

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series beside every counter that says nothing of use


class Metrics:
    """Belongs to one event loop."""

    def __init__(self, about: About) -> None:
        registry = self._registry = CollectorRegistry()
        self._as_of: int | None = None

        def states(name: str, says: str, values: Iterable[str]) -> "_States":
            return _States(Gauge(name, says, ["state"], registry=registry), tuple(values))

        self._decisions = Counter("gate_decisions", "Decisions, by reason.", ["reason"], registry=registry)
        for reason in Reason:
            if reason is not Reason.VERIFIED:  # never of a gate
                self._decisions.labels(reason.value)
        self._admitted = Counter("gate_admitted", "Decisions that admitted.", registry=registry)
        self._let_through = Counter(
            "gate_let_through", "Decisions on which the barrier moved: admitted, or a pilot.", registry=registry
        )
        self._latency = Histogram(
            "gate_decision_seconds",
            "Time from the frame to the committed decision.",
            buckets=LATENCIES,
            registry=registry,
        )
        self._passages = Counter("gate_passages", "Grants that ended, by how.", ["result"], registry=registry)
        for passed in Passed:
            self._passages.labels(passed.value)
        self._phase = states("gate_phase", "Where the lane stands.", Phase)
        self._devices = Gauge("gate_device_up", "1 while the device is well.", ["device", "driver"], registry=registry)
        self._alarms = Gauge("gate_alarm", "1 while staff should come and look.", ["alarm"], registry=registry)
        for alarm in Alarm:
            self._alarms.labels(alarm.value)
        self._version = Gauge("gate_list_version", "Version of the status list.", registry=registry)
        self._version.set(math.nan)
        self._as_of_gauge = Gauge(
            "gate_list_as_of_timestamp_seconds", "Unix time the status list speaks of.", registry=registry
        )
        self._age = Gauge("gate_list_age_seconds", "Age of the status list by the trusted clock.", registry=registry)
        self._grade = states("gate_list_grade", "How old the list counts as.", Freshness)
        self._clock = states("gate_clock_state", "How far the clock is believed.", Standing)
        self._behind = Gauge(
            "gate_clock_behind_seconds", "How far the system clock is behind the trusted one.", registry=registry
        )
        self._ntp = states("gate_clock_ntp", "Whether the system clock is kept right from the network.", NTP)
        Info("gate_build", "What runs here.", registry=registry).info(
            {"version": _RELEASE, "device": about.device_id, "venue": about.venue_id, "mode": about.mode.value}
        )

    def take(self, event: Event) -> None:
        match event:
            case Decided():
                self._decisions.labels(event.reason.value).inc()
                self._admitted.inc(event.admitted)
                self._let_through.inc(event.let_through)
                self._latency.observe(event.ms / 1000)
            case GrantEnded():
                self._passages.labels(event.passed.value).inc()
            case PhaseChanged():
                self._phase.show(event.phase)
            case DeviceChanged():
                self._devices.labels(event.device, event.driver).set(not event.problem)
            case AlarmChanged():
                self._alarms.labels(event.alarm.value).set(event.on)
            case ListChanged():
                self._as_of = event.as_of
                self._version.set(math.nan if event.version is None else event.version)
                self._grade.show(event.freshness)
            case ClockChanged():
                self._clock.show(event.standing)
                self._behind.set(event.behind)
                self._ntp.show(event.ntp)
            case _:
                pass

    def page(self, now: float) -> bytes:
        """In Prometheus' text format.  `now`: trusted Unix seconds."""
        as_of = math.nan if self._as_of is None else self._as_of
        self._as_of_gauge.set(as_of)
        self._age.set(now - as_of)
        return generate_latest(self._registry)


class _States:
    """One of several, told as a series each."""

    def __init__(self, gauge: Gauge, values: tuple[str, ...]) -> None:
        self._series = {str(value): gauge.labels(str(value)) for value in values}

    def show(self, value: str) -> None:
        for name, series in self._series.items():
            series.set(name == value)
