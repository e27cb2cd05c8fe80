"""A visit to a mirror in its own process, which the parent kills after its deadline.

A mirror cannot hold or end the sync, by silence, by single bytes, or by a file that crashes a library: the process is
killed, and the next mirror is visited.  Downloads are kept, and list.db is changed atomically.  The visit's memory is
freed with its process, so the waiting daemon is small.
"""

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from time import monotonic

from gate.errors import GateError, StoreError, SyncError
from gate.store.places import Places
from gate.sync.allowance import Allowance, Step, VisitLimits
from gate.sync.round import ListSource, MirrorProblem, Visited, shown
from gate.sync.times import Times
from gate.sync.visit_lines import MAX_LINE, VisitEnded, VisitFailed, parsed

TICK = 0.2  # seconds between checks whether the visit shall go on
REAPED_WITHIN = 2.0  # seconds: a process that hangs in the kernel, on a dead medium, is abandoned

_ENVIRONMENT = {  # one thread and one heap keep a visit small
    "PYTHONUTF8": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
}


class ProcessVisit:
    """Visits mirrors.  `tick` is called several times a second; what it raises ends the visit.  `progress` gets the
    number of bytes received since its last call."""

    def __init__(
        self,
        source: ListSource,
        now: Times | float,
        tick: Callable[[], None],
        progress: Callable[[int], None] | None = None,
        limits: VisitLimits | None = None,
    ) -> None:
        self._source = source
        self._times = Times.of(now)
        self._tick = tick
        self._progress = progress
        self._limits = limits or VisitLimits()

    def __call__(self, address: str) -> Visited:
        """Visit the mirror at an address.  Raises StoreError, and what `tick` raises."""
        allowance = Allowance(self._limits, monotonic())
        received = 0
        with _process() as process:
            _send(process, self._job(address))
            for line in self._lines(process, allowance):
                report = parsed(line)
                if isinstance(report, Step):
                    allowance.report(report, monotonic())
                    if self._progress and report.received > received:
                        self._progress(report.received - received)
                    received = max(received, report.received)
                elif isinstance(report, VisitEnded):
                    return report.visited
                elif isinstance(report, VisitFailed):
                    raise report.error
                else:
                    return _failed(_malformed(address), received)
            problem = allowance.problem if monotonic() >= allowance.ends else _death(address, process, allowance)
        if isinstance(problem, StoreError):
            raise problem
        return _failed(problem, received)

    def _lines(self, process: "subprocess.Popen[bytes]", allowance: Allowance) -> Iterator[bytes]:
        """Yield lines until the process ends, or its time is over.  A line that is too long is cut."""
        assert process.stdout is not None  # noqa: S101 - PIPE in `_process`
        pending = b""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while True:
                self._tick()
                left = allowance.ends - monotonic()
                if left <= 0:
                    return
                if not selector.select(min(TICK, left)):
                    continue
                chunk = os.read(process.stdout.fileno(), 1 << 16)
                if not chunk:
                    return
                *lines, pending = (pending + chunk).split(b"\n")
                yield from lines
                if len(pending) > MAX_LINE:
                    yield pending
                    return

    def _job(self, address: str) -> dict[str, object]:
        source, places = self._source, Places.of(self._source.where)
        return {
            "address": address,
            "root": str(source.root),
            "state_dir": str(places.state_dir),
            "list_dir": str(places.list_dir),
            "times": asdict(self._times),
            "key": bytes(source.subjects_for).hex() if source.subjects_for is not None else None,
            "delete_subjects": source.delete_subjects,
        }


@contextmanager
def _process() -> "Iterator[subprocess.Popen[bytes]]":
    """Run the process, and end it with the block.  Raises StoreError when it cannot be started."""
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "gate.sync.visit_main"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C in the terminal is for the parent only
            env=os.environ | _ENVIRONMENT,
        )
    except OSError as error:
        raise StoreError(
            f"the process that visits mirrors cannot be started: {error.strerror}",
            hint="Free memory, or look at the limits of this service",
        ) from error
    try:
        yield process
    finally:
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(REAPED_WITHIN)


def _send(process: "subprocess.Popen[bytes]", job: dict[str, object]) -> None:
    """Send the job.  The pipe stays open, because its end shows the process that its parent is gone."""
    assert process.stdin is not None  # noqa: S101 - PIPE in `_process`
    with suppress(OSError):  # it has ended: its output is read later
        process.stdin.write(json.dumps(job).encode() + b"\n")
        process.stdin.flush()


def _death(address: str, process: "subprocess.Popen[bytes]", allowance: Allowance) -> GateError:
    """Return the error for a visit whose process ended by itself."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(REAPED_WITHIN)
    code = process.returncode
    how = "unexpectedly" if code is None else f"by signal {-code}" if code < 0 else f"with exit code {code}"
    if not allowance.has_begun:
        hint = "Install the gate again" if code is not None and code > 0 else "Look at the memory of this computer"
        return StoreError(f"the process that visits mirrors ended {how} before it began", hint=hint)
    return SyncError(
        f"{shown(address)}: the visit ended {how}",
        hint="Report it to the mirror's operator; `--verbose` shows more",
    )


def _malformed(address: str) -> SyncError:
    return SyncError(f"{shown(address)}: the visit sent a malformed report", hint="Install the gate again")


def _failed(problem: GateError, received: int) -> Visited:
    return Visited(None, (MirrorProblem(problem.what, problem.hint),), received)
