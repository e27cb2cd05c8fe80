"""A judge whose disk is full from one call on, as its watches and its visitors find it.

A job: state, log (the file that takes its lines), rounds.
"""

import json
from pathlib import Path
from typing import Any

from gate.core.journal_event import JournalEvent
from gate.core.lane.modes import Mode
from gate.core.model import Direction
from gate.lane.judge import Judge
from gate.passes.verifier import Verifier
from gate.store.admission import Presented
from gate.store.standing_orders import StandingOrders
from gate.testing.builders import NOW, policy
from tests.commands.jobs import carry_out
from tests.lane.rig import plain
from tests.log_lines import captured_lines

SHOWN = Presented("reader[0]", Direction.ENTRY, Mode.ENFORCE, 1)


def _day(job: dict[str, Any]) -> int:
    with captured_lines() as lines:
        judge = Judge(Path(job["state"]), policy(), lambda trust: Verifier(trust, venue="test"))
        judge.begin(NOW)
        for number in range(job["rounds"]):
            at = NOW + 10.0 * (number + 1)
            text = plain(number)
            judge.note(JournalEvent.GATE, at, "something")
            judge.decide(text, SHOWN, at)
            judge.keep_end()
            judge.watch(at, StandingOrders())
            judge.tidy("test-1", at)
        if job["rounds"]:
            judge.close("test-1", NOW + 1000.0)
    Path(job["log"]).write_text(json.dumps(lines))
    return 0


if __name__ == "__main__":
    carry_out(_day)
