"""What comes from mirrors lands in its own folders, whatever it is called and whatever lies there."""

import errno
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from tuf.api.metadata import DelegatedRole, Delegations, MetaFile, Targets

from gate.authority.roles import SigningRole
from gate.core.model import Listing
from gate.errors import StoreError, SyncError
from gate.store.status_wire import HEAD
from gate.sync import repository
from gate.sync.shelf import Shelf
from tests.sync.forging import resign
from tests.sync.servers import MirrorServer, truncated
from tests.sync.world import World

NAME = "ab" * 32
PRECIOUS = b"the journal of a year"


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.publish()
    return made


def _digest(digest: str) -> Callable[[Targets], object]:
    return lambda targets: targets.targets[HEAD].hashes.update(sha256=digest)


LIES: dict[str, Callable[[Targets], object]] = {
    "out of the folder": _digest("../../lane.db"),
    "absolute": _digest("/etc/passwd"),
    "empty": _digest(""),
    "capitals": _digest("A" * 64),
    "with a line": _digest("a" * 64 + "\n"),
    "other digits": _digest("\N{ARABIC-INDIC DIGIT ONE}" * 64),
    "too long": _digest("a" * 65),
    "no sha256": lambda targets: targets.targets[HEAD].hashes.__setitem__(
        "sha512", targets.targets[HEAD].hashes.pop("sha256")
    ),
    "length": lambda targets: setattr(targets.targets[HEAD], "length", 1 << 60),
    "no head": lambda targets: targets.targets.pop(HEAD),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_names_from_signed_metadata_lead_nowhere_else(world: World, lie: Callable[[Targets], object]) -> None:
    world.state.mkdir()
    for name in ("lane.db", "device.key"):
        (world.state / name).write_bytes(PRECIOUS)
    good = world.copy_of_public("good")
    resign(world, lie)
    with pytest.raises(SyncError, match=r"no mirror could be used: file:///[^;]*$"):
        world.sync(world.public.as_uri())
    outcome = world.sync(world.public.as_uri(), good.as_uri())
    assert (outcome.mirror, outcome.version, len(outcome.problems)) == (good.as_uri(), 1, 1)
    assert {(world.state / name).read_bytes() for name in ("lane.db", "device.key")} == {PRECIOUS}


@pytest.mark.parametrize("name", ["a" * 300, "../../lane", "x/../../y"])
def test_roles_that_online_keys_invent_are_not_followed(world: World, name: str) -> None:
    good = world.copy_of_public("good")

    def delegate(targets: Targets) -> None:
        targets.targets.pop(HEAD)
        targets.delegations = Delegations({}, {name: DelegatedRole(name, [], 1, terminating=True, paths=["status/*"])})

    resign(world, delegate)
    resign(world, lambda snapshot: snapshot.meta.update({f"{name}.json": MetaFile(1)}), SigningRole.SNAPSHOT)
    outcome = world.sync(world.public.as_uri(), good.as_uri())
    assert (outcome.mirror, outcome.version) == (good.as_uri(), 1)
    assert "status/head.json is named but not offered" in outcome.problems[0]


@pytest.mark.parametrize("make", ["link", "hard link", "pipe", "folder", "link to a device"])
def test_what_lies_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path: Path, make: str) -> None:
    precious = tmp_path / "lane.db"
    precious.write_bytes(PRECIOUS)
    with Shelf(tmp_path / "parts") as shelf:
        place = tmp_path / "parts" / NAME
        for use in (shelf.size, lambda name: shelf.read(name, 99), lambda name: _append(shelf, name)):
            place.unlink(missing_ok=True)
            if make == "link":
                place.symlink_to(precious)
            elif make == "hard link":
                os.link(precious, place)
            elif make == "pipe":
                os.mkfifo(place)
            elif make == "folder":
                (place / "deeper").mkdir(parents=True)
                (place / "deeper" / "link").symlink_to(precious)
            else:
                place.symlink_to("/dev/zero")
            use(NAME)
        assert shelf.read(NAME, 99) == b"new"
    assert precious.read_bytes() == PRECIOUS


def _append(shelf: Shelf, name: str) -> None:
    with shelf.append(name, 0) as part:
        part.write(b"new")


@pytest.mark.parametrize("name", ["../lane.db", "lane.db", "", ".", NAME + "/x", NAME + "\n", NAME.upper()])
def test_no_other_name_is_taken(tmp_path: Path, name: str) -> None:
    with Shelf(tmp_path) as shelf, pytest.raises(ValueError, match="no name of a kept file"):
        shelf.append(name, 0)


def test_a_folder_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "parts").symlink_to("elsewhere")
    with pytest.raises(StoreError, match=r"parts: Not a directory"):
        Shelf(tmp_path / "parts")


@pytest.mark.parametrize("make", [Path.touch, os.mkfifo, lambda path: path.symlink_to(path.name)])
def test_what_leads_to_no_folder_makes_room_for_one(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "parts")
    with Shelf(tmp_path / "parts") as shelf:
        shelf.write(NAME, b"x")
    assert os.path.lexists(tmp_path / "parts.odd")


def test_a_disk_that_refuses_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with Shelf(tmp_path / "parts") as shelf:
        shelf.write(NAME, b"x")
        monkeypatch.setattr(os, "open", refuse)
        with pytest.raises(StoreError, match=rf"parts/{NAME}: Input/output error"):
            shelf.append(NAME, 0)


def test_downloads_that_never_end_fill_no_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that is another at each visit, of which half comes."""
    monkeypatch.setattr(repository, "MAX_KEPT", 12_000)
    parts = world.state / "tuf" / "parts"
    with MirrorServer(world.public) as mirror:
        mirror.faults["snapshot-"] = truncated
        for number in range(6):
            chance = random.Random(number)
            world.publish({idx: Listing(chance.randint(1, 4)) for idx in range(20_000)})
            with pytest.raises(SyncError, match=r"broke off|the connection"):
                world.sync(mirror.address)
        left = [path.stat().st_size for path in parts.iterdir()]
        assert 0 < sum(left) <= 12_000
        mirror.faults.clear()
        assert world.sync(mirror.address).version == 7
    assert list(parts.iterdir()) == []
