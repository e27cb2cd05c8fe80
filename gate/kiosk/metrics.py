"""Metrics of the lane for Prometheus: GET /metrics.  A side outlet, never read back.

The input is that of a watcher of the bus.  Counters are the lane's since its start, however often the page started.  A
name contains its unit; a state that is one of several has a series for each, 1 for the present one.  config/README.md
has the table.
"""

import math
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from itertools import accumulate

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    Info,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from gate.core.lane.effects import Passed
from gate.core.lane.modes import Alarm, Phase
from gate.core.outlet_events import AlarmChanged, ClockChanged, DeviceChanged, ListChanged, PhaseChanged, ReaderDropped
from gate.core.reason import Reason
from gate.core.staleness import Freshness
from gate.core.tally import LATENCIES, Tally
from gate.core.trusted_time import ClockTrust, Ntp
from gate.kiosk.about import About
from gate.runtime.bus import Item

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

try:  # at import: the event loop never waits for the disk
    _RELEASE = version("ashyq-gate")
except PackageNotFoundError:  # run from a folder, not installed
    _RELEASE = "unknown"


class Metrics:
    """The collectors.  Belongs to one event loop."""

    def __init__(self, about: About) -> None:
        registry = self._registry = CollectorRegistry()
        self._as_of: int | None = None

        def states(name: str, text: str, values: Iterable[str]) -> "_States":
            return _States(Gauge(name, text, ["state"], registry=registry), tuple(values))

        self._counts = _Counts()
        registry.register(self._counts)
        self._phase = states("gate_phase", "Where the lane stands.", Phase)
        self._devices = Gauge("gate_device_up", "1 while the device is well.", ["device", "driver"], registry=registry)
        self._alarms = Gauge("gate_alarm", "1 while staff should come and look.", ["alarm"], registry=registry)
        for alarm in Alarm:
            self._alarms.labels(alarm.value)
        self._version = Gauge("gate_list_version", "Version of the status list.", registry=registry)
        self._version.set(math.nan)
        self._as_of_gauge = Gauge(
            "gate_list_as_of_timestamp_seconds", "Unix time of the status list.", registry=registry
        )
        self._age = Gauge("gate_list_age_seconds", "Age of the status list by the trusted clock.", registry=registry)
        self._grade = states("gate_list_grade", "How old the list counts as.", Freshness)
        self._clock = states("gate_clock_state", "How far the clock is believed.", ClockTrust)
        self._behind = Gauge(
            "gate_clock_behind_seconds",
            "How far the system clock is behind the trusted one; below 0 it is ahead.",
            registry=registry,
        )
        self._ntp = states("gate_clock_ntp", "Whether the system clock is kept right from the network.", Ntp)
        Info("gate_build", "What runs here.", registry=registry).info(
            {"version": _RELEASE, "device": about.device_id, "venue": about.venue_id, "mode": about.mode.value}
        )

    def take(self, event: Item) -> None:
        self._counts.take(event)
        match event:
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
        """Return the metrics in Prometheus' text format.  `now`: trusted Unix seconds."""
        as_of = math.nan if self._as_of is None else self._as_of
        self._as_of_gauge.set(as_of)
        self._age.set(now - as_of)
        return generate_latest(self._registry)


class _Counts(Collector):
    """The tally as a Prometheus collector."""

    def __init__(self) -> None:
        self._tally = Tally()
        self._dropped: dict[tuple[str, str], int] = {}

    def take(self, item: Item) -> None:
        if isinstance(item, ReaderDropped):
            self._dropped[item.device, item.what] = item.count
        self._tally = item if isinstance(item, Tally) else self._tally.counting(item)

    def collect(self) -> Iterator[Metric]:
        tally = self._tally
        decisions = CounterMetricFamily("gate_decisions", "Decisions, by reason.", labels=["reason"])
        for reason in Reason:
            if reason is not Reason.VERIFIED:  # a gate never answers it
                decisions.add_metric([reason.value], tally.decisions.get(reason, 0))
        yield decisions
        yield CounterMetricFamily("gate_admitted", "Decisions that admitted.", tally.admitted)
        text = "Decisions on which the barrier moved: admitted, or a pilot."
        yield CounterMetricFamily("gate_let_through", text, tally.let_through)
        bounds = [*(str(bound) for bound in LATENCIES), "+Inf"]
        yield HistogramMetricFamily(
            "gate_decision_seconds",
            "Time from the frame to the committed decision.",
            buckets=list(zip(bounds, accumulate(tally.latencies), strict=True)),
            sum_value=tally.latency_sum,
        )
        passages = CounterMetricFamily("gate_passages", "Grants that ended, by how.", labels=["result"])
        for passed in Passed:
            passages.add_metric([passed.value], tally.passages.get(passed, 0))
        yield passages
        text = "Codes that a reader dropped, by reader and fault."
        dropped = CounterMetricFamily("gate_reader_dropped", text, labels=["device", "fault"])
        for labels, count in sorted(self._dropped.items()):
            dropped.add_metric(labels, count)
        yield dropped


class _States:
    """One of several states, exported as a series each."""

    def __init__(self, gauge: Gauge, values: tuple[str, ...]) -> None:
        self._series = {str(value): gauge.labels(str(value)) for value in values}

    def show(self, value: str) -> None:
        for name, series in self._series.items():
            series.set(name == value)
