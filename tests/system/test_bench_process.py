"""`scripts/bench process`: every figure is there and means what it says.  No times and no limits: they are what
the command is for, on a quiet machine."""

import json
import subprocess
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "scripts" / "bench"

pytestmark = [pytest.mark.slow, pytest.mark.endurance]


@pytest.mark.timeout(200)
def test_the_figures_of_the_processes() -> None:
    command = [str(BENCH), "process", "--json", "--seconds", "1", "--starts", "1", "--flooded", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    figures: dict[str, float] = json.loads(line)
    processes = ("sync", "lane", "page", "worker_480p", "worker_720p")
    assert figures.keys() == {
        "first_decision_s",
        *(f"{name}_{kind}_mb" for name in processes for kind in ("rss", "pss", "anonymous")),
    }
    for name in processes:
        rss, pss, anonymous = (figures[f"{name}_{kind}_mb"] for kind in ("rss", "pss", "anonymous"))
        assert 5 < anonymous < pss < rss
    assert figures["first_decision_s"] > 0.1
