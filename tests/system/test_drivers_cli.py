"""`gate drivers`: all of them for a person and for a program, and one with its keys and boards."""

import json
import re
import tomllib

import pytest

from gate.cli.drivers import block
from gate.registry import registered
from tests.commands.process import run_gate

ROWS = registered()


def test_a_program_gets_a_line_a_driver_whole() -> None:
    ended = run_gate("drivers")
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = [line.split("\t") for line in ended.stdout.splitlines()]
    assert lines == [[row.kind, row.name, row.spec.summary, row.spec.needs] for row in ROWS if row.spec]


def test_a_narrow_terminal_cuts_no_word_that_people_copy() -> None:
    assert len(ROWS) > 15
    for row in ROWS:
        assert row.spec
        shown = block(row, 60)
        assert max(map(len, shown.splitlines()[1:])) <= 60
        assert set(row.spec.needs.split()) <= set(shown.split())


def test_one_driver_is_shown_with_its_keys_and_its_boards() -> None:
    ended = run_gate("drivers", "serial_frames")
    assert (ended.returncode, ended.stderr) == (0, "")
    keys, _, boards = ended.stdout.partition("\nprofile:\n")
    table = tomllib.loads(keys[keys.index("[barrier]") :])
    assert table == {"barrier": {"driver": "serial_frames", "channel": 1, "swapped": False}}
    assert re.search(r"^#port =$", keys, re.M)
    assert {line.split()[0] for line in boards.splitlines()} >= {"lcus", "kmtronic", "digicon-tx1500"}


def test_a_program_gets_the_boards_too() -> None:
    facts = json.loads(run_gate("drivers", "serial_frames", "--json").stdout)
    assert facts["known"]["profile"]["lcus"] == "LCUS USB relay board"


@pytest.mark.parametrize(
    ("name", "hint"), [("camra", "Did you mean `gate drivers camera`?"), ("x", "`gate drivers` lists them all")]
)
def test_a_driver_that_is_none_is_a_wrong_usage(name: str, hint: str) -> None:
    ended = run_gate("drivers", name)
    assert (ended.returncode, ended.stderr) == (2, f"gate: there is no driver '{name}'. {hint}\n")
