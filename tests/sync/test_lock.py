"""One sync at a time; a person's command comes before the daemon."""

import threading
from contextlib import suppress
from pathlib import Path

import pytest

from gate.errors import StoreError
from gate.sync import lock
from gate.sync.lock import BusyError, GaveWayError, Rank, alone


def holds_until_asked(folder: Path, rank: Rank, held: threading.Event, over: threading.Event) -> list[str]:
    """Holds the lock in a thread of its own, and gives way when it has to."""
    told: list[str] = []

    def work() -> None:
        with suppress(GaveWayError), alone(folder, rank) as look:
            held.set()
            while not over.wait(0.01):
                try:
                    look()
                except GaveWayError as error:
                    told.append(error.what)
                    raise

    threading.Thread(target=work, daemon=True).start()
    assert held.wait(10)
    return told


@pytest.mark.parametrize(
    ("holder", "comer"),
    [(Rank.DAEMON, Rank.LOAD), (Rank.DAEMON, Rank.ONCE), (Rank.ONCE, Rank.LOAD)],
    ids=lambda rank: rank.name,
)
def test_a_holder_of_a_lower_rank_gives_way(tmp_path: Path, holder: Rank, comer: Rank) -> None:
    over = threading.Event()
    told = holds_until_asked(tmp_path, holder, threading.Event(), over)
    with alone(tmp_path, comer):
        assert told == ["ended for a list that a person loads"]
    with alone(tmp_path, holder) as look:  # the request is gone with the one that made it
        look()


@pytest.mark.parametrize(
    ("holder", "comer"),
    [
        (Rank.DAEMON, Rank.DAEMON),
        (Rank.ONCE, Rank.DAEMON),
        (Rank.ONCE, Rank.ONCE),
        (Rank.LOAD, Rank.DAEMON),
        (Rank.LOAD, Rank.ONCE),
        (Rank.LOAD, Rank.LOAD),
    ],
    ids=lambda rank: rank.name,
)
def test_no_other_does(tmp_path: Path, holder: Rank, comer: Rank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "WAIT", 0.3)
    over = threading.Event()
    told = holds_until_asked(tmp_path, holder, threading.Event(), over)
    with pytest.raises(BusyError, match="another sync is running"), alone(tmp_path, comer):
        pass
    assert told == []
    over.set()


def test_a_daemon_does_not_begin_while_a_person_waits(tmp_path: Path) -> None:
    over, results = threading.Event(), []
    holds_until_asked(tmp_path, Rank.LOAD, threading.Event(), over)

    def load() -> None:
        with alone(tmp_path, Rank.LOAD):
            results.append("loaded")

    waiting = threading.Thread(target=load)
    waiting.start()
    with pytest.raises(BusyError), alone(tmp_path, Rank.DAEMON):
        pass
    over.set()
    waiting.join()
    assert results == ["loaded"]


def test_a_disk_that_refuses_names_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "lists"
    folder.write_text("x")
    with pytest.raises(StoreError, match="lists: Not a directory"), alone(folder):
        pass


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "sync.lock").symlink_to("lane.db")
    with alone(tmp_path):
        assert not (tmp_path / "lane.db").exists()
