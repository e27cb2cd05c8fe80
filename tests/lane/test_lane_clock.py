"""The lane when its system clock is wrong: nothing comes to life again, and it is said."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gate.core.events import ClockChanged, ListChanged
from gate.core.model import Direction, Listing, Scan, Status
from gate.core.reason import Reason
from gate.core.staleness import Freshness
from gate.core.trusted_time import Kept, Standing
from gate.passes.aq1_encode import credential_text, encode_credential
from gate.store.apply import apply
from gate.store.floor import read_kept
from gate.testing.builders import KEY, NOW, RunningClock, load, publication
from tests.lane.test_lane import Rig, plain, working

DAY = 86400.0
BACK = 90 * DAY
BEHIND, UNTRUSTED, TRUSTED = Standing.BEHIND, Standing.UNTRUSTED, Standing.TRUSTED


@pytest.fixture
def state(tmp_path: Path) -> Path:
    load(tmp_path, {7: Listing.GREEN, 9: Listing.GREEN})
    return tmp_path


def expired(idx: int) -> str:
    """Good at the time to which these tests set the clock back."""
    issued = round(NOW - BACK - 60)
    return credential_text(
        encode_credential(
            key=KEY,
            issuer="ashyq",
            idx=idx,
            status=Status.GREEN,
            issued_at=issued,
            expires_at=issued + 7200,
            token_id=b"token-%02d" % idx,
            holder=None,
        )
    )


def standings(rig: Rig) -> list[Standing]:
    return [event.standing for event in rig.events if isinstance(event, ClockChanged)]


def said(state: Path) -> list[str]:
    with closing(sqlite3.connect(state / "lane.db")) as connection:
        return [row[0] for row in connection.execute("SELECT detail FROM journal WHERE event = 'clock' ORDER BY seq")]


@pytest.mark.anyio
async def test_a_clock_set_back_revives_no_pass_and_the_gate_goes_on(state: Path) -> None:
    async with working(Rig(state)) as rig:
        assert standings(rig) == [TRUSTED]
        rig.clock.machine.set(-BACK)
        await rig.show(expired(7), 0.2)
        await rig.show(plain(9), 0.2)
        assert rig.reasons == [Reason.EXPIRED, Reason.ADMITTED]
        await rig.until(lambda: standings(rig) == [TRUSTED, BEHIND])
        rig.clock.machine.set(BACK)
        await rig.until(lambda: standings(rig) == [TRUSTED, BEHIND, TRUSTED])
    assert said(state) == ["behind by 7776000 s", "right again"]


@pytest.mark.anyio
async def test_it_is_known_over_a_restart(state: Path) -> None:
    async with working(Rig(state)) as rig:
        await rig.show(plain(9), 0.2)
    rig = Rig(state, clock=RunningClock(read_kept(state)))
    rig.clock.machine.set(-BACK)
    async with working(rig):
        assert standings(rig) == [BEHIND]
        await rig.show(expired(7), 0.2)
        assert rig.reasons == [Reason.EXPIRED]
        assert rig.clock.now() >= NOW


@pytest.mark.anyio
async def test_behind_for_too_long_nobody_enters_and_people_may_leave(state: Path) -> None:
    rig = Rig(state, clock=RunningClock(untrusted_for=600.0))
    async with working(rig):
        rig.clock.machine.set(-BACK)
        await rig.until(lambda: standings(rig)[-1] is BEHIND)
        rig.clock.machine.sleep(600.0)
        await rig.show(plain(7), 0.2)
        assert rig.reasons == [Reason.CLOCK_UNTRUSTED]
        assert rig.turnstile.openings == 0
        await rig.until(lambda: standings(rig)[-1] is UNTRUSTED)
        rig.lane.present(Scan(plain(9), "reader[1]", Direction.EXIT, rig.clock.monotonic()))
        await rig.until(lambda: rig.reasons[1:] == [Reason.ADMITTED])
    kept = read_kept(state)
    assert kept.behind_for is not None
    assert kept.behind_for >= 600
    again = Rig(state, clock=RunningClock(kept, untrusted_for=600.0))
    again.clock.machine.set(-BACK)
    async with working(again):  # a restart forgives nothing
        assert standings(again) == [UNTRUSTED]
        await again.show(plain(7), 0.2)
        assert again.reasons == [Reason.CLOCK_UNTRUSTED]
    assert said(state)[-1].endswith("for too long: nobody enters")


@pytest.mark.anyio
async def test_a_newer_list_raises_the_floor_while_the_lane_runs(state: Path) -> None:
    async with working(Rig(state)) as rig:
        apply(publication({7: Listing.GREEN, 9: Listing.GREEN}, version=2, as_of=round(NOW + 30 * DAY)), state)
        await rig.until(lambda: standings(rig)[-1] is BEHIND)
        assert rig.clock.now() >= NOW + 30 * DAY
        await rig.show(plain(7), 0.2)
        assert rig.reasons == [Reason.EXPIRED]


@pytest.mark.anyio
async def test_the_age_of_the_list_is_by_the_trusted_clock(state: Path) -> None:
    rig = Rig(state, clock=RunningClock(Kept(NOW + 30 * 3600.0, as_of=NOW - 60.0)))
    async with working(rig):
        grades = [event.freshness for event in rig.events if isinstance(event, ListChanged)]
        assert grades == [Freshness.RESTRICT]


@pytest.mark.anyio
async def test_a_right_clock_forgets_how_long_it_was_behind(state: Path) -> None:
    first = Rig(state, clock=RunningClock(Kept(NOW + DAY, 3000.0, as_of=NOW - 60.0)))
    async with working(first):
        assert standings(first) == [BEHIND]
    assert read_kept(state).behind_for is not None
    second = RunningClock(read_kept(state))
    second.machine.set(2 * DAY)
    async with working(Rig(state, clock=second)) as rig:
        assert standings(rig) == [TRUSTED]
        assert read_kept(state).behind_for is None
