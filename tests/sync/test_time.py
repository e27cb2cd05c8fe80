"""Lists from the future, a device that believes a time that never was, and the signed way back."""

from pathlib import Path

import pytest

from gate.authority import metadata
from gate.authority.authority import Authority
from gate.core.kept_time import Kept
from gate.core.time_reset import parse_time
from gate.core.trusted_time import LATEST, TOLERANCE, ClockTrust
from gate.errors import PublishError, SyncError
from gate.runtime.clock import GateClock
from gate.store import device_key
from gate.store.admission import Admission
from gate.store.clock_reset import reset_floor
from gate.store.database import File, immediate, open_for_writing
from gate.store.lane_file import examine
from gate.store.list_reader import StatusList
from gate.store.time_floor import keep, read_kept, read_reset, read_signed
from gate.sync.sync import ListSource, Outcome, sync
from gate.sync.times import AHEAD, Times
from gate.testing.builders import ManualClock, policy
from tests.sync import forging
from tests.sync.world import HOUR, START, World

DAY = 86400
FUTURE = START + 80 * 365 * DAY  # 2107


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.publish()
    return made


def mirror(world: World, folder: Path | None = None) -> str:
    return (folder or world.public).as_uri()


def clock(world: World, at: float) -> GateClock:
    """Of a device whose machine shows `at`, long after its start."""
    return GateClock(ManualClock(at), read_kept(world.state), 12 * HOUR)


def synced(world: World, at: float) -> Outcome:
    """As a command does it, with a system clock that shows `at`."""
    believed = clock(world, at)
    times = Times(believed.now(), at, believed.behind() > TOLERANCE)
    return sync(ListSource((mirror(world),), world.root, world.state, stale_after=6 * HOUR), times)


def publish(world: World, at: int, *, ahead: bool = False) -> int:
    return world.authority.publish(world.public, at, grow=True, ahead=ahead).version


def poisoned(world: World) -> None:
    """A gate of an earlier version has taken a list of 2107, and its lane has lived by it."""
    synced(world, world.now)
    publish(world, FUTURE, ahead=True)
    sync(ListSource((mirror(world),), world.root, world.state, stale_after=6 * HOUR), FUTURE)
    device_key.load_or_make(world.state)
    connection = open_for_writing(File.LANE, world.state)
    with immediate(connection):
        keep(connection, Kept(float(FUTURE + 60), 60.0, signed=float(FUTURE), steady=float(FUTURE + 60)))
    connection.close()
    assert read_signed(world.state) == FUTURE


# At the authority.


def test_a_leap_of_the_authoritys_clock_is_refused_and_can_be_meant(world: World) -> None:
    for at in (world.now + 8 * DAY, FUTURE, 2**40, 2**52, int(LATEST), 2**62, 2**80):
        with pytest.raises(PublishError, match=r"dated"):
            publish(world, at)
    assert publish(world, world.now + 6 * DAY) == 2
    assert publish(world, world.now + 60 * DAY, ahead=True) == 3
    with pytest.raises(PublishError, match="reset-time"):
        publish(world, world.now)
    for at in (int(LATEST), 2**62):  # there is no calendar for what would be signed then
        with pytest.raises(PublishError, match="dated"):
            publish(world, at, ahead=True)


def test_nothing_is_published_beyond_the_end_of_what_offline_keys_signed(tmp_path: Path) -> None:
    other = Authority.create(tmp_path / "other", at=START)
    other.add_issuer("ashyq", at=START)
    with pytest.raises(PublishError, match="what the offline keys signed ends on 2029-01-14"):
        other.publish(other.public, START + 800 * DAY)


def test_the_way_back_of_the_authority(world: World) -> None:
    publish(world, FUTURE, ahead=True)
    reset = world.authority.reset_time(world.now)
    assert (reset.number, reset.to) == (1, world.now)
    with pytest.raises(PublishError, match="the time is reset to"):
        publish(world, world.now - 1)
    with pytest.raises(PublishError, match="Check this computer's clock"):
        publish(world, FUTURE)
    assert publish(world, world.now + 60) == 3
    assert publish(world, world.now + 120) == 4
    assert world.authority.reset_time(world.now).number == 2
    names = sorted(path.name.partition(".")[2] for path in (world.public / "targets").glob("*.json"))
    assert names == ["rules.json", "time.json", "trust.json"]


# At the gate.


@pytest.mark.parametrize("ahead", [AHEAD + 60, DAY, 30 * DAY, FUTURE - START])
def test_a_list_from_the_future_is_refused_and_the_one_that_is_held_stays(world: World, ahead: float) -> None:
    synced(world, world.now)
    publish(world, world.now + int(ahead), ahead=True)
    with pytest.raises(SyncError, match="the list is dated") as caught:
        synced(world, world.now)
    assert "clock" in caught.value.hint
    assert "gate authority reset-time" in caught.value.hint
    assert world.version == 1
    assert clock(world, world.now + 60).now() == world.now + 60


def test_a_few_minutes_are_no_future(world: World) -> None:
    synced(world, world.now)
    publish(world, world.now + int(AHEAD))
    assert synced(world, world.now).version == 2


def test_a_gate_that_is_behind_takes_todays_list_but_none_beyond_the_offline_keys(world: World) -> None:
    synced(world, world.now)
    months = world.now + 100 * DAY
    publish(world, months, ahead=True)
    assert synced(world, world.now - 5 * 365 * DAY).version == 2  # no clock chip: behind what it holds
    assert clock(world, world.now - 5 * 365 * DAY).now() == months
    publish(world, FUTURE, ahead=True)
    # Its root was renewed in that publication; the one of an authority whose keys are in a drawer was not.
    drawer = Times(months, months - DAY, is_behind=True)
    with pytest.raises(PublishError, match="after the end of everything that the authority signed"):
        drawer.check_list(FUTURE, START + 700.0 * DAY, None)


def test_a_gate_that_was_off_for_months_takes_todays_list_once_its_clock_is_set(world: World) -> None:
    synced(world, world.now)
    later = world.now + 100 * DAY
    publish(world, later, ahead=True)
    assert synced(world, later + 60).version == 2


def test_a_poisoned_fleet_heals_by_sync_and_stays_healed(world: World) -> None:
    poisoned(world)
    now = world.now + DAY
    assert clock(world, now).standing() is ClockTrust.BEHIND
    source = ListSource((mirror(world),), world.root, world.state, stale_after=HOUR)
    with pytest.raises(SyncError) as caught:  # a month on, when all that was signed then is over
        sync(source, Times(FUTURE + 30.0 * DAY, now))
    assert caught.value.hint.startswith("Look at this device's clock first")
    world.authority.reset_time(now)
    publish(world, now + 60)
    assert synced(world, now + 120).version == 3
    healed = clock(world, now + 120)
    assert (healed.now(), healed.standing()) == (now + 120, ClockTrust.TRUSTED)
    assert healed.kept().resets == 1
    assert read_signed(world.state) == now + 60
    # And once more: the reset that was obeyed withdraws nothing a second time.
    publish(world, now + DAY)
    assert synced(world, now + DAY).version == 4
    assert clock(world, now).standing() is ClockTrust.BEHIND


def test_a_reset_is_found_whatever_the_clock_of_the_device_says(world: World) -> None:
    poisoned(world)
    now = world.now + DAY
    world.authority.reset_time(now)
    publish(world, now + 60)
    assert synced(world, 0.0).version == 3  # no clock chip, and no time service yet
    assert clock(world, 0.0).now() == now + 60


def test_an_old_reset_and_an_old_list_are_no_way_back(world: World) -> None:
    poisoned(world)
    now = world.now + DAY
    world.authority.reset_time(now)
    publish(world, now + 60)
    frozen = world.copy_of_public("frozen")
    publish(world, now + 2 * DAY)
    synced(world, now + 2 * DAY)
    with pytest.raises(SyncError, match="older than what is held"):
        sync(
            ListSource((mirror(world, frozen),), world.root, world.state, stale_after=HOUR),
            Times(now + 2.0 * DAY, now + 2.0 * DAY),
        )
    assert read_signed(world.state) == now + 2 * DAY


def test_online_keys_cannot_reset_the_time(world: World) -> None:
    synced(world, world.now)
    publish(world, world.now + 60)
    body = b'{"version": 9, "to": 1}'
    target = metadata.described("time.json", body)
    (world.public / "targets" / metadata.stored("time.json", target)).write_bytes(body)
    forging.resign(world, lambda status: status.targets.update({"time.json": target}))
    assert synced(world, world.now + 60).version == 2
    assert read_reset(world.state) is None
    assert clock(world, world.now).now() >= world.now


@pytest.mark.parametrize(
    "text", [b"{}", b"[]", b"\xff", b'{"version": 1, "to": 1e400}', b'{"version": 0, "to": 1}', b"1" * 5000]
)
def test_a_reset_that_is_none_is_refused_in_a_line(text: bytes) -> None:
    with pytest.raises(PublishError, match=r"^time\.json: "):
        parse_time(text)


def test_by_hand_with_the_right_clock(world: World) -> None:
    poisoned(world)
    now = world.now + DAY
    reset_floor(world.state, now, list_is_wrong=True)
    right = clock(world, now)
    assert (right.now(), right.standing()) == (now, ClockTrust.TRUSTED)
    status = StatusList(world.state)
    status.refresh()
    assert (status.state.version, status.state.as_of) == (2, 0)  # as old as can be: nobody enters by it
    status.close()
    with pytest.raises(SyncError, match="the list is dated"):
        synced(world, now + 60)  # the same list again
    with pytest.raises(PublishError, match="earlier"):
        publish(world, now + 60)
    world.authority.reset_time(now)
    publish(world, now + 60)
    assert synced(world, now + 120).version == 3


def test_a_reset_before_the_first_start_is_no_loss(world: World) -> None:
    synced(world, world.now)
    publish(world, FUTURE, ahead=True)
    sync(ListSource((mirror(world),), world.root, world.state, stale_after=6 * HOUR), FUTURE)
    reset_floor(world.state, world.now + DAY, list_is_wrong=True)
    assert examine(world.state) is None
    status = StatusList(world.state)
    lane = Admission(world.state, status, policy())
    assert lane.loss is None
    lane.close()
    status.close()


def test_a_device_whose_time_only_the_clock_has_poisoned_syncs(world: World) -> None:
    synced(world, world.now)
    connection = open_for_writing(File.LANE, world.state)
    with immediate(connection):
        keep(connection, Kept(float(FUTURE), 0.0, steady=float(FUTURE), signed=float(world.now)))
    connection.close()
    publish(world, world.now + 2 * DAY)
    assert clock(world, world.now + 2 * DAY).standing() is ClockTrust.BEHIND
    assert synced(world, world.now + 2 * DAY + 60).version == 2
