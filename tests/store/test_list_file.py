"""list.db as a file: who may read it, what becomes of damage, and what earlier versions of the gate left."""

import errno
import os
import random
import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from zlib import crc32

import pytest

from gate.core.model import Listing
from gate.errors import DamagedError, GateError, PublishError, StoreError
from gate.store import content_check
from gate.store.apply_list import apply, held, held_nibbles, set_damaged_aside
from gate.store.content_check import ContentCheck
from gate.store.last_sync import Synced, last_sync
from gate.store.list_file import ListFile, seed_of
from gate.store.list_reader import OutdatedError, StatusList
from gate.store.places import Places
from gate.store.preview import Preview
from gate.testing.builders import NOW, claims, load, policy, publication
from tests.store.earlier_list import write_earlier

PEOPLE = 6000
COLOURS = (Listing.RED, Listing.YELLOW, Listing.BLUE, Listing.GREEN, Listing.REVOKED)
EVERYBODY = {idx: COLOURS[idx * 7919 % 5] for idx in range(PEOPLE)}
PUBLISHED = publication(EVERYBODY, size=PEOPLE)


def answers(state: Path | Places, *places: int) -> list[Listing]:
    status = StatusList(state)
    status.refresh()
    try:
        return [status.consult(place) for place in places]
    finally:
        status.close()


# Earlier forms


@pytest.mark.parametrize("form", [1, 2])
def test_an_earlier_list_is_read_until_the_next_sync(tmp_path: Path, form: int) -> None:
    """What is still in its WAL too, as a power cut leaves it."""
    with closing(write_earlier(PUBLISHED, tmp_path / "lived", form=form)):
        shutil.copytree(tmp_path / "lived", tmp_path / "cut", ignore=shutil.ignore_patterns("*-shm"))
    for state in (tmp_path / "lived", tmp_path / "cut"):
        assert answers(state, *range(PEOPLE)) == list(EVERYBODY.values())
        known = held(state)
        assert known is not None
        assert known.earlier
        assert apply(PUBLISHED, state)
        assert answers(state, *range(PEOPLE)) == list(EVERYBODY.values())
        assert sorted(path.name for path in state.iterdir()) == ["list.db"]
        assert not (held(state) or known).earlier


def test_an_earlier_list_is_written_again_without_being_fetched(tmp_path: Path) -> None:
    write_earlier(PUBLISHED, tmp_path, synced=(NOW, "https://lists.example")).close()
    assert last_sync(tmp_path) == Synced(NOW, "https://lists.example")
    without = publication(EVERYBODY, size=PEOPLE, version=2)
    assert apply(type(without)(without.trust, without.rules, without.head, None), tmp_path)
    assert answers(tmp_path, 0, 1) == [EVERYBODY[0], EVERYBODY[1]]


def test_an_earlier_list_holds_back_what_is_older(tmp_path: Path) -> None:
    """Also where the lists have a directory of their own by now."""
    places = Places(tmp_path, tmp_path / "lists")
    write_earlier(publication(EVERYBODY, size=PEOPLE, version=5), tmp_path).close()
    assert answers(places, 0) == [EVERYBODY[0]]
    with pytest.raises(GateError, match="version 4 is older than version 5"):
        apply(publication({0: Listing.GREEN}, version=4, shrunk_at=9), places)
    assert answers(places, 0) == [EVERYBODY[0]]
    apply(publication(EVERYBODY | {0: Listing.GREEN}, size=PEOPLE, version=6), places)
    assert answers(places, 0) == [Listing.GREEN]
    assert [path.name for path in tmp_path.iterdir()] == ["lists"]


def test_a_lane_asks_the_newer_of_two_lists(tmp_path: Path) -> None:
    """A sync that may not read what the lane has takes a list for its first."""
    places = Places(tmp_path, tmp_path / "lists")
    write_earlier(publication({7: Listing.RED}, version=5), tmp_path).close()
    status = StatusList(places)
    status.refresh()
    apply(publication({7: Listing.GREEN}, version=4), places.list_dir)
    status.refresh()
    assert status.consult(7) is Listing.RED
    apply(publication({7: Listing.BLUE}, version=6), places.list_dir)
    status.refresh()
    assert status.consult(7) is Listing.BLUE
    status.tidy()
    assert not (tmp_path / "list.db").exists()
    status.close()


@pytest.mark.parametrize("column", ["places", "through"])
def test_a_step_that_was_edited_keeps_nobody_from_syncing(tmp_path: Path, column: str) -> None:
    write_earlier(PUBLISHED, tmp_path, column=column).close()
    apply(publication(EVERYBODY, size=PEOPLE, version=2), tmp_path)
    assert answers(tmp_path, 3) == [EVERYBODY[3]]


@pytest.mark.parametrize("number", [0, 1, 2, 4, 99, 2**31 - 1])
def test_a_list_of_another_version_is_refused_and_fetched_again(tmp_path: Path, number: int) -> None:
    apply(PUBLISHED, tmp_path)
    with closing(sqlite3.connect(tmp_path / "list.db")) as connection:
        connection.execute(f"PRAGMA user_version={number}")
    with pytest.raises(DamagedError, match=r"another version of the gate wrote it.*gate sync"):
        answers(tmp_path, 0)
    assert held(tmp_path) is None
    apply(PUBLISHED, tmp_path)
    assert answers(tmp_path, 0) == [EVERYBODY[0]]


# Replacing


def test_a_list_that_is_replaced_is_noticed_at_the_very_next_look(tmp_path: Path) -> None:
    apply(PUBLISHED, tmp_path)
    status = StatusList(tmp_path)
    status.refresh()
    for version in range(2, 20):
        apply(publication(EVERYBODY | {0: COLOURS[version % 5]}, size=PEOPLE, version=version), tmp_path)
        with pytest.raises(OutdatedError):
            status.consult(0)
        status.refresh()
        assert status.consult(0) is COLOURS[version % 5]
    (tmp_path / "list.db").unlink()
    with pytest.raises(OutdatedError):
        status.consult(0)
    status.refresh()
    assert (status.consult(0), status.state.version) == (Listing.UNLISTED, None)
    status.close()


def test_an_open_list_answers_although_its_file_is_gone(tmp_path: Path) -> None:
    apply(PUBLISHED, tmp_path)
    with closing(ListFile(tmp_path / "list.db")) as file:
        (tmp_path / "list.db").unlink()
        assert [file.nibble(idx) for idx in range(PEOPLE)] == list(EVERYBODY.values())
        assert not file.is_current()


def test_a_staged_file_that_a_kill_left_is_of_no_account(tmp_path: Path) -> None:
    (tmp_path / "list.db.new").write_bytes(b"half of it")
    apply(PUBLISHED, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["list.db"]


# Damage


def spoil(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(sql)


@pytest.mark.parametrize(
    ("sql", "complaint"),
    [
        ("UPDATE list_head SET as_of = as_of + 1", "its head"),
        ("UPDATE list_head SET version = 9", "its head"),
        ("UPDATE list_head SET size = size + 1", "its head"),
        ("UPDATE list_head SET listed = 'many'", "its head"),
        ("UPDATE list_head SET sha256 = 'x'", "its head"),
        ("UPDATE list_head SET sha256 = zeroblob(64)", "its head"),
        ("DELETE FROM list_head", "holds no list"),
        ("UPDATE document SET body = X'7B7D' WHERE name = 'trust.json'", r"trust\.json"),
        ("UPDATE document SET body = X'FF' WHERE name = 'rules.json'", r"rules\.json"),
        ("DELETE FROM document WHERE name = 'rules.json'", "its head"),
        ("DROP TABLE document", "no such table"),
    ],
)
def test_no_list_is_believed_whose_head_or_documents_changed(tmp_path: Path, sql: str, complaint: str) -> None:
    apply(PUBLISHED, tmp_path)
    spoil(tmp_path / "list.db", sql)
    status = StatusList(tmp_path)
    for _ in range(2):  # it stays damaged, and is told so again
        with pytest.raises(DamagedError, match=rf"list\.db: damaged \(.*{complaint}.*gate list load"):
            status.refresh()
        with pytest.raises(DamagedError, match=complaint):
            status.consult(0)
    assert set_damaged_aside(tmp_path)
    assert (tmp_path / "list.db.damaged").exists()
    apply(PUBLISHED, tmp_path)
    with pytest.raises(OutdatedError):
        status.consult(0)
    status.refresh()
    assert status.consult(0) is EVERYBODY[0]
    status.close()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE status_chunk SET nibbles = zeroblob(512) WHERE no = 3",
        "UPDATE status_chunk SET nibbles = (SELECT nibbles FROM status_chunk WHERE no = 2) WHERE no = 3",
        "UPDATE status_chunk SET crc = crc + 1 WHERE no = 3",
        "UPDATE status_chunk SET nibbles = 'text' WHERE no = 3",
        "UPDATE status_chunk SET (nibbles, crc) = (SELECT nibbles, crc FROM status_chunk WHERE no = 2) WHERE no = 3",
        "DELETE FROM status_chunk WHERE no = 3",
    ],
)
def test_a_chunk_that_changed_refuses_its_people_and_nobody_else(
    tmp_path: Path, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content_check, "PAUSE", 0)
    apply(PUBLISHED, tmp_path)
    spoil(tmp_path / "list.db", sql)
    status = StatusList(tmp_path, watched=True)
    status.refresh()
    with pytest.raises(DamagedError, match=r"chunk 3 is (missing|not what was written)|TypeError"):
        status.consult(3 * 1024)
    assert status.consult(3 * 1024 - 1) is EVERYBODY[3 * 1024 - 1]
    assert status.consult(4 * 1024) is EVERYBODY[4 * 1024]
    assert status._check is not None
    status._check.join()
    status.refresh()
    assert "list.db: damaged" in str(status.damage)
    assert status.consult(4 * 1024) is EVERYBODY[4 * 1024]
    assert held_nibbles(tmp_path) is None
    known = held(tmp_path)
    assert known is not None
    assert (known.version, known.sha256) == (1, "")
    status.close()


def test_a_whole_that_is_not_what_was_signed_refuses_everybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each chunk agrees with its checksum, so it was written like this."""
    may_go_on = threading.Event()
    monkeypatch.setattr(ContentCheck, "_pause", lambda _: may_go_on.wait())
    apply(PUBLISHED, tmp_path)
    assert PUBLISHED.nibbles is not None
    crc = crc32(bytes(512), seed_of(PUBLISHED.head.sha256) ^ 3)
    spoil(tmp_path / "list.db", f"UPDATE status_chunk SET nibbles = zeroblob(512), crc = {crc} WHERE no = 3")
    status = StatusList(tmp_path, watched=True)
    status.refresh()
    assert status.consult(0) is EVERYBODY[0]
    assert status._check is not None
    may_go_on.set()
    status._check.join()  # as long as it takes: it is the least urgent thread of all
    with pytest.raises(DamagedError, match="is not the one that was signed"):
        status.refresh()
    with pytest.raises(DamagedError, match="is not the one that was signed"):
        status.consult(0)
    apply(PUBLISHED, tmp_path)
    with pytest.raises(OutdatedError):
        status.consult(0)
    status.refresh()
    assert status.consult(0) is EVERYBODY[0]
    status.close()


def test_a_check_ends_with_the_list_it_was_begun_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_check, "PAUSE", 60)
    apply(PUBLISHED, tmp_path)
    status = StatusList(tmp_path, watched=True)
    status.refresh()
    check = status._check
    assert check is not None
    status.close()
    assert not check.is_alive()


@pytest.mark.parametrize("what", ["folder", "pipe", "empty", "text", "link to nothing"])
def test_what_is_no_list_is_damage(tmp_path: Path, what: str) -> None:
    path = tmp_path / "list.db"
    make: dict[str, Callable[[], object]] = {
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "empty": path.touch,
        "text": lambda: path.write_text("SQLite format 3"),
        "link to nothing": lambda: path.symlink_to("nowhere"),
    }
    make[what]()
    with pytest.raises(StoreError, match=r"list\.db"):
        answers(tmp_path, 0)
    assert held(tmp_path) is None
    set_damaged_aside(tmp_path)
    apply(PUBLISHED, tmp_path)
    assert answers(tmp_path, 0) == [EVERYBODY[0]]


def _consulted(state: Path, places: list[int]) -> tuple[int, int]:
    """How many places answered, and how many were refused.  Fails for a wrong answer and another exception."""
    answered = refused = 0
    status = StatusList(state)
    try:
        status.refresh()
    except (StoreError, PublishError):  # documents of the earlier form have no digest
        refused += 1
    try:
        for place in places:
            try:
                listing = status.consult(place)
            except (StoreError, PublishError):
                refused += 1
                continue
            if status.state.version is None:
                assert listing is Listing.UNLISTED
            else:
                assert listing is EVERYBODY[place], place
                answered += 1
    finally:
        status.close()
    return answered, refused


def _admits(state: Path, idx: int) -> bool:
    assert EVERYBODY[idx] is Listing.RED
    try:
        with closing(Preview(state, policy())) as preview:
            return preview.decide(claims(idx, issued_at=NOW - 3600), NOW).admitted
    except (StoreError, PublishError):
        return False


@pytest.mark.parametrize("form", ["present", "earlier"])
def test_no_flip_and_no_cut_changes_an_answer(tmp_path: Path, form: str) -> None:
    """A red person is never anything else, and nothing but a StoreError is raised, of some thousand files."""
    if form == "present":
        apply(PUBLISHED, tmp_path)
    else:
        write_earlier(PUBLISHED, tmp_path).close()
    path = tmp_path / "list.db"
    good = path.read_bytes()
    chance = random.Random(form)
    answered = refused = 0
    places = [*range(0, PEOPLE, 1024), PEOPLE - 1, *chance.sample(range(PEOPLE), 20)]
    for number in range(2500 if form == "present" else 500):
        bad = bytearray(good)
        if number % 10 == 0:
            del bad[chance.randrange(len(bad)) :]
        for _ in range(0 if number % 10 == 0 else chance.choice((1, 1, 1, 2, 8))):
            # Half of them in the header and the schema, where one byte has many meanings.
            at = chance.randrange(chance.choice((4096, len(bad))))
            bad[at] ^= 1 << chance.randrange(8) if chance.random() < 0.7 else chance.randrange(1, 256)
        path.unlink()
        path.write_bytes(bad)
        here = _consulted(tmp_path, places)
        answered, refused = answered + here[0], refused + here[1]
        if number % 25 == 0:
            held(tmp_path)
            held_nibbles(tmp_path)
            set_damaged_aside(tmp_path)
            last_sync(tmp_path)
            assert not _admits(tmp_path, 0)
    assert answered > 0
    assert refused > 0


def test_a_check_that_finds_no_thread_is_begun_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    apply(PUBLISHED, tmp_path)
    spoil(tmp_path / "list.db", "DELETE FROM status_chunk WHERE no = 3")
    status = StatusList(tmp_path, watched=True)
    with monkeypatch.context() as starved:
        starved.setattr(content_check.ContentCheck, "start", refuse)
        status.refresh()
    assert status.consult(0) is EVERYBODY[0]
    with pytest.raises(DamagedError, match="chunk 3 is missing"):
        status.consult(3 * 1024)
    status.refresh()
    assert status._check is not None
    status._check.join()
    assert "list.db: damaged" in str(status.damage)
    status.close()


def test_a_disk_that_does_not_say_what_is_open_refuses_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> os.stat_result:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    load(tmp_path, {7: Listing.GREEN})
    status = StatusList(tmp_path)
    status.refresh()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", refuse)
        with pytest.raises(OutdatedError):
            status.consult(7)
        with pytest.raises(StoreError, match="Input/output error"):
            status.refresh()
    status.refresh()
    assert status.consult(7) is Listing.GREEN
    status.close()
