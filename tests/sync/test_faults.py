"""Whatever mirrors, disks and clocks do: the lane answers with the last good list, and the next sync repairs it."""

import json
import shutil
import sqlite3
import ssl
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from gate.authority import publication
from gate.core.model import Listing
from gate.errors import GateError, PublishError, SyncError
from gate.store.last_sync import Synced, last_sync
from gate.sync import sync as syncing
from gate.sync import web
from gate.sync.allowance import VisitLimits
from gate.testing.builders import rules_json
from tests.sync import servers
from tests.sync.certificates import self_signed
from tests.sync.servers import Fault, MirrorServer
from tests.sync.world import HOUR, START, World

DAY = 24 * HOUR


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Version 1 is held, version 2 is published."""
    made = World(tmp_path)
    made.publish()
    made.sync(made.public.as_uri())
    made.publish({8: Listing.RED})
    return made


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rules, sooner."""
    monkeypatch.setattr(web, "SILENCE", 0.5)
    monkeypatch.setattr(syncing, "LIMITS", VisitLimits(read=0.5))


FILES = ("2.root", "timestamp", "2.snapshot", "3.status", "head.json", "delta-1-2")
FAULTS = (
    servers.truncated,
    servers.cut_short,
    servers.oversized,
    servers.endless,
    servers.slow,
    servers.silent,
    servers.corrupted,
    servers.log_in_page,
    servers.redirected_for_ever,
    servers.broken,
    servers.hung_up,
)
HARMLESS = {("2.root", servers.cut_short), ("2.root", servers.corrupted)}  # there is no second root to damage


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        pytest.param(part, fault, id=f"{part} {fault.__name__}")
        for part in FILES
        for fault in FAULTS
        if (part, fault) not in HARMLESS
    ],
)
def test_a_mirror_that_misbehaves(world: World, part: str, fault: Fault) -> None:
    if part == "2.root":
        (world.public / "metadata/2.root.json").write_bytes(b"{}")
    with MirrorServer(world.public) as mirror:
        mirror.faults[part] = fault
        with world.answering():
            with pytest.raises(SyncError):
                world.sync(mirror.address)
            assert world.version == 1
            mirror.faults.clear()
            (world.public / "metadata/2.root.json").unlink(missing_ok=True)
            world.sync(mirror.address)
    assert (world.version, world.held(8)) == (2, [Listing.RED])


@pytest.mark.parametrize("part", ["timestamp", "2.snapshot", "3.status", "head.json", "delta-1-2"])
def test_a_file_that_is_missing(world: World, part: str) -> None:
    """A head that names a missing target, and every other gap a half-copied mirror has."""
    with MirrorServer(world.public) as mirror:
        mirror.faults[part] = servers.missing
        with world.answering():
            with pytest.raises(SyncError, match="404"):
                world.sync(mirror.address)
            assert world.version == 1
            mirror.faults.clear()
            world.sync(mirror.address)
    assert world.version == 2


def test_no_going_back(world: World) -> None:
    older = world.copy_of_public("older")
    world.publish({9: Listing.RED})
    with world.answering():
        world.sync(world.public.as_uri())
        with pytest.raises(SyncError, match="not what the authority signed"):
            world.sync(older.as_uri())
    assert world.version == 3


def test_no_going_back_with_the_metadata_wiped(world: World) -> None:
    """The second floor: list.db itself."""
    older = world.copy_of_public("older")
    world.publish({9: Listing.RED})
    with world.answering():
        world.sync(world.public.as_uri())
        shutil.rmtree(world.state / "tuf")
        with pytest.raises(SyncError, match="version 2 is older than version 3 held here"):
            world.sync(older.as_uri())
        assert world.version == 3
        world.publish({9: Listing.BLUE})
        assert world.sync(world.public.as_uri()).version == 4


def test_no_freezing_with_the_clock_set_back(world: World) -> None:
    """The time is the trusted one, which does not go back: here, that of the sync before."""
    frozen = world.copy_of_public("frozen")
    with world.answering():
        world.sync(world.public.as_uri())
        with pytest.raises(SyncError, match="expired"):
            world.sync(frozen.as_uri(), now=world.now + 8 * DAY)
        world.publish({9: Listing.RED}, after=8 * DAY)
        assert world.sync(world.public.as_uri()).version == 3


def test_metadata_that_expired_while_nothing_was_published(world: World) -> None:
    with world.answering():
        with pytest.raises(SyncError, match=r"expired.*no longer updated"):
            world.sync(world.public.as_uri(), now=world.now + 60 * DAY)
        assert world.version == 1
    world.publish(after=60 * DAY)
    assert world.sync(world.public.as_uri()).version == 3


def test_no_mixing_of_publications(world: World) -> None:
    """A mirror that has the newest timestamp and older files below it, or the other way round."""
    older = world.copy_of_public("mixed")
    world.publish({9: Listing.RED})
    shutil.copy(world.public / "metadata/timestamp.json", older / "metadata/timestamp.json")
    shutil.copy(older / "metadata/2.snapshot.json", older / "metadata/3.snapshot.json")
    with world.answering(), pytest.raises(SyncError):
        world.sync(older.as_uri())
    assert world.version == 1
    assert world.sync(world.public.as_uri()).version == 3


def test_a_delta_that_does_not_apply_is_replaced_by_the_snapshot(world: World) -> None:
    """The device's own list is not what its version says: no signature can know."""
    with closing(sqlite3.connect(world.state / "list.db", isolation_level=None)) as connection:
        connection.execute("UPDATE status_chunk SET nibbles = zeroblob(512) WHERE no = 3")
    outcome = world.sync(world.public.as_uri())
    assert (outcome.way, outcome.version) == ("snapshot", 2)
    assert world.held(3 * 1024) == [world.authority.listing(3 * 1024)]


@pytest.mark.parametrize(
    "damage",
    ["DELETE FROM status_chunk WHERE no = 3", "UPDATE status_chunk SET nibbles = zeroblob(512) WHERE no = 3"],
    ids=["hole", "zeros"],
)
def test_damage_within_the_list_is_found_by_a_sync_that_finds_nothing_new(world: World, damage: str) -> None:
    world.sync(world.public.as_uri())
    with closing(sqlite3.connect(world.state / "list.db", isolation_level=None)) as connection:
        connection.execute(damage)
    outcome = world.sync(world.public.as_uri())
    assert (outcome.way, outcome.version) == ("snapshot", 2)
    assert world.held(3 * 1024) == [world.authority.listing(3 * 1024)]
    assert world.sync(world.public.as_uri()).way == "unchanged"


def test_a_list_that_shrinks_to_nothing(world: World) -> None:
    nobody = dict.fromkeys(range(20_000), Listing.UNLISTED)
    with pytest.raises(PublishError, match=r"--shrink"):
        world.publish(nobody)
    with world.answering():
        world.sync(world.public.as_uri())
    world.publish(nobody, shrink=True)
    world.publish()
    assert world.sync(world.public.as_uri()).version == world.version
    assert world.held(7) == [Listing.UNLISTED]


def test_a_shrinking_that_was_not_meant_is_not_taken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An authority without that check, or whose data was lost: the gate has its own."""
    monkeypatch.setattr(publication, "SHRINKS_BELOW", 0)
    world.publish(dict.fromkeys(range(20_000), Listing.UNLISTED))
    with world.answering(), pytest.raises(SyncError, match="names 0 people, the version before named 20000"):
        world.sync(world.public.as_uri())


@pytest.mark.parametrize("name", ["list.db", "list.db-wal"])
@pytest.mark.parametrize("damage", [b"\0" * 4096, b"not a database, " * 512], ids=["zeros", "text"])
def test_a_damaged_list_is_set_aside_and_fetched_anew(world: World, name: str, damage: bytes) -> None:
    file = world.state / name
    file.write_bytes(damage)
    outcome = world.sync(world.public.as_uri())
    assert outcome.version == 2
    assert world.held(7, 8) == [Listing.GREEN, Listing.RED]
    if name == "list.db":
        assert (world.state / "list.db.damaged").read_bytes() == damage


@pytest.mark.parametrize("rubbish", [b"", b"{}", b"\0" * 100], ids=["empty", "object", "zeros"])
def test_what_python_tuf_keeps_may_be_damaged(world: World, rubbish: bytes) -> None:
    """A power cut right after a rename leaves such files."""
    with world.answering():
        world.sync(world.public.as_uri())
        for path in (world.state / "tuf").rglob("*"):
            if path.is_file() and not path.is_symlink():
                path.write_bytes(rubbish)
        assert world.sync(world.public.as_uri()).version == 2
        world.publish({9: Listing.RED})
        assert world.sync(world.public.as_uri()).version == 3


def test_tls_that_fails_is_said(world: World) -> None:
    """A certificate that nobody vouches for: as with a clock that is wrong, or somebody in between."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(world.folder))
    says = r"TLS failed \(self-signed certificate\).*clock"
    with MirrorServer(world.public, context) as mirror, world.answering(), pytest.raises(SyncError, match=says):
        world.sync(f"https://127.0.0.1:{mirror.port}")
    assert world.sync(world.public.as_uri()).version == 2


def test_a_certificate_of_another_host_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = self_signed(world.folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with MirrorServer(world.public, context) as mirror:
        with pytest.raises(SyncError, match=r"TLS failed \(the certificate is another host's\)"):
            world.sync(f"https://localhost:{mirror.port}")
        assert world.sync(f"https://127.0.0.1:{mirror.port}").version == 2


def test_tls_where_none_is_spoken_is_said(world: World) -> None:
    with MirrorServer(world.public) as mirror, pytest.raises(SyncError, match=r"TLS failed \(what answers there"):
        world.sync(f"https://127.0.0.1:{mirror.port}")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda world: (world.authority.path / "rules.json").write_bytes(rules_json(0)),
        lambda world: (world.authority.path / "rules.json").write_bytes(rules_json(2, ("green", "red"))),
        lambda world: (world.authority.path / "trust.json").write_bytes(b'{"version": 9, "issuers": [{}]}'),
    ],
    ids=["version", "admits red", "no issuer"],
)
def test_what_no_gate_would_take_is_not_published(world: World, spoil: Callable[[World], object]) -> None:
    spoil(world)
    with pytest.raises(GateError):
        world.publish()
    assert world.sync(world.public.as_uri()).version == 2


def test_the_time_of_the_last_sync_is_written_after_it_only(world: World) -> None:
    before = last_sync(world.state)
    assert before == Synced(START + 60, world.public.as_uri())
    with MirrorServer(world.public) as mirror:
        for fault in (servers.corrupted, servers.broken, servers.log_in_page):
            mirror.faults["head.json"] = fault
            with pytest.raises(SyncError):
                world.sync(mirror.address, now=world.now + HOUR)
            assert last_sync(world.state) == before
        mirror.faults.clear()
        world.sync(mirror.address, now=world.now + 2 * HOUR)
        assert last_sync(world.state) == Synced(world.now + 2 * HOUR, mirror.address)


def test_content_is_compared_and_not_counts(world: World) -> None:
    """Two people change places: as many of each colour as before."""
    world.sync(world.public.as_uri())
    listed = json.loads(next(world.public.glob("targets/status/*.head.json")).read_text())["listed"]
    red, green = next(idx for idx in range(9, 99) if world.authority.listing(idx) is Listing.RED), 7
    world.publish({red: Listing.GREEN, green: Listing.RED})
    outcome = world.sync(world.public.as_uri())
    assert (outcome.listed, outcome.changed) == (listed, True)
    assert world.held(red, green) == [Listing.GREEN, Listing.RED]
