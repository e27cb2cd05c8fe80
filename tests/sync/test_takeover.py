"""What the lane takes of what a sync wrote: what the authority signed, nothing else, and nothing older."""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gate.authority.roles import SigningRole
from gate.core.model import Listing
from gate.errors import DamagedError, GateError, PublishError, SyncError
from gate.lane.list_taker import ListTaker
from gate.store.apply_list import apply
from gate.store.documents import RULES, TRUST
from gate.store.list_file import open_held
from gate.store.list_reader import StatusList
from gate.store.places import Places
from gate.sync.signed_list import ForgedError, add_signatures
from gate.sync.takeover import examine, take_over
from gate.testing.builders import publication, trust_json
from tests.spies import enforced, send_spy
from tests.sync.list_forgery import (
    Forgery,
    forge,
    green,
    green_under_its_head,
    newest_of_all,
    other_rules,
    rogue_issuer,
    unsigned,
    without_signatures_in,
)
from tests.sync.world import WITNESS, World

RED = 11


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.publish({RED: Listing.RED})
    made.sync(made.public.as_uri())
    return made


def places(world: World) -> Places:
    return Places.of(world.state)


def taken(world: World) -> tuple[int, bool]:
    return take_over(places(world), world.root)


def own(world: World) -> tuple[int | None, Listing, Listing, bytes, bytes]:
    """Version, two people, trust list and rules of the lane's own list."""
    with closing(StatusList(places(world).verified)) as status:
        status.refresh()
        people = status.consult(RED), status.consult(WITNESS)
        version = status.state.version
    file = open_held(places(world).verified)
    assert file is not None
    with closing(file):
        documents = file.documents()
    return version, *people, documents[TRUST], documents[RULES]


SPY = """
import json, os, socket
from gate.worker.link import Link
send = Link.send
def tries(link, message):
    if type(message).__name__ == "Took":
        state, found = os.environ["STATE"], {}
        def one(name, work):
            found[name] = attempt(work)
        one("read the key", lambda: open(state + "/device.key").close())
        one("write beside", lambda: open(state + "/lane.db", "w").close())
        one("remove beside", lambda: os.unlink(state + "/device.key"))
        one("give rights away", lambda: os.chmod(state + "/device.key", 0o666))
        one("order the door", lambda: socket.socket(socket.AF_UNIX))
        one("connect", lambda: socket.socket())
        one("run a program", lambda: os.execv("/bin/true", ["true"]))
        one("fork", lambda: os.fork() or os._exit(0))
        with open(state + "/verified/tries", "w") as file:
            json.dump(found, file)
    send(link, message)
Link.send = tries
"""


@enforced
async def test_the_process_that_takes_a_list_can_write_the_lanes_lists_and_no_more(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_spy(SPY, tmp_path, monkeypatch)
    (world.state / "device.key").write_text("a key")
    monkeypatch.setenv("STATE", str(world.state))

    taker = ListTaker(places(world), world.root)
    await taker.check()
    assert own(world)[:2] == (1, Listing.RED)
    world.publish({RED: Listing.GREEN})
    world.sync(world.public.as_uri())
    await taker.check()  # it begins from what it kept

    assert own(world)[:2] == (2, Listing.GREEN)
    found = json.loads((world.state / "verified" / "tries").read_text())
    assert set(found.values()) == {"PermissionError"}, found


FORGERIES: dict[str, Forgery] = {
    "issuer": rogue_issuer(trust_json()),
    "rules": other_rules,
    "colour": green(RED),
    "colour under the signed head": green_under_its_head(RED),
    "unsigned": unsigned,
    **{role: without_signatures_in(role) for role in ("targets", "status", "snapshot", "timestamp")},
}


@pytest.fixture(scope="module")
def offered(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A device whose lane holds list 1, and whose sync has written list 2 with other metadata of every role."""
    made = World(tmp_path_factory.mktemp("offered"))
    made.publish({RED: Listing.RED})
    made.sync(made.public.as_uri())
    taken(made)
    made.authority.add_issuer("aitu", at=made.now)
    made.publish({WITNESS: Listing.BLUE})
    made.sync(made.public.as_uri())
    shutil.copy(places(made).list_db, made.folder / "true.db")
    return made


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_list_is_refused(offered: World, change: Forgery) -> None:
    before = own(offered)
    shutil.copy(offered.folder / "true.db", places(offered).list_db)
    forge(offered.state, change)
    with pytest.raises((ForgedError, PublishError)) as refused:
        taken(offered)
    assert "list" in refused.value.what
    assert "not there" not in refused.value.what
    assert "\n" not in str(refused.value)
    assert own(offered) == before
    assert before[0] == 1


@pytest.mark.parametrize("change", [rogue_issuer(trust_json()), green(RED), unsigned, newest_of_all])
def test_the_next_sync_heals_what_was_forged(world: World, change: Forgery) -> None:
    assert taken(world) == (1, True)
    forge(world.state, change)
    world.publish({WITNESS: Listing.BLUE})
    assert world.sync(world.public.as_uri()).version == 2
    assert taken(world) == (2, True)
    assert own(world)[1:3] == (Listing.RED, Listing.BLUE)


def test_a_forged_first_list_is_no_list(world: World) -> None:
    forge(world.state, rogue_issuer(trust_json()))
    with pytest.raises(ForgedError):
        taken(world)
    assert not places(world).verified.list_db.exists()


def test_numbers_of_the_file_count_for_nothing_beside_the_signed_head(world: World) -> None:
    forge(world.state, newest_of_all)
    assert taken(world) == (1, True)


def test_an_older_list_is_refused_though_it_was_signed(world: World) -> None:
    shutil.copy(places(world).list_db, world.folder / "old.db")
    world.publish({RED: Listing.GREEN})
    world.publish({RED: Listing.RED})
    world.sync(world.public.as_uri())
    assert taken(world) == (3, True)
    shutil.copy(world.folder / "old.db", places(world).list_db)
    shutil.rmtree(world.state / "tuf")
    with pytest.raises(ForgedError, match="older than what is held here"):
        taken(world)
    shutil.rmtree(places(world).verified.list_dir / "tuf")  # the versions in the list are a floor of their own
    with pytest.raises(PublishError, match="version 1 is older than version 3"):
        taken(world)
    assert own(world)[:2] == (3, Listing.RED)


def test_a_list_of_another_authority_is_refused(world: World, tmp_path: Path) -> None:
    assert taken(world) == (1, True)
    (tmp_path / "theirs").mkdir()
    other = World(tmp_path / "theirs")
    other.publish({RED: Listing.GREEN})
    other.publish({RED: Listing.GREEN})
    other.sync(other.public.as_uri())
    shutil.copy(places(other).list_db, places(world).list_db)
    with pytest.raises(ForgedError, match="a signature is missing or wrong"):
        taken(world)
    assert own(world)[:2] == (1, Listing.RED)


def test_a_new_root_json_begins_a_new_history(world: World, tmp_path: Path) -> None:
    """A technician gives the device to another authority, whose lists have lower numbers."""
    world.publish()
    world.sync(world.public.as_uri())
    assert taken(world) == (2, True)
    (tmp_path / "theirs").mkdir()
    other = World(tmp_path / "theirs")
    other.publish({RED: Listing.GREEN})
    other.state = world.state
    other.sync(other.public.as_uri())
    assert take_over(places(world), other.root) == (1, True)
    assert own(world)[:2] == (1, Listing.GREEN)


def test_rotated_keys_are_followed_and_never_left_again(world: World) -> None:
    assert taken(world) == (1, True)
    old = world.root.read_bytes()
    (world.folder / "installed.json").write_bytes(old)
    shutil.copy(places(world).list_db, world.folder / "old.db")
    for role in (
        SigningRole.TARGETS,
        SigningRole.STATUS,
        SigningRole.SNAPSHOT,
        SigningRole.TIMESTAMP,
        SigningRole.ROOT,
    ):
        world.authority.rotate_role(role, world.now)
    world.publish({WITNESS: Listing.BLUE})
    installed = world.folder / "installed.json"
    world.sync(world.public.as_uri(), root=installed)
    assert take_over(places(world), installed) == (2, True)
    shutil.copy(world.folder / "old.db", places(world).list_db)
    with pytest.raises(GateError):
        take_over(places(world), installed)
    assert own(world)[0] == 2


def test_what_was_taken_is_not_written_again(world: World) -> None:
    assert taken(world) == (1, True)
    inode = places(world).verified.list_db.stat().st_ino
    assert taken(world) == (1, False)
    assert examine(places(world), world.root) == 1
    assert places(world).verified.list_db.stat().st_ino == inode


def test_a_list_of_an_earlier_gate_is_completed_without_a_network(world: World) -> None:
    """Its signatures lie in tuf/ only."""
    forge(world.state, unsigned)
    with pytest.raises(ForgedError, match="carries no signatures"):
        taken(world)
    with pytest.raises(SyncError):
        world.sync((world.folder / "nowhere").as_uri())
    assert taken(world) == (1, True)


@pytest.mark.parametrize(
    "kind", ["cut", "pipe", "folder", "link", pytest.param("endless view", marks=pytest.mark.slow)]
)
def test_a_file_that_is_no_list_is_one_line(world: World, kind: str) -> None:
    path = places(world).list_db
    content = path.read_bytes()
    path.unlink()
    if kind == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to("/dev/zero")
    else:
        path.write_bytes(content)
        with closing(sqlite3.connect(path)) as database:
            database.execute("DROP TABLE document")
            loop = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
            columns = "i AS name, 1 AS version, '' AS body, 0 AS sha256"
            database.execute(f"CREATE VIEW document AS {loop} SELECT {columns} FROM n")
    with pytest.raises(DamagedError) as refused:
        taken(world)
    assert "\n" not in str(refused.value)


def test_a_root_json_that_is_none_is_this_devices_fault(world: World) -> None:
    bad = world.folder / "bad.json"
    bad.write_text(json.dumps({"signed": {}}))
    with pytest.raises(SyncError, match=r"root\.json"):
        take_over(places(world), bad)


def test_kept_metadata_that_are_nested_too_deeply_are_none(tmp_path: Path) -> None:
    apply(publication({7: Listing.GREEN}), tmp_path)
    kept = tmp_path / "tuf"
    (kept / "targets").mkdir(parents=True)
    (kept / "targets" / f"{'0' * 64}.head.json").write_text('{"snapshot": 1}')
    (kept / "timestamp.json").write_text("{}")
    for role in ("snapshot", "targets", "status"):
        (kept / f"{role}.json").write_text("[" * 100_000)
    assert not add_signatures(Places.of(tmp_path), b"{}")
