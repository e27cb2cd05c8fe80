"""`scripts/bench read` on a collection of pictures: what it says of each reader."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.contract.camera_rigs import put

BENCH = Path(__file__).parents[2] / "scripts" / "benchmarks"


def measured(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BENCH), "read", *options], capture_output=True, text=True, timeout=100, check=False
    )


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    put(tmp_path, "one.png", "HELLO ")
    put(tmp_path, "two.png", "WORLD")
    put(tmp_path, "three.png", "THREE", "FOUR")
    put(tmp_path, "none.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    (tmp_path / "one.txt").write_bytes(b"HELLO ")
    (tmp_path / "other.txt").write_bytes(b"SOMETHING ELSE")
    (tmp_path / "three.txt").write_bytes(b"THREE")
    rows = (
        "set,file,expected,truth,category,codes",
        "codes,one.png,one.txt,published,,1",
        "codes,two.png,other.txt,published,,1",  # what is read there is not what is said
        "codes,three.png,three.txt,published,,2",
        "codes,broken.png,one.txt,published,,1",
        "unknown,two.png,,consensus,,1",
        "empty,none.png,,no code in picture,,0",
    )
    file = tmp_path / "MANIFEST.csv"
    file.write_text("".join(f"{row}\n" for row in rows))
    return file


def test_every_reader_has_a_row_for_every_set(manifest: Path, tmp_path: Path) -> None:
    result = measured("--json", "--pictures", str(manifest), "--chart", str(tmp_path / "chart.svg"))
    assert result.returncode == 0, result.stderr
    rows: list[dict[str, Any]] = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(set(row) == {"set", "reader", "n", "recall", "ms_mean", "wrong"} for row in rows)
    assert {row["set"] for row in rows} == {"codes", "empty"}  # nobody knows what would be right of the unknown
    readers = {row["reader"] for row in rows}
    assert {"pyzbar", "opencv", "zxing-cpp", "cascade"} <= readers
    assert len(rows) == 2 * len(readers)
    for row in rows:
        assert row["ms_mean"] > 0
        if row["reader"] in ("pyzbar", "zxing-cpp", "cascade"):
            told = {"codes": (3, round(2 / 3, 4), 1), "empty": (1, None, 0)}[row["set"]]
            assert (row["n"], row["recall"], row["wrong"]) == told
    assert "broken.png" in result.stderr
    assert (tmp_path / "chart.svg").read_text().startswith("<svg")


def test_for_people_it_is_a_table(manifest: Path) -> None:
    result = measured("--pictures", str(manifest))
    assert result.returncode == 0
    assert "cascade" in result.stdout


def test_the_steps_have_their_rows_at_each_size(manifest: Path) -> None:
    result = measured("--steps", "--json", "--pictures", str(manifest))
    assert result.returncode == 0, result.stderr
    rows: list[dict[str, Any]] = [json.loads(line) for line in result.stdout.splitlines()]
    still, live = (
        {row["reader"]: row for row in rows if row["set"] == f"steps, {table}, 480p"} for table in ("still", "live")
    )
    assert still["first look"]["n"] == 4
    assert live["first look"]["n"] % 4 == 0
    for table in (still, live):
        assert sum(row["first"] for row in table.values()) == 4  # texts, each once
    assert all(row["ms_median"] <= row["ms_p95"] for row in rows)
    assert len(still) > 10  # of the picture without a code all were tried


def test_a_constant_is_varied(manifest: Path) -> None:
    result = measured("--steps", "--json", "--vary", "still.BUDGET=0", "--pictures", str(manifest))
    assert result.returncode == 0, result.stderr
    rows: list[dict[str, Any]] = [json.loads(line) for line in result.stdout.splitlines()]
    assert {row["reader"] for row in rows if row["set"].startswith("steps, still")} == {"first look"}


@pytest.mark.parametrize("odd", ["nowhere.BUDGET=1", "still.read_still=1"])
def test_what_is_no_constant_is_refused_in_one_line(odd: str) -> None:
    result = measured("--vary", odd)
    assert result.returncode == 1
    assert odd in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_collection_without_its_columns_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("picture,text\n1.png,HELLO\n")
    result = measured("--pictures", str(file))
    assert result.returncode == 1
    assert "no column" in result.stderr
    assert "Traceback" not in result.stderr
