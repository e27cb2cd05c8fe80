"""`python -m gate.sync.visit_main`: one visit to a mirror, for the process that started it.

Reads one line of JSON, writes lines of JSON (`gate.sync.visit_lines`), and ends when its parent does.
"""

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

from nacl.signing import VerifyKey

from gate.errors import GateError
from gate.logs import set_up_child
from gate.store.places import Places
from gate.sync.allowance import Step, VisitPhase
from gate.sync.round import ListSource
from gate.sync.sync import visit_here
from gate.sync.times import Times
from gate.sync.visit_lines import ended_line, failed_line, step_line
from gate.worker.confine import die_first, lower_data

MEMORY = 512 << 20  # bytes of data: five times the need of a nation's list (`scripts/bench list`)
REPORT_EVERY = 0.1  # seconds between two reports of the same step


def main() -> None:
    out = os.dup(1)
    os.dup2(2, 1)  # library output must not mix with reports
    lower_data(MEMORY)  # a malicious file ends this process, and no other
    die_first(1000)
    job = json.loads(sys.stdin.buffer.readline())
    set_up_child()
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    report = _report_to(out)
    report(Step(VisitPhase.WORK, job["address"], 0))
    try:
        last = ended_line(visit_here(_source(job), Times(**job["times"]), job["address"], report))
    except GateError as error:
        last = failed_line(error)
    _write(out, last)
    os._exit(0)  # skips closing the connection to the mirror


def _source(job: dict[str, Any]) -> ListSource:
    return ListSource(
        mirrors=(job["address"],),
        root=Path(job["root"]),
        where=Places(Path(job["state_dir"]), Path(job["list_dir"])),
        stale_after=0,
        subjects_for=None if job["key"] is None else VerifyKey(bytes.fromhex(job["key"])),
        delete_subjects=job["delete_subjects"],
    )


def _report_to(out: int) -> Callable[[Step], None]:
    last, reported_at = None, 0.0

    def report(step: Step) -> None:
        nonlocal last, reported_at
        now = monotonic()
        if (step.phase, step.about) != last or now - reported_at >= REPORT_EVERY:
            last, reported_at = (step.phase, step.about), now
            _write(out, step_line(step))

    return report


def _write(out: int, line: bytes) -> None:
    while line:
        line = line[os.write(out, line) :]


def _end_with_the_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    main()
