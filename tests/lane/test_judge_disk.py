"""What the judge says of a disk that fails, and the last things that it writes."""

import json
from pathlib import Path
from typing import Any

import pytest

from gate.lane.judge import Judge
from gate.passes.verifier import Verifier
from gate.store.journal_proof import open_journal, prove, read_rows
from gate.testing.builders import NOW, policy
from tests.commands.jobs import run_traced
from tests.log_lines import captured_lines

WRITE = "pwrite64"
ROUNDS = 5  # of a note, a visitor, a watch and an idle moment each


def live(folder: Path, state: Path, rounds: int, *faults: str) -> tuple[int, list[dict[str, Any]]]:
    """How often a child's judge wrote, and what it logged."""
    log = folder / "lines"
    code, calls = run_traced(
        "tests.lane.full_disk", {"state": state, "log": log, "rounds": rounds}, folder, {WRITE}, faults
    )
    assert code == 0
    return len(calls), json.loads(log.read_text())


@pytest.mark.parametrize(("error", "said"), [("ENOSPC", "the disk is full"), ("EIO", "disk I/O error")])
def test_a_disk_that_fails_is_one_line_however_often_it_is_tried(
    error: str, said: str, state: Path, tmp_path: Path
) -> None:
    started, _ = live(tmp_path, state, 0)
    tried, lines = live(tmp_path, state, ROUNDS)
    assert tried > started
    assert not [line for line in lines if line["level"] == "error"]
    started, _ = live(tmp_path, state, 0)  # on what is there now
    tried, lines = live(tmp_path, state, ROUNDS, f"{WRITE}:error={error}:when={started + 1}+")
    assert tried > started + ROUNDS
    assert [said in line["event"] for line in lines] == [True], lines


def test_the_stop_is_recorded_before_the_last_checkpoint(state: Path) -> None:
    judge = Judge(state, policy(), lambda trust: Verifier(trust, venue="test"))
    judge.begin(NOW)
    with captured_lines() as lines:
        judge.close("test-1", NOW + 10.0)
    (last,) = (line["checkpoint"] for line in lines if line["event"] == "journal checkpoint")
    prove(state)
    with open_journal(state) as connection:
        rows = list(read_rows(state, connection))
    assert [row["detail"] for row in rows] == ["started", "stopped"]
    assert last.startswith(f"{rows[-1]['seq']}:")
