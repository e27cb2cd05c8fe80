"""`gate lane` beside a running gate: orders with an end, reasons, and how little the command loads."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.core.model import Listing
from tests.commands.process import run_gate
from tests.system.rig import Site, eventually, replay, running

HEAVY = ("pydantic", "sqlite3", "nacl", "drivers", "gate.store.database", "gate.settings.model", "gate.registry")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, {7: Listing.GREEN})
    made.load_list()
    made.configure(replay(tmp_path, made.issue(7)), '[barrier]\ndriver = "fake"\n')
    with running(made):
        eventually(lambda: made.reasons() == ["admitted"], "the pass to be seen")
        eventually(lambda: len(made.rows("event = 'passage'")) == 1, "the way to be closed")
        yield made


def order(site: Site, *words: str, code: int = 0) -> str:
    done = run_gate("lane", *words, "--config", site.config)
    assert done.returncode == code, done.stderr
    return str(done.stderr if code else done.stdout)


def test_orders_of_staff_by_the_command(site: Site) -> None:
    held = json.loads(order(site, "free", "on", "--until", "90m", "--by", "Aigul", "--json"))
    assert held["phase"] == "free"
    assert 5399 < held["until"]["free"] - held["at"] < 5401
    assert held["given_by"]["free"].endswith(", by Aigul")
    shown = order(site, "status")
    assert "orders free until " in shown
    assert "+05:00" in shown
    assert order(site, "free", "off").startswith("phase ready; mode enforce")
    tomorrow = json.loads(order(site, "lockdown", "on", "--until", "00:00", "--json"))
    assert 0 < tomorrow["until"]["locked_down"] - tomorrow["at"] <= 86_400
    order(site, "lockdown", "off")
    assert "belongs to an order that is given" in order(site, "lockdown", "off", "--until", "1h", code=2)
    assert "is over already" in order(site, "lockdown", "on", "--until", "2020-01-01", code=2)
    assert "more time for the next person" in order(site, "extend")
    assert "more time" not in order(site, "extend", "off")

    assert order(site, "give-back").startswith("phase ready")
    assert "no use to give back" in order(site, "give-back", code=1)
    assert "reason staff_admitted" in order(site, "admit", "--reason", "no_phone", "--note", "a broken screen")
    assert "--note is no text" in order(site, "admit", "--note", "call 7 701 555 12 34", code=2)
    (row,) = site.rows("event = 'decision' AND reader = 'staff'")
    assert row["detail"] == "no_phone; a broken screen"


def test_an_order_loads_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    """A guard waits for it: each of these would cost more than the order itself."""
    config = tmp_path / "gate.toml"
    config.write_text(f'[device]\nid = "a"\nstate_dir = "{tmp_path}"\n[[reader]]\ndriver = "camera"\n')
    program = f"""
import sys
from gate.cli.main import main
sys.argv = ["gate", "lane", "lockdown", "on", "--config", {str(config)!r}]
try:
    main()
except SystemExit:
    pass
print(*sorted(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "no lane answers" in done.stderr
    loaded = done.stdout.split()
    assert "gate.control.client" in loaded
    assert [name for name in loaded if name.startswith(HEAVY)] == []
