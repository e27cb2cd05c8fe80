"""`gate release`: another release is tried under watch, and taken back when it does not do well."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.device.release_list import rows
from gate.errors import GateError, UsageError
from gate.store.journal_proof import prove
from tests.commands.process import run_gate
from tests.device.rig import Root, rooted
from tests.system.rig import eventually

pytestmark = pytest.mark.slow

OLD, NEW = "0.1.0", "0.2.0"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Root]:
    with rooted(tmp_path, monkeypatch) as made:
        made.install(OLD)
        made.layout.current.symlink_to(f"releases/{OLD}")
        yield made


def healths(root: Root) -> dict[str, str]:
    return {row.version: row.health for row in rows(root.layout)}


def test_a_good_release_is_kept(root: Root) -> None:
    root.install(NEW)
    root.start()
    assert root.decided(1) == ["admitted"]
    root.use(NEW)
    assert root.current == NEW
    assert root.state() == "active"
    assert root.decided(2)[-1] == "already_used"
    assert healths(root) == {OLD: "not tried", NEW: "held"}
    assert not root.layout.switching.exists()
    assert not list(root.site.state.glob("*.before-trial"))
    assert run_gate("journal", "verify", "--config", root.site.config).returncode == 0


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("config", "0.2.0 the configuration does not hold: .*no such key any more"),
        ("doctor", "the doctor of 0.2.0 is not content: disk: slow"),
    ],
)
def test_a_release_that_does_not_fit_is_not_begun(root: Root, fault: str, why: str) -> None:
    """The camera that both doctors complain of says nothing against the new release."""
    root.install(NEW, fault)
    root.start()
    with pytest.raises(GateError, match=why):
        root.use(NEW)
    assert root.current == OLD
    assert root.state() == "active"
    assert healths(root) == {OLD: "not tried", NEW: "not tried"}


def test_a_release_that_does_not_become_ready_is_taken_back(root: Root) -> None:
    root.install(NEW, "mute")
    root.start()
    root.decided(1)
    root.ready = 4.0
    why = rf"{NEW} did not hold \(not well within 4 s: gate.service not ready"
    with pytest.raises(GateError, match=why):
        root.use(NEW)
    assert root.current == OLD
    eventually(lambda: root.state() == "active", "the release before")
    assert set(root.decided(2)[1:]) == {"already_used"}
    assert healths(root)[NEW] == "failed"
    assert not root.layout.switching.exists()


def is_taken_back(root: Root, new: str) -> None:
    """Try a release that dies; wait until the one before runs."""
    root.install(NEW, new)
    root.start()
    root.decided(1)
    why = rf"{NEW} did not hold \(gate.service ended by itself"
    with pytest.raises(GateError, match=why):
        root.use(NEW, health=60.0)
    eventually(lambda: root.state() == "active", "the release before")


def test_a_database_that_only_the_new_release_reads_comes_back_as_it_was(root: Root) -> None:
    is_taken_back(root, "newer-dies")
    reasons = root.decided(2)
    assert reasons[0] == "admitted"
    assert set(reasons[1:]) == {"already_used"}
    assert (root.site.state / f"lane.db.of-{NEW}").exists()
    kept = [json.loads(line) for line in (root.site.state / f"journal-of-{NEW}.jsonl").read_text().splitlines()]
    assert "decision" in {row["event"] for row in kept}
    assert not root.site.rows("event = 'loss'")
    prove(root.site.state)


def test_uses_under_a_release_that_was_taken_back_are_unknown_and_nobody_enters(root: Root) -> None:
    is_taken_back(root, "newer-admits-dies")
    eventually(lambda: bool(root.site.rows("event = 'loss'")), "the row of the loss")
    status = run_gate("lane", "status", "--json", "--config", root.site.config)
    assert json.loads(status.stdout)["phase"] == "locked_down"
    assert any("locked down until staff confirm" in line for line in root.said)
    assert run_gate("lane", "lockdown", "off", "--config", root.site.config).returncode == 0
    root.order("stop", "gate.service")
    root.configure([root.site.issue(2)])
    root.start()
    eventually(lambda: root.site.reasons()[-1:] == ["too_soon"], "a refusal of whoever may have entered")
    kept = [json.loads(line) for line in (root.site.state / f"journal-of-{NEW}.jsonl").read_text().splitlines()]
    assert "staff_admitted" in {row["reason"] for row in kept}
    prove(root.site.state)


def test_an_older_release_is_refused_after_another_schema(root: Root) -> None:
    root.install(NEW, "newer")
    root.start()
    root.decided(1)
    root.use(NEW)
    with pytest.raises(UsageError, match=r"0\.1\.0 cannot read .*lane\.db.*--lose-journal"):
        root.use(OLD)
    assert root.current == NEW
    root.use(OLD, lose_journal=True)
    assert root.current == OLD
    assert root.site.rows("event = 'loss'")


def test_prune_keeps_the_current_release_and_the_one_before(root: Root) -> None:
    for version in ("0.0.8", "0.0.9", NEW):
        root.install(version)
    (root.layout.releases / "0.0.7").mkdir()
    root.use(NEW)  # no service runs
    assert healths(root) == {
        "0.0.7": "not whole",
        "0.0.8": "not tried",
        "0.0.9": "not tried",
        OLD: "not tried",
        NEW: "untried",
    }
    said = run_gate("release", "prune", "--root", root.layout.root)
    assert "0.0.8 removed, " in said.stdout
    assert sorted(healths(root)) == [OLD, NEW]
    listed = run_gate("release", "list", "--json", "--root", root.layout.root)
    assert [(row["version"], row["current"], row["before"]) for row in map(json.loads, listed.stdout.splitlines())] == [
        (OLD, False, True),
        (NEW, True, False),
    ]
    root.layout.switching.write_text("{}")
    refused = run_gate("release", "prune", "--root", root.layout.root)
    assert refused.returncode == 2
    assert "a trial of a release is not ended" in refused.stderr


def test_prune_keeps_what_a_link_in_use_names(root: Root) -> None:
    for version in ("0.0.9", NEW):
        root.install(version)
    (root.layout.releases / "stable").symlink_to(OLD)
    (root.layout.releases / "trial").symlink_to("0.0.9")
    root.layout.current.unlink()
    root.layout.current.symlink_to("releases/stable")
    said = run_gate("release", "prune", "--root", root.layout.root)
    assert said.returncode == 0, said.stderr
    assert sorted(path.name for path in root.layout.releases.iterdir()) == [OLD, "stable"]
    assert (root.layout.current / "bin/gate").exists()


@pytest.mark.parametrize("version", ["0.3.0", "../current", "0.1.0", ""])
def test_only_another_release_that_is_there_can_be_used(root: Root, version: str) -> None:
    said = run_gate("release", "use", version, "--root", root.layout.root)
    assert said.returncode == 2
    assert len(said.stderr.splitlines()) == 1
    assert root.current == OLD
