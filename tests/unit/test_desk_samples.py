"""The ring of samples from which the desk draws its charts."""

from pathlib import Path
from typing import Any

import pytest

from gate.core.tally import LATENCIES
from gate.desk.technician.machine import MachineState
from gate.desk.technician.samples import MOST, SPAN, Sample, SampleFile, Samples, merged, quantile_ms

FAST = (10, *(0,) * len(LATENCIES))


def status(decisions: dict[str, int], latencies: tuple[int, ...] = FAST, **more: Any) -> dict[str, Any]:
    return {
        "phase": "ready",
        "cannot": [],
        "reading": {},
        "counts": {"decisions": decisions, "latencies": latencies},
    } | more


def machine(busy: float = 0.0, idle: float = 0.0) -> MachineState:
    return MachineState(busy, idle, 0.4, 51.5, 100.0, 10**9)


def test_a_sample_counts_what_was_decided_within_its_five_minutes() -> None:
    samples = Samples()
    begin = status({"admitted": 100, "presentation_stale": 3})
    later = (15, 4, *(0,) * (len(LATENCIES) - 1))
    end = status({"admitted": 106, "presentation_stale": 5, "list_expired": 1}, later)
    assert not samples.look(0.0, begin, machine(10, 100))
    assert samples.look(SPAN, end, machine(40, 370))
    (sample,) = samples.ring
    assert (sample.admitted, sample.refused, sample.faults) == (6, 2, 1)
    assert sample.p50_ms is not None
    assert sample.p50_ms <= 5
    assert sample.p95_ms is not None
    assert 5 < sample.p95_ms <= 10
    assert (sample.cpu, sample.memory, sample.temperature, sample.served) == (0.1, 0.4, 51.5, 1.0)


def test_a_lane_that_starts_again_begins_at_zero() -> None:
    samples = Samples()
    samples.look(0.0, status({"admitted": 100}), machine())
    samples.look(SPAN, status({"admitted": 4}, (4, *(0,) * len(LATENCIES))), machine())
    assert samples.ring[-1].admitted == 4


def test_a_lane_that_is_away_or_serves_nobody_is_no_service() -> None:
    samples = Samples()
    for at, told in ((0.0, None), (100.0, status({}, cannot=["read"])), (200.0, status({})), (SPAN, None)):
        samples.look(at, told, machine())
    assert samples.ring[-1].served == 0.25
    assert samples.ring[-1].admitted == 0


def test_the_share_that_was_read_is_of_the_frames_with_a_code() -> None:
    samples = Samples()
    for at in (0.0, SPAN):
        samples.look(at, status({}, reading={"reader[0]": {"looks": 100, "read": 30, "unread": 10}}), machine())
    assert samples.ring[-1].read == 0.75


def test_a_clock_that_is_set_begins_another_sample() -> None:
    samples = Samples()
    samples.look(1e9, status({"admitted": 1}), machine())
    assert not samples.look(2e9, status({"admitted": 500}), machine())
    assert not samples.ring


@pytest.mark.parametrize(
    ("buckets", "share", "ms"),
    [
        ((0,) * 11, 0.5, None),
        ((4, *(0,) * 10), 0.5, 2.5),
        ((0, 0, 2, 2, *(0,) * 7), 0.5, 25.0),
        ((0,) * 10 + (3,), 0.95, 2500.0),
    ],
)
def test_quantiles_lie_within_their_bucket(buckets: tuple[int, ...], share: float, ms: float | None) -> None:
    assert quantile_ms(buckets, share) == ms


def sample(at: float, admitted: int = 1, p95_ms: float | None = None) -> Sample:
    return Sample(at, admitted, 0, 0, None, p95_ms, None, 0.5, None, None, 1.0)


def test_hours_add_people_and_keep_the_worst() -> None:
    (hour, rest) = merged([sample(float(at), 2, float(at)) for at in range(13)], 12)
    assert (hour.admitted, hour.p95_ms, hour.cpu, hour.at) == (24, 11.0, 0.5, 11.0)
    assert rest.admitted == 2


def test_the_file_outlives_a_restart_and_its_damage_costs_charts_alone(tmp_path: Path) -> None:
    file = SampleFile(tmp_path)
    assert file.load() == []
    file.save([sample(1.0), sample(2.0)])
    assert file.load() == [sample(1.0), sample(2.0)]
    for damage in (b"[", b'[{"at": 1}]', b"{}", b"[" * 90_000):
        (tmp_path / "samples.json").write_bytes(damage)
        assert file.load() == []
    assert Samples([sample(float(at)) for at in range(MOST + 5)]).ring.maxlen == MOST
