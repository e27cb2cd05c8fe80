"""A medium that somebody prepared: nothing but plain files below its folder is read, and nothing holds the sync."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.errors import SyncError
from tests.sync.world import World

SECRET = b"the device's own key"


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.publish()
    (tmp_path / "device.key").write_bytes(SECRET)
    return made


def _link(to: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(to)


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # its address may have 107 characters
    try:
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(path.name)
    finally:
        os.chdir(here)


def _link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


THINGS: dict[str, tuple[Callable[[Path], None], str]] = {
    "pipe": (os.mkfifo, "a pipe"),
    "link to zeros": (_link("/dev/zero"), "a link"),
    "link to the terminal": (_link("/dev/tty"), "a link"),
    "link to a key": (_link("../../device.key"), "a link"),
    "link to the memory": (_link("/proc/self/mem"), "a link"),
    "link to nothing": (_link("nowhere"), "a link"),
    "link to itself": (_link_to_itself, "a link"),
    "folder": (Path.mkdir, "a folder"),
    "socket": (_socket, "a socket"),
}


@pytest.mark.parametrize(
    "part", ["metadata/2.root.json", "metadata/timestamp.json", "metadata/1.snapshot.json", "head"]
)
@pytest.mark.parametrize("thing", THINGS.values(), ids=THINGS.keys())
def test_what_is_no_plain_file_is_named_and_not_opened(
    world: World, part: str, thing: tuple[Callable[[Path], None], str]
) -> None:
    medium = world.copy_of_public("medium")
    path = next(medium.glob("targets/status/*.head.json")) if part == "head" else medium / part
    make, kind = thing
    path.unlink(missing_ok=True)
    make(path)
    with pytest.raises(SyncError, match=rf"no mirror could be used: {path} is {kind} and not read"):
        world.sync(medium.as_uri())
    outcome = world.sync(medium.as_uri(), world.public.as_uri())
    assert (outcome.mirror, outcome.version) == (world.public.as_uri(), 1)


@pytest.mark.parametrize("name", ["metadata", "targets", "targets/status"])
def test_a_folder_within_that_leads_out_of_it(world: World, name: str) -> None:
    medium = world.copy_of_public("medium")
    (medium / name).rename(world.folder / "outside")
    (medium / name).symlink_to(world.folder / "outside")
    with pytest.raises(SyncError, match=rf"{medium / name} is a link and not read"):
        world.sync(medium.as_uri())


def test_the_folder_itself_may_be_a_link(world: World) -> None:
    """The person who wrote it into [sync] mirrors made it."""
    (world.folder / "usb").symlink_to(world.public)
    assert world.sync((world.folder / "usb").as_uri()).version == 1


def test_a_file_that_grows_for_ever_is_bounded(world: World) -> None:
    medium = world.copy_of_public("medium")
    with (medium / "metadata/timestamp.json").open("r+b") as file:
        file.truncate(1 << 40)  # sparse
    with pytest.raises(SyncError, match="a file has another length"):
        world.sync(medium.as_uri())


def test_a_medium_that_is_taken_out_says_so(world: World) -> None:
    medium = world.copy_of_public("medium")
    world.sync(medium.as_uri())
    shutil.rmtree(medium)
    with pytest.raises(SyncError, match="plug the medium in and mount it"):
        world.sync(medium.as_uri())
