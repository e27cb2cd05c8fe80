"""`scripts/bench list`: the cost of a nation's list, from its authority to the lane's look-up."""

import random
import time
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import click
from device import Admitted, BenchDevice, Nation, SyncedDevice
from measure import by_turns, in_fresh_processes
from people import NATION, Form
from relay import Relay
from report import Figure, medians, show
from spending import Spent

from gate.core.model import Listing
from gate.runtime.clock import SystemClock
from gate.store.apply_list import apply
from gate.store.list_reader import StatusList
from gate.testing import builders

FEW = 10_000  # people of the list that look-ups are compared with
DAILY = 0.01  # of the places change in a day
PROCESSES = 3
SYNCS = 5  # of each kind
BESIDE = 24  # syncs beside a lane at a steady pace
STEADY, BEFORE, AFTER = 0.3, 1.5, 0.3  # seconds of the lane: not counted, idle, and after the sync
FLUSHED = 0.1  # seconds after the list was durable in which the disk may still be busy with it

CLOCK = SystemClock()


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@click.option(
    "--people", type=click.IntRange(min=1000, max=60_000_000), default=NATION, show_default=True, help="On the list."
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True, writable=True),
    default="/var/tmp",  # noqa: S108 - a private folder is made in it
    show_default=True,
    help="Where authority and gate lie during the run (1 GB at most): the disk that is measured.",
)
@click.option(
    "--form",
    type=click.Choice(["idx", "person"]),
    default="person",
    show_default=True,
    help="What the imported rows name: a place of the list, or an id of 12 digits.",
)
@click.option(
    "--beside",
    type=click.IntRange(min=1, max=1000),
    default=BESIDE,
    show_default=True,
    help="Syncs beside a lane that admits people; more is calmer.",
)
@click.option(
    "--syncs",
    type=click.IntRange(min=1, max=1000),
    default=SYNCS,
    show_default=True,
    help="Syncs of each kind, of which the median is shown.",
)
def command(as_json: bool, people: int, folder: Path, form: Form, beside: int, syncs: int) -> None:
    """What the list costs: to publish, to fetch, to take over, to look up in.  Takes about four minutes.

    Everything is real: `gate authority`, a signed repository behind an HTTP server on loopback, and one
    process of `gate sync --once` for each sync.
    """
    with TemporaryDirectory(prefix="gate-bench-", dir=folder) as place:
        try:
            figures = measure(Path(place), people, form, beside, syncs)
        except RuntimeError as error:
            raise click.ClickException(str(error)) from error
    show(f"The list of {people:,} people", figures, as_json=as_json)


def measure(folder: Path, people: int, form: Form, beside: int, times: int) -> list[Figure]:
    nation = Nation(folder, people)
    with nation.served() as server, Relay(server) as relay:
        device = BenchDevice(folder / "device", nation, relay.address)
        figures = [Figure("people", people, "On the list", unit="people"), *_published(nation, form)]
        figures += _first_sync(device, times)
        relay.counted()
        device.sync("unchanged")
        figures += _on_the_wire("unchanged_sync_bytes", relay, "A sync that finds nothing new")
        figures.append(_looked_up(folder, device, people))
        device.keep()
        say("publishing a day's changes")
        nation.change(DAILY)
        daily = nation.publish()
        relay.counted()
        figures += _delta(nation, device, daily, times)
        figures += _beside_a_lane(device, beside)
    return figures


def say(what: str) -> None:
    click.echo(f"{what} ...", err=True)


def _published(nation: Nation, form: Form) -> list[Figure]:
    say(f"importing {nation.people:,} people and publishing them")
    taken, published = nation.take_in(form), nation.publish()
    return [
        Figure("publish_s", taken.seconds + published.seconds, "Publishing everybody from CSV", unit="s", most=120),
        Figure("publish_peak_mb", max(taken.peak_mb, published.peak_mb), "Its memory at most", unit="MB", most=300),
        Figure("import_s", taken.seconds, "Of that, the import", unit="s"),
        Figure("snapshot_mb", nation.file_mb("snapshot"), "The snapshot on the wire", unit="MB", most=3.8),
    ]


def _first_sync(device: BenchDevice, times: int) -> list[Figure]:
    say("syncing from nothing")
    syncs, taken = [], []
    for _ in range(times):
        device.forget()
        syncs.append(device.sync("snapshot"))
        taken.append(device.take_over())
    size = sum(path.stat().st_size for path in device.state.glob("list.db*")) / 1e6
    return [
        Figure("list_db_mb", size, "list.db", unit="MB", most=12),
        Figure("snapshot_apply_s", _applied_in(syncs), "Taking the snapshot over", unit="s", most=2),
        Figure("snapshot_sync_s", _took(syncs), "The whole process of that sync", unit="s"),
        Figure("sync_peak_mb", max(sync.spent.peak_mb for sync in syncs), "Its memory at most", unit="MB", most=150),
        Figure("takeover_s", median(one.seconds for one in taken), "The lane's process that verifies it", unit="s"),
        Figure("takeover_peak_mb", max(one.peak_mb for one in taken), "Its memory at most", unit="MB", most=150),
    ]


def _delta(nation: Nation, device: BenchDevice, daily: Spent, times: int) -> list[Figure]:
    say("syncing a day's changes")
    syncs = []
    for _ in range(times):
        device.put_back()
        syncs.append(device.sync("1 delta"))
    return [
        Figure("delta_mb", nation.file_mb("delta"), "A day's changes on the wire", unit="MB", most=0.35),
        Figure("delta_apply_s", _applied_in(syncs), "Taking them over", unit="s", most=1),
        Figure("delta_sync_s", _took(syncs), "The whole process of that sync", unit="s"),
        Figure("delta_publish_s", daily.seconds, "Publishing them", unit="s"),
    ]


def _on_the_wire(key: str, relay: Relay, what: str) -> list[Figure]:
    size, connections = relay.counted()
    return [
        Figure(key, size, f"{what}: bytes on the wire, both ways", unit="B", most=2000),
        Figure("unchanged_sync_connections", connections, "Its connections", unit="connections"),
    ]


# Looking up


def _looked_up(folder: Path, device: BenchDevice, people: int) -> Figure:
    say("looking places up")
    few = folder / "few"
    everybody = {idx: Listing(1 + idx % 4) for idx in range(FEW)}
    apply(builders.publication(everybody, size=FEW), few)
    runs = in_fresh_processes(PROCESSES, partial(_look_up, device.state, people, few))
    return medians([[run] for run in runs])[0]


def _look_up(many_dir: Path, people: int, few_dir: Path) -> Figure:
    many, few = StatusList(many_dir), StatusList(few_dir)
    chance = random.Random(3)  # noqa: S311 - places, no secret
    places = cycle([chance.randrange(people) for _ in range(100_000)])
    fewer = cycle([chance.randrange(FEW) for _ in range(100_000)])
    for status in (many, few):
        status.refresh()
    tasks = {"many": lambda: many.consult(next(places)), "few": lambda: few.consult(next(fewer))}
    took = by_turns(tasks, rounds=4000, calls=8)
    for status in (many, few):
        status.close()
    return Figure("lookup_ratio", took["many"].ratio(took["few"]), f"A look-up, against one among {FEW:,}", most=1.6)


# Beside a lane


@dataclass(slots=True)
class Beside:
    """A lane's measurements: alone, while a sync's process ran, while a list was taken over."""

    idle: list[Admitted] = field(default_factory=list)
    syncing: list[Admitted] = field(default_factory=list)
    applying: list[Admitted] = field(default_factory=list)
    verifying: list[Admitted] = field(default_factory=list)

    def once(self, device: BenchDevice) -> None:
        """Measure one sync and one take-over beside a lane."""
        with device.lane() as stop:
            time.sleep(STEADY)
            steady = CLOCK.now()
            time.sleep(BEFORE)
            start = CLOCK.now()
            sync = device.sync("1 delta")
            durable = device.list_db.stat().st_mtime  # its last write
            end = CLOCK.now()
            time.sleep(AFTER)
            began = CLOCK.now()
            device.take_over()
            verified = CLOCK.now()
            time.sleep(AFTER)
            admissions = stop()
        for one in admissions:
            until = one.began + one.took
            if steady <= one.began and until < start:
                self.idle.append(one)
            if start <= until and one.began <= end:
                self.syncing.append(one)
            if durable - sync.applied_in <= until and one.began <= durable + FLUSHED:
                self.applying.append(one)
            if began <= until and one.began <= verified + FLUSHED:
                self.verifying.append(one)


def _beside_a_lane(device: BenchDevice, times: int) -> list[Figure]:
    """Measure syncs beside a lane.

    The daily delta rewrites nearly all of list.db, like a snapshot: every chunk has a place that changed."""
    beside = Beside()
    for number in range(times):
        if number % 8 == 0:
            say(f"syncing beside a lane: {number} of {times}")
        device.put_back()
        beside.once(device)
    idle, syncing, applying, verifying = (
        [one.took for one in admissions]
        for admissions in (beside.idle, beside.syncing, beside.applying, beside.verifying)
    )
    disk_idle, disk = ([one.took - one.waited for one in admissions] for admissions in (beside.idle, beside.applying))
    slowest = "The lane's slowest of a hundred"
    return [
        Figure(
            "lane_p99_ratio", _p99(applying) / _p99(idle), f"{slowest} as a list is taken over, against idle", most=2
        ),
        Figure("lane_sync_p99_ratio", _p99(syncing) / _p99(idle), "The same while the whole process of a sync runs"),
        Figure("lane_verify_p99_ratio", _p99(verifying) / _p99(idle), "The same while the lane's process verifies it"),
        Figure(
            "lane_disk_p99_ratio", _p99(disk) / _p99(disk_idle), f"{slowest}, without waiting for a processor, likewise"
        ),
        Figure("lane_p50_ratio", median(applying) / median(idle), "Its median as a list is taken over, likewise"),
        Figure("lane_idle_p99_ms", 1000 * _p99(idle), f"{slowest}, idle", unit="ms"),
        Figure("lane_disk_idle_p99_ms", 1000 * _p99(disk_idle), "Without waiting for a processor", unit="ms"),
        Figure("lane_applying_max_ms", 1000 * max(applying), "Its slowest of all as a list is taken over", unit="ms"),
        Figure("lane_applying_admissions", len(applying), "Admissions that were measured then", unit="admissions"),
    ]


def _p99(seconds: list[float]) -> float:
    return quantiles(seconds, n=100, method="inclusive")[98]


def _applied_in(syncs: list[SyncedDevice]) -> float:
    return median(sync.applied_in for sync in syncs)


def _took(syncs: list[SyncedDevice]) -> float:
    return median(sync.spent.seconds for sync in syncs)
