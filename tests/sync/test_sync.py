"""A device and its mirrors when all is well: what is fetched, how much of it, and what is believed."""

import base64
import fcntl
import json
import socket
from pathlib import Path

import pytest

from gate.authority.roles import SigningRole
from gate.core.model import Listing
from gate.errors import StoreError, SyncError
from gate.store.apply_list import held
from tests.sync.liars import Liar
from tests.sync.servers import MirrorServer, broken, hung_up, truncated
from tests.sync.world import HOUR, START, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_the_first_sync_takes_the_snapshot_and_the_next_ones_deltas(world: World) -> None:
    world.publish()
    with MirrorServer(world.public) as mirror:
        first = world.sync(mirror.address)
        assert (first.version, first.way, first.changed) == (1, "snapshot", True)
        assert world.held(7, 8, 20_000) == [Listing.GREEN, world.authority.listing(8), Listing.UNLISTED]

        world.publish({8: Listing.RED, 9: Listing.REVOKED, 20_001: Listing.BLUE})
        second = world.sync(mirror.address)
        assert (second.version, second.way) == (2, "1 delta")
        assert world.held(8, 9, 20_001) == [Listing.RED, Listing.REVOKED, Listing.BLUE]

        for number in range(3):
            world.publish({number: Listing.YELLOW})
        assert world.sync(mirror.address).way == "3 deltas"
        assert world.held(0, 1, 2) == [Listing.YELLOW] * 3


def test_an_unchanged_sync_asks_two_small_questions(world: World) -> None:
    world.publish()
    with MirrorServer(world.public) as mirror:
        world.sync(mirror.address)
        mirror.asked.clear()
        outcome = world.sync(mirror.address)
        assert (outcome.changed, outcome.way) == (False, "unchanged")
        assert mirror.asked == ["/metadata/2.root.json", "/metadata/timestamp.json"]
        assert outcome.received < 100


def test_a_delta_that_is_longer_than_the_snapshot_is_not_taken(world: World) -> None:
    world.publish()
    with MirrorServer(world.public) as mirror:
        world.sync(mirror.address)
        world.publish({idx: Listing(1 + idx * 7919 % 5) for idx in range(20_000)} | {7: Listing.GREEN})
        assert world.sync(mirror.address).way == "snapshot"


def test_who_was_away_for_long_takes_the_snapshot(world: World) -> None:
    world.publish()
    with MirrorServer(world.public) as mirror:
        world.sync(mirror.address)
        for number in range(40):
            world.publish({number: Listing.YELLOW})
        outcome = world.sync(mirror.address)
        assert (outcome.way, outcome.version) == ("snapshot", 41)


def test_changed_rules_and_issuers_come_without_the_list(world: World) -> None:
    world.publish()
    with MirrorServer(world.public) as mirror:
        world.sync(mirror.address)
        world.authority.add_issuer("aitu", at=START)
        world.publish()
        mirror.sent = 0
        assert world.sync(mirror.address).way == "the same list, newer"
        assert mirror.sent < 6000
        known = held(world.state)
        assert known is not None
        assert [issuer["id"] for issuer in json.loads(known.trust)["issuers"]] == ["ashyq", "aitu"]


def test_a_usb_stick_is_a_mirror_too(world: World) -> None:
    world.publish()
    assert world.sync(world.public.as_uri()).way == "snapshot"
    world.publish({8: Listing.RED})
    assert world.sync(world.public.as_uri()).way == "1 delta"
    with pytest.raises(SyncError, match="plug the medium in"):
        world.sync((world.folder / "media" / "usb").as_uri())


def test_the_next_mirror_is_asked_when_one_does_not_answer(world: World) -> None:
    world.publish()
    with MirrorServer(world.public) as first, MirrorServer(world.public) as second:
        first.faults["timestamp"] = broken
        outcome = world.sync("http://127.0.0.1:1", first.address, second.address)
    assert outcome.mirror == second.address
    assert len(outcome.problems) == 2
    assert "no answer" in outcome.problems[0]
    assert "answers 500" in outcome.problems[1]


def test_when_no_mirror_can_be_used_each_is_named(world: World) -> None:
    world.publish()
    with MirrorServer(world.public) as mirror:
        mirror.faults["metadata"] = hung_up
        with pytest.raises(SyncError, match=rf"no mirror could be used: http://127\.0\.0\.1:1/.*; {mirror.address}"):
            world.sync("http://127.0.0.1:1", mirror.address)


def test_a_mirror_that_stands_still_does_not_keep_the_newer_list_away(world: World) -> None:
    world.publish()
    with MirrorServer(world.copy_of_public("frozen")) as frozen, MirrorServer(world.public) as live:
        world.sync(frozen.address)
        assert world.sync(frozen.address, live.address).mirror == frozen.address  # fresh enough: nobody else is asked
        world.publish({8: Listing.RED}, after=7 * HOUR)
        outcome = world.sync(frozen.address, live.address)
        assert (outcome.mirror, outcome.version) == (live.address, 2)


def test_a_broken_download_goes_on_where_it_broke_off(world: World) -> None:
    world.publish()
    with MirrorServer(world.public) as mirror:
        mirror.faults["snapshot-1.zst"] = truncated
        with pytest.raises(SyncError, match="snapshot"):
            world.sync(mirror.address)
        size = next(world.public.glob("targets/status/*.snapshot-1.zst")).stat().st_size
        mirror.faults.clear()
        mirror.sent = 0
        assert world.sync(mirror.address).way == "snapshot"
        assert mirror.sent < size / 2 + 6000


@pytest.mark.parametrize("ranges", [True, False])
def test_a_mirror_without_ranges_starts_again(world: World, ranges: bool) -> None:
    world.publish()
    with MirrorServer(world.public) as mirror:
        mirror.ranges = ranges
        mirror.faults["snapshot-1.zst"] = truncated
        with pytest.raises(SyncError):
            world.sync(mirror.address)
        mirror.faults.clear()
        assert world.sync(mirror.address).version == 1


def test_keys_of_every_role_can_be_changed_and_devices_follow(world: World) -> None:
    world.publish()
    old_root = world.folder / "root-of-the-device.json"
    old_root.write_bytes(world.root.read_bytes())
    with MirrorServer(world.public) as mirror:
        world.sync(mirror.address, root=old_root)
        for number, role in enumerate((*SigningRole, *SigningRole), 2):
            world.authority.rotate_role(role, world.now)
            assert world.publish({number: Listing.RED}) == number
            assert world.sync(mirror.address, root=old_root).version == number


def test_two_at_once_do_not_collide(world: World) -> None:
    world.publish()
    world.state.mkdir()
    with (world.state / "sync.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="another sync is running"):
            world.sync(world.public.as_uri())
    assert world.sync(world.public.as_uri()).version == 1


def test_a_device_without_root_json_says_so(world: World) -> None:
    with pytest.raises(SyncError, match=r"root\.json: No such file.*from the authority"):
        world.sync("http://127.0.0.1:1", root=world.folder / "nowhere" / "root.json")


def test_another_authority_is_not_believed(world: World, tmp_path: Path) -> None:
    other = World(tmp_path / "other")
    other.publish()
    world.publish()
    with pytest.raises(SyncError, match="not what the authority signed"):
        world.sync(other.public.as_uri())
    assert world.version is None


def test_a_user_and_password_of_a_mirror_are_sent_and_not_shown(world: World) -> None:
    world.publish()

    def refuse(_: Liar, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 401 x\r\nContent-Length: 0\r\n\r\n")

    with Liar(refuse) as mirror, pytest.raises(SyncError, match="answers 401") as caught:
        world.sync(f"http://gate:s3%40cret@127.0.0.1:{mirror.port}/lists/")
    assert b"Authorization: Basic " + base64.b64encode(b"gate:s3@cret") in mirror.asked[0]
    assert mirror.asked[0].startswith(b"GET /lists/metadata/2.root.json ")
    assert "cret" not in str(caught.value)
