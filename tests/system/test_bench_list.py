"""`scripts/bench list` at the size of a town: every figure is there and means what it says.  No times: they are
what the command is for, on a quiet machine."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "scripts" / "bench"
PEOPLE = 20_000
FIGURES = {
    "people",
    "list_db_mb",
    "snapshot_mb",
    "delta_mb",
    "unchanged_sync_bytes",
    "snapshot_apply_s",
    "delta_apply_s",
    "lookup_ratio",
    "lane_p99_ratio",
    "sync_peak_mb",
    "publish_s",
    "publish_peak_mb",
}

pytestmark = pytest.mark.slow


@pytest.mark.timeout(300)
@pytest.mark.endurance
@pytest.mark.parametrize("form", ["idx", "person"])
def test_the_figures_of_a_list(tmp_path: Path, form: str) -> None:
    command = [str(BENCH), "list", "--json", "--people", str(PEOPLE), "--beside", "1", "--syncs", "1", "--form", form]
    done = subprocess.run([*command, "--dir", str(tmp_path)], capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    figures: Mapping[str, float] = json.loads(line)
    assert figures.keys() >= FIGURES
    assert all(value > 0 for value in figures.values()), figures
    assert figures["people"] == PEOPLE
    assert 0.010 < figures["list_db_mb"] < 0.2
    assert 0.0028 < figures["snapshot_mb"] < 0.006  # the entropy of the mix is 1.15 bits a place
    assert 0.0001 < figures["delta_mb"] < 0.001
    assert 200 < figures["unchanged_sync_bytes"] <= 2000  # a missing root.json and an unchanged timestamp.json
    assert figures["unchanged_sync_connections"] >= 1
    assert 30 < figures["sync_peak_mb"] <= 150
    assert 30 < figures["publish_peak_mb"] <= 300
    assert figures["import_s"] < figures["publish_s"]
    assert figures["lane_applying_admissions"] >= 3
    assert "importing" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    command = [str(BENCH), "list", "--dir", str(tmp_path / "missing")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "does not exist" in done.stderr
