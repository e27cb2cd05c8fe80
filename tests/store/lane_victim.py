"""A lane's store that is killed, or refused by the disk, at any one of its system calls.

A job: state, openings (the file that stands for the barrier), at.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from gate.core.journal_event import JournalEvent
from gate.core.lane.effects import Passed
from gate.core.lane.modes import Mode
from gate.core.model import Decision, Direction
from gate.core.reason import Reason
from gate.errors import StoreError
from gate.store import segments
from gate.store.admission import Admission, Presented
from gate.store.list_reader import StatusList
from gate.testing.builders import claims, policy
from tests.commands.jobs import carry_out

PEOPLE = range(10, 15)
REUSE_AFTER = 3 * 86_400.0  # seconds: longer than the story
REFUSED = 17  # exit code: a StoreError at the start, as it should be
SHOWN = Presented("reader[0]", Direction.ENTRY, Mode.ENFORCE, 1)


def visit(admission: Admission, at: float, idx: int, openings: int) -> None:
    """One person shows a code, twice; whoever is admitted is written down as an opening first of all."""
    code = claims(idx, token=f"token-{idx}".encode())
    for _ in range(2):
        try:
            recorded = admission.admit(code, SHOWN, at)
        except StoreError:
            with suppress(StoreError):
                admission.heal(at)
            continue
        if recorded.decision.admitted:
            os.write(openings, f"{idx} {recorded.seq}\n".encode())
            with suppress(StoreError):
                admission.end_grant(recorded.seq, Passed.PASSED, at + 1)


def morning(state: Path, openings: int, at: float) -> int:
    """Start, let people in, count some junk, seal rows, destroy yesterday's key, stop."""
    segments.ROWS, segments.STAY = 4, 3
    status = StatusList(state)
    try:
        status.refresh()
        admission = Admission(state, status, policy(reuse_after=REUSE_AFTER))
        admission.close_interrupted(at)
        admission.note(JournalEvent.GATE, at, "started")
    except StoreError:
        return REFUSED
    for idx in PEOPLE:
        visit(admission, at + idx, idx, openings)
    at += 86_400
    steps = (
        lambda: admission.record(Decision(Reason.MALFORMED), SHOWN, at),
        lambda: admission.write_counts(at, every=True),
        lambda: admission.sign_journal("ala-1", at),
        lambda: admission.tidy(at),
        lambda: admission.destroy_keys(at),
        lambda: admission.retire_rows("ala-1", 4e7, at),
        lambda: admission.retire_rows("ala-1", 4e7, at),
    )
    for step in steps:
        with suppress(StoreError):
            step()
    admission.close()
    return 0


def _live(job: dict[str, Any]) -> int:
    openings = os.open(job["openings"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    return morning(Path(job["state"]), openings, job["at"])


if __name__ == "__main__":
    carry_out(_live)
