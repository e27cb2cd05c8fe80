"""The lane when its system clock is wrong: nothing comes to life again, and it is said."""

import sqlite3
from contextlib import closing
from pathlib import Path

from gate.core.kept_time import Kept
from gate.core.model import Direction, Listing, Scan, Status
from gate.core.outlet_events import ClockChanged, ListChanged
from gate.core.reason import Reason
from gate.core.staleness import Freshness
from gate.core.trusted_time import ClockTrust
from gate.passes.aq1_encode import credential_text, encode_credential
from gate.store.apply_list import apply
from gate.store.time_floor import read_kept
from gate.testing.builders import KEY, LIMITS, NOW, RunningClock, publication
from tests.lane.rig import Rig, plain, working

DAY = 86400.0
BACK = 90 * DAY
BEHIND, UNTRUSTED, TRUSTED = ClockTrust.BEHIND, ClockTrust.UNTRUSTED, ClockTrust.TRUSTED


def expired(idx: int) -> str:
    """Good at the time to which these tests set the clock back."""
    return made_at(round(NOW - BACK - 60), idx)


def made_at(issued: int, idx: int) -> str:
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


def standings(rig: Rig) -> list[ClockTrust]:
    return [event.standing for event in rig.events if isinstance(event, ClockChanged)]


def said(state: Path) -> list[str]:
    with closing(sqlite3.connect(state / "lane.db")) as connection:
        return [row[0] for row in connection.execute("SELECT detail FROM journal WHERE event = 'clock' ORDER BY seq")]


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
        await rig.until(lambda: len(said(state)) == 2)  # the event comes before its row
    assert said(state) == ["behind by 7776000 s", "right again"]


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


async def test_a_newer_list_raises_the_floor_while_the_lane_runs(state: Path) -> None:
    async with working(Rig(state)) as rig:
        apply(publication({7: Listing.GREEN, 9: Listing.GREEN}, version=2, as_of=round(NOW + 30 * DAY)), state)
        await rig.until(lambda: standings(rig)[-1] is BEHIND)
        assert rig.clock.now() >= NOW + 30 * DAY
        await rig.show(plain(7), 0.2)
        assert rig.reasons == [Reason.EXPIRED]


async def test_the_age_of_the_list_is_by_the_trusted_clock(state: Path) -> None:
    rig = Rig(state, clock=RunningClock(Kept(NOW + 30 * 3600.0, as_of=NOW - 60.0)))
    async with working(rig):
        grades = [event.freshness for event in rig.events if isinstance(event, ListChanged)]
        assert grades == [Freshness.RESTRICT]


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


# A door without a clock chip and a network, two hours after a power cut that lasted two hours.

LATER = NOW + 7200


def powerless(state: Path) -> Rig:
    rig = Rig(state, clock=RunningClock(Kept(float(NOW), as_of=NOW - 60.0)))
    rig.clock.machine.set(-3600)
    return rig


async def test_a_gate_that_is_behind_blames_its_own_clock_and_believes_three_people(state: Path) -> None:
    async with working(powerless(state)) as rig:
        assert standings(rig) == [BEHIND]
        await rig.show(made_at(LATER, 7), 0.2)
        await rig.show(made_at(LATER + 5, 7), 0.2)  # the same person once more
        await rig.show(made_at(LATER + 9, 8), 0.2)
        assert rig.reasons == [Reason.CLOCK_BEHIND] * 3
        assert rig.clock.now() < NOW + 600
        await rig.show(made_at(LATER + 50, 9), 0.2)
        assert rig.reasons[3:] == [Reason.ADMITTED]
        assert LATER <= rig.clock.now() < LATER + 60
        rig.clock.machine.set(3600 + 600)  # the clock is set, and it was earlier than they said
        await rig.until(lambda: standings(rig)[-1] is TRUSTED)
        assert rig.clock.now() < NOW + 1200


async def test_one_issuers_key_moves_the_time_no_further_than_the_list_is_good_for(state: Path) -> None:
    async with working(powerless(state)) as rig:
        for idx in range(5):
            await rig.show(made_at(NOW + 10**6, idx), 0.2)  # whoever has the key makes passes of anybody
        assert rig.clock.now() <= NOW - 60 + LIMITS.refuse_after + 60
        assert Reason.ADMITTED not in rig.reasons
        rig.clock.machine.set(3600)
        await rig.until(lambda: standings(rig)[-1] is TRUSTED)
        await rig.show(plain(9), 0.2)
        assert rig.reasons[-1] is Reason.ADMITTED


async def test_passes_are_no_witnesses_for_a_gate_that_is_right(state: Path) -> None:
    async with working(Rig(state)) as rig:
        for idx in (7, 8, 9, 10):
            await rig.show(made_at(LATER, idx), 0.2)
        assert rig.reasons == [Reason.NOT_YET_VALID] * 4
        assert rig.clock.now() < NOW + 600


async def test_forged_and_revoked_passes_are_no_witnesses(state: Path) -> None:
    async with working(powerless(state)) as rig:
        for idx in range(6):
            text = made_at(LATER, idx)
            await rig.show(text[:-3] + ("000" if text[-3:] != "000" else "111"), 0.2)
        assert rig.clock.now() < NOW + 600


async def test_a_leap_is_not_believed_and_leaves_nothing(state: Path) -> None:
    async with working(Rig(state)) as rig:
        rig.clock.machine.set(79 * 365 * DAY)
        await rig.show(plain(9), 0.2)
        assert rig.reasons == [Reason.ADMITTED]
        await rig.until(lambda: standings(rig)[-1] is ClockTrust.AHEAD)
        rig.clock.machine.set(-79 * 365 * DAY)
        await rig.until(lambda: standings(rig)[-1] is TRUSTED)
        await rig.show(plain(7), 0.2)
        assert rig.reasons == [Reason.ADMITTED] * 2
    kept = read_kept(state)
    assert (kept.latest or 0) < NOW + 3600
