"""The floor of the trusted time on disk: what each file says of it, and what outlives what."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gate.core.decide import AntiPassback
from gate.core.journal_event import JournalEvent
from gate.core.kept_time import Kept
from gate.core.lane.modes import Mode
from gate.core.model import Direction, Listing
from gate.core.reason import Reason
from gate.core.trusted_time import TOLERANCE, ClockTrust
from gate.errors import StoreError
from gate.runtime.clock import GateClock
from gate.store.admission import Admission, Presented
from gate.store.apply_list import apply
from gate.store.clock_reset import reset_floor
from gate.store.database import File, open_for_reading
from gate.store.journal_proof import verify
from gate.store.last_sync import Synced
from gate.store.time_floor import read_floor, read_kept, read_signed, read_synced
from gate.testing.builders import NOW, ManualClock, claims, load, policy, publication
from tests.store.earlier_list import write_earlier
from tests.store.opening import opened

DAY = 86400.0
AS_OF = NOW - 60  # of the list that `load` makes


def reason(admission: Admission, at: float) -> Reason:
    return admission.admit(claims(), Presented("reader[0]", Direction.ENTRY, Mode.ENFORCE, 1), at).decision.reason


def test_before_anything_there_is_no_floor(tmp_path: Path) -> None:
    assert read_kept(tmp_path) == Kept()
    assert read_floor(tmp_path) is None
    assert read_floor(tmp_path / "nowhere") is None
    assert not list(tmp_path.iterdir())


def test_every_row_of_the_journal_raises_it(tmp_path: Path) -> None:
    with opened(tmp_path) as admission:
        admission.note(JournalEvent.GATE, NOW + 5, "started")
        assert read_floor(tmp_path) == NOW + 5
        reason(admission, NOW + 7.25)
        assert read_floor(tmp_path) == NOW + 7.25
        admission.note(JournalEvent.GATE, NOW - 900, "a row of an earlier time")
        assert read_floor(tmp_path) == NOW + 7.25
    assert read_floor(tmp_path) == NOW + 7.25


def test_an_idle_lane_keeps_the_time_without_a_row(tmp_path: Path) -> None:
    with opened(tmp_path) as admission:
        admission.note(JournalEvent.GATE, NOW, "started")
        admission.keep_time(Kept(NOW + 600), NOW + 600)
        assert read_kept(tmp_path) == Kept(NOW + 600)
        admission.note(JournalEvent.GATE, NOW + 900, "rex")
    assert read_kept(tmp_path) == Kept(NOW + 600, ran=300.0)
    assert read_floor(tmp_path) == NOW + 900


def test_what_became_of_the_clock_is_a_row_and_how_long_it_ran_is_kept(tmp_path: Path) -> None:
    with opened(tmp_path) as admission:
        admission.keep_time(Kept(NOW, 0.0), NOW, "behind by 400 s")
        assert read_kept(tmp_path) == Kept(NOW, 0.0)
        admission.note(JournalEvent.GATE, NOW + 3600, "a row an hour later")
        assert read_kept(tmp_path) == Kept(NOW, 0.0, ran=3600.0)
        admission.keep_time(Kept(NOW + 7200), NOW + 7200, "right again")
        assert read_kept(tmp_path) == Kept(NOW + 7200, None)
    with closing(sqlite3.connect(tmp_path / "lane.db")) as connection:
        rows = connection.execute("SELECT detail FROM journal WHERE event = 'clock' ORDER BY seq").fetchall()
        assert rows == [("behind by 400 s",), ("right again",)]
        verify(connection, None)


def test_the_list_is_a_floor_of_its_own(tmp_path: Path) -> None:
    load(tmp_path, {7: Listing.GREEN})
    assert read_kept(tmp_path) == Kept(as_of=AS_OF)
    with opened(tmp_path) as admission:
        admission.note(JournalEvent.GATE, NOW - DAY, "started")
        assert read_floor(tmp_path) == AS_OF
        admission.note(JournalEvent.GATE, NOW + DAY, "a day later")
        assert read_floor(tmp_path) == NOW + DAY
    (tmp_path / "list.db").unlink()
    assert read_floor(tmp_path) == NOW + DAY


@pytest.mark.parametrize("lost", ["lane.db", "list.db"])
def test_a_clock_set_back_revives_nothing_whichever_file_is_lost(tmp_path: Path, lost: str) -> None:
    load(tmp_path, {7: Listing.GREEN})
    with opened(tmp_path) as admission:
        admission.note(JournalEvent.GATE, NOW, "started")
    for left in tmp_path.glob(f"{lost}*"):
        left.unlink()
    clock = GateClock(ManualClock(now=NOW - 400 * DAY), read_kept(tmp_path), 3600.0)
    assert clock.now() >= AS_OF
    assert clock.standing() is ClockTrust.BEHIND


def test_a_damaged_list_says_nothing_and_a_damaged_journal_stops(tmp_path: Path) -> None:
    with opened(tmp_path) as admission:
        admission.note(JournalEvent.GATE, NOW, "started")
    (tmp_path / "list.db").write_bytes(b"garbage " * 512)
    assert read_kept(tmp_path) == Kept(NOW)
    load(tmp_path / "other", {7: Listing.GREEN})
    (tmp_path / "other" / "lane.db").write_bytes(b"garbage " * 512)
    with pytest.raises(StoreError, match=r"lane\.db: damaged"):
        read_kept(tmp_path / "other")
    assert read_floor(tmp_path / "other") == AS_OF
    apply(publication({7: Listing.GREEN}, version=2), tmp_path / "other", Synced(NOW + DAY, "file:///media/usb"))
    assert read_floor(tmp_path / "other") == NOW + DAY


def test_a_journal_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    with opened(tmp_path) as admission:
        admission.note(JournalEvent.GATE, NOW, "started")
    with closing(sqlite3.connect(tmp_path / "lane.db")) as connection:
        connection.executescript("DROP TABLE clock; PRAGMA user_version = 1")
    assert read_kept(tmp_path) == Kept(NOW)


def test_reading_changes_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as admission:
        admission.note(JournalEvent.GATE, NOW, "started")
    before = (tmp_path / "lane.db").read_bytes()
    read_kept(tmp_path)
    assert (tmp_path / "lane.db").read_bytes() == before


story = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.integers(0, 3 * 86400)),
        st.tuples(st.sampled_from(["set", "list"]), st.integers(-900 * 86400, 900 * 86400)),
        st.tuples(st.sampled_from(["row", "crash"]), st.just(0)),
    ),
    max_size=12,
)


@settings(max_examples=40)
@given(story)
@example([("set", 61), ("list", 122), ("crash", 0)])  # the list and the clock differ by a second, within the tolerance
def test_a_process_that_is_restarted_goes_on_as_if_it_had_not_been(story: list[tuple[str, int]]) -> None:
    """What a lane keeps: a step at once, as it does within 2 s, and a row for each decision."""
    with TemporaryDirectory() as folder:
        state, machine, version = Path(folder), ManualClock(), 0
        as_of = NOW - 60
        clock = GateClock(machine, read_kept(state), 3600.0)
        for act, by in story:
            match act:
                case "run":
                    machine.advance(by)
                case "set":
                    machine.set(by)
                case "list":
                    version, as_of = version + 1, as_of + abs(by)
                    apply(publication({7: Listing.GREEN}, version=version, as_of=as_of), state)
                    clock.apply_signed_time(as_of)
                case "crash":
                    before, clock = clock, GateClock(machine, read_kept(state), 3600.0)
                    assert clock.now() == pytest.approx(before.now(), abs=0.01)
            with opened(state) as admission:
                if act == "row":
                    admission.note(JournalEvent.GATE, clock.now(), "something")
                else:
                    admission.keep_time(clock.kept(), clock.now())
            if version:
                assert clock.now() >= as_of - TOLERANCE


def test_rows_of_a_leap_are_taken_back_with_it(tmp_path: Path) -> None:
    load(tmp_path, {7: Listing.GREEN})
    machine = ManualClock()
    clock = GateClock(machine, read_kept(tmp_path), 3600.0)
    with opened(tmp_path) as admission:
        admission.keep_time(clock.kept(), clock.now())
        machine.reboot()
        machine.set(2 * 365 * DAY)  # wrong from the start
        clock = GateClock(machine, read_kept(tmp_path), 3600.0)
        admission.keep_time(clock.kept(), clock.now())
        machine.advance(30)
        assert reason(admission, clock.now()) is Reason.LIST_EXPIRED
    machine.set(-2 * 365 * DAY)  # and the process dies before it sees that
    clock = GateClock(machine, read_kept(tmp_path), 3600.0)
    assert (clock.now(), clock.standing()) == (NOW + 30, ClockTrust.TRUSTED)


def test_a_step_that_was_not_kept_yet_poisons_nothing_that_was_steady(tmp_path: Path) -> None:
    load(tmp_path, {7: Listing.GREEN})
    machine = ManualClock()
    clock = GateClock(machine, read_kept(tmp_path), 3600.0)
    with opened(tmp_path) as admission:
        admission.keep_time(clock.kept(), clock.now())
        admission.note(JournalEvent.GATE, NOW + 2 * 365 * DAY, "a decision in the second of a step")
    kept = read_kept(tmp_path)
    assert (kept.reached, kept.steady) == (NOW + 2 * 365 * DAY, NOW)
    assert GateClock(machine, kept, 3600.0).now() == NOW


def test_who_entered_in_a_time_that_never_was_may_enter_again_in_time(tmp_path: Path) -> None:
    load(tmp_path, {7: Listing.GREEN})
    with opened(tmp_path) as admission:
        assert reason(admission, NOW + 7200) is Reason.ADMITTED
        admission.keep_time(Kept(NOW + 60.0), NOW + 60, "stepped by -7140 s")
        assert reason(admission, NOW + 61) is not Reason.ADMITTED
        assert reason(admission, NOW + 60 + 601) is Reason.ADMITTED


# The way out.


def test_a_future_that_never_was_is_reset_and_the_journal_says_so(tmp_path: Path) -> None:
    ahead = NOW + 3650 * DAY
    with opened(tmp_path) as admission:
        admission.note(JournalEvent.GATE, ahead, "started")
        admission.keep_time(Kept(ahead, 50.0), ahead)
    assert reset_floor(tmp_path, NOW) == 3650 * DAY
    assert read_kept(tmp_path) == Kept(NOW)
    with opened(tmp_path) as admission:
        admission.note(JournalEvent.GATE, NOW + 10, "started")
        assert read_kept(tmp_path) == Kept(NOW, ran=10.0)
    connection = open_for_reading(File.LANE, tmp_path)
    assert connection is not None
    with closing(connection):
        (at, detail) = connection.execute("SELECT at, detail FROM journal WHERE event = 'clock'").fetchone()
        assert (at, detail) == (NOW * 1000, "reset from 2037-01-12 08:00 UTC to 2027-01-15 08:00 UTC")
        verify(connection, None)


def test_uses_keep_what_was_left_of_their_time(tmp_path: Path) -> None:
    ahead = NOW + 3650 * DAY
    load(tmp_path, {7: Listing.GREEN})
    with opened(tmp_path) as admission:
        admission._redemptions.redeem(claims(), 1, ahead)  # a use while the clock was ahead
        admission.note(JournalEvent.GATE, ahead + 100, "stopped")
    reset_floor(tmp_path, NOW)
    with opened(tmp_path) as admission:
        assert reason(admission, NOW + 499) is Reason.ALREADY_USED
        assert reason(admission, NOW + 501) is Reason.ADMITTED


def test_uses_and_entries_before_the_time_that_never_was_stay_as_they_were(tmp_path: Path) -> None:
    load(tmp_path, {7: Listing.GREEN, 8: Listing.GREEN})
    house = replace(policy(), antipassback=AntiPassback.HARD)
    with opened(tmp_path, house) as admission:
        admission._redemptions.redeem(claims(7), 1, NOW - 60)
        admission._inside.note(claims(8), Direction.ENTRY, 2, NOW - 60)
        admission.note(JournalEvent.GATE, NOW + 3650 * DAY, "stopped")
    reset_floor(tmp_path, NOW)
    with opened(tmp_path, house) as admission:
        shown = Presented("reader[0]", Direction.ENTRY, Mode.ENFORCE, 1)
        assert admission.admit(claims(7), shown, NOW + 539).decision.reason is Reason.ALREADY_USED
        assert admission.admit(claims(8, token=b"another!"), shown, NOW + 539).decision.reason is Reason.ANTI_PASSBACK
        assert admission.admit(claims(7), shown, NOW + 541).decision.reason is Reason.ADMITTED


def test_who_is_inside_has_been_so_for_as_long_as_before(tmp_path: Path) -> None:
    ahead = NOW + 3650 * DAY
    load(tmp_path, {7: Listing.GREEN})
    house = replace(policy(reuse_after=0.0), antipassback=AntiPassback.HARD, forget_inside=7200.0)
    with opened(tmp_path, house) as admission:
        admission._inside.note(claims(), Direction.ENTRY, 1, ahead)  # while the clock was ahead
        admission.note(JournalEvent.GATE, ahead + 600, "stopped")
    reset_floor(tmp_path, NOW)
    with opened(tmp_path, house) as admission:
        assert reason(admission, NOW + 6599) is Reason.ANTI_PASSBACK
        assert reason(admission, NOW + 6601) is Reason.ADMITTED


def test_a_sync_is_a_floor_and_is_reset_with_the_journal(tmp_path: Path) -> None:
    ahead = NOW + 3650 * DAY
    apply(publication({7: Listing.GREEN}), tmp_path, Synced(ahead, "file:///media/usb"))
    assert (read_signed(tmp_path), read_synced(tmp_path), read_floor(tmp_path)) == (AS_OF, ahead, ahead)
    with opened(tmp_path) as admission:
        admission.note(JournalEvent.GATE, NOW, "started")
    reset_floor(tmp_path, NOW + 60)
    assert (read_synced(tmp_path), read_floor(tmp_path)) == (NOW + 60, NOW + 60)
    with closing(sqlite3.connect(tmp_path / "lane.db")) as connection:
        (detail,) = connection.execute("SELECT detail FROM journal WHERE event = 'clock'").fetchone()
    assert detail == "reset from 2037-01-12 08:00 UTC to 2027-01-15 08:01 UTC"
    with pytest.raises(StoreError, match="not behind"):
        reset_floor(tmp_path, NOW + 60)


def test_a_gate_that_only_ever_synced_can_be_reset_too(tmp_path: Path) -> None:
    apply(publication({7: Listing.GREEN}), tmp_path, Synced(NOW + DAY, "file:///media/usb"))
    assert reset_floor(tmp_path, NOW) == DAY
    assert read_floor(tmp_path) == NOW


@pytest.mark.parametrize("form", [1, 2])
def test_a_list_of_an_earlier_version_is_read(tmp_path: Path, form: int) -> None:
    synced = (NOW + DAY, "file:///media/usb") if form == 2 else None
    with closing(write_earlier(publication({7: Listing.GREEN}), tmp_path, form=form, synced=synced)):
        assert read_signed(tmp_path) == AS_OF
        assert read_synced(tmp_path) == (NOW + DAY if synced else None)
    assert read_floor(tmp_path) == (NOW + DAY if synced else AS_OF)


def test_nothing_is_reset_while_a_lane_runs(tmp_path: Path) -> None:
    with opened(tmp_path) as admission:
        admission.note(JournalEvent.GATE, NOW + DAY, "started")
        with pytest.raises(StoreError, match="in use by another gate"):
            reset_floor(tmp_path, NOW)
    reset_floor(tmp_path, NOW)


def test_what_was_signed_is_not_reset(tmp_path: Path) -> None:
    load(tmp_path, {7: Listing.GREEN})
    with opened(tmp_path) as admission:
        admission.note(JournalEvent.GATE, NOW, "started")
    with pytest.raises(StoreError, match=r"the list is dated 2027-01-15 07:59 UTC.*set it"):
        reset_floor(tmp_path, NOW - DAY)
    assert read_floor(tmp_path) == NOW


def test_a_right_clock_has_nothing_to_reset(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not there"):
        reset_floor(tmp_path / "nowhere", NOW)
    with opened(tmp_path) as admission:
        admission.note(JournalEvent.GATE, NOW, "started")
    with pytest.raises(StoreError, match="not behind"):
        reset_floor(tmp_path, NOW + 1)
    assert read_signed(tmp_path) is None
