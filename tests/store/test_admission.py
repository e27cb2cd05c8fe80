"""Admission against real SQLite files: what is admitted, what is remembered, what survives."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

import pytest

from gate.core.decide import Unlisted
from gate.core.kept_time import Kept
from gate.core.lane.effects import Passed
from gate.core.lane.modes import Mode
from gate.core.model import Claims, Decision, Direction, Listing
from gate.core.reason import Reason
from gate.errors import StoreError
from gate.store.admission import Admission, Presented, Recorded
from gate.store.list_reader import StatusList
from gate.store.preview import Preview
from gate.testing.builders import NOW, claims, load, policy

PLACES = {7: Listing.GREEN, 8: Listing.RED, 9: Listing.YELLOW, 10: Listing.BLUE, 11: Listing.REVOKED}
SHOWN = Presented("reader[0]", Direction.ENTRY, Mode.ENFORCE, 1500)


class Gate:
    """A lane's store, opened as often as a test likes."""

    def __init__(self, state: Path, reuse_after: float = 600.0, unlisted: Unlisted = Unlisted.REFUSE) -> None:
        self.state = state
        self.policy = policy(reuse_after=reuse_after, unlisted=unlisted)
        self.open()

    def open(self) -> None:
        self.status = StatusList(self.state)
        self.admission = Admission(self.state, self.status, self.policy)

    def crash(self) -> None:
        """What kill -9 leaves: files and nothing else."""
        self.close()
        self.open()

    def close(self) -> None:
        self.admission.close()
        self.status.close()

    def show(self, pass_: Claims, at: float = NOW, mode: Mode = Mode.ENFORCE) -> Recorded:
        self.status.refresh()
        return self.admission.admit(pass_, Presented("reader[0]", Direction.ENTRY, mode, 1), at)

    def reason(self, pass_: Claims, at: float = NOW) -> Reason:
        return self.show(pass_, at).decision.reason

    def rows(self, columns: str = "event, reason, detail") -> list[tuple[object, ...]]:
        return self.sql(f"SELECT {columns} FROM journal ORDER BY seq")

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.state / "lane.db", isolation_level=None)) as connection:
            return connection.execute(statement).fetchall()


class OpenGate(Protocol):
    def __call__(self, *, reuse_after: float = 600.0, unlisted: Unlisted = Unlisted.REFUSE) -> Gate: ...


@pytest.fixture
def open_gate(tmp_path: Path) -> Iterator[OpenGate]:
    """Opens a gate over `tmp_path`, and closes it at the end."""
    opened: list[Gate] = []

    def make(*, reuse_after: float = 600.0, unlisted: Unlisted = Unlisted.REFUSE) -> Gate:
        opened.append(Gate(tmp_path, reuse_after, unlisted))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def gate(tmp_path: Path, open_gate: OpenGate) -> Gate:
    load(tmp_path, PLACES)
    return open_gate()


@pytest.mark.parametrize(
    ("idx", "reason"),
    [
        (7, Reason.ADMITTED),
        (8, Reason.STATUS_NOT_ADMITTED),
        (9, Reason.STATUS_NOT_ADMITTED),
        (10, Reason.ADMITTED),
        (11, Reason.PASS_REVOKED),
        (12, Reason.NOT_LISTED),
        (4096, Reason.NOT_LISTED),  # beyond the list's end
        (2**32 - 1, Reason.NOT_LISTED),
    ],
)
def test_the_list_decides(gate: Gate, idx: int, reason: Reason) -> None:
    assert gate.reason(claims(idx)) is reason


def test_the_newest_statement_wins(gate: Gate) -> None:
    assert gate.reason(claims(8, issued_at=NOW - 30)) is Reason.ADMITTED  # green since, says the pass; list is 60 s old
    assert gate.reason(claims(11, issued_at=NOW - 30)) is Reason.PASS_REVOKED


def test_without_a_list_nobody_enters(open_gate: OpenGate) -> None:
    assert open_gate().reason(claims()) is Reason.LIST_MISSING


def test_an_unlisted_person_may_count_as_the_pass_says(tmp_path: Path, open_gate: OpenGate) -> None:
    load(tmp_path, PLACES)
    assert open_gate(unlisted=Unlisted.USE_PASS).reason(claims(12)) is Reason.ADMITTED


@pytest.mark.parametrize(
    ("age", "idx", "reason"),
    [
        (24 * 3600, 10, Reason.ADMITTED),
        (25 * 3600, 10, Reason.LIST_RESTRICTED),
        (25 * 3600, 7, Reason.ADMITTED),
        (49 * 3600, 7, Reason.LIST_EXPIRED),
    ],
)
def test_an_old_list_restricts_then_refuses(gate: Gate, age: int, idx: int, reason: Reason) -> None:
    assert gate.reason(claims(idx), NOW - 60 + age) is reason


def test_one_code_opens_once(gate: Gate) -> None:
    assert gate.reason(claims()) is Reason.ADMITTED
    again = gate.show(claims(), NOW + 1).decision
    assert (again.reason, again.used_at, again.again_at) == (Reason.ALREADY_USED, NOW, None)
    assert gate.reason(claims(), NOW + 599) is Reason.ALREADY_USED
    assert gate.reason(claims(), NOW + 600) is Reason.ADMITTED


def test_the_same_person_with_another_pass_is_too_soon(gate: Gate) -> None:
    assert gate.reason(claims(token=b"of-ashyq")) is Reason.ADMITTED
    answer = gate.show(claims(token=b"of-aitu!"), NOW + 100).decision
    assert answer == Decision(Reason.TOO_SOON, "open", "500 s", used_at=NOW, again_at=NOW + 600)


def test_a_renewed_presentation_is_another_code_of_the_same_person(gate: Gate) -> None:
    assert gate.reason(claims(presented_at=NOW)) is Reason.ADMITTED
    assert gate.reason(claims(presented_at=NOW), NOW + 5) is Reason.ALREADY_USED
    assert gate.reason(claims(presented_at=NOW + 5), NOW + 5) is Reason.TOO_SOON


def test_a_filmed_presentation_is_remembered_even_where_reuse_is_free(tmp_path: Path, open_gate: OpenGate) -> None:
    load(tmp_path, PLACES)
    gate = open_gate(reuse_after=0)
    assert gate.reason(claims(presented_at=NOW)) is Reason.ADMITTED
    assert gate.reason(claims(presented_at=NOW), NOW + 20) is Reason.ALREADY_USED
    assert gate.reason(claims(presented_at=NOW + 20), NOW + 20) is Reason.ADMITTED


def test_the_use_is_given_back_when_nobody_passes(gate: Gate) -> None:
    admitted = gate.show(claims())
    gate.admission.end_grant(admitted.seq, Passed.NOT_PASSED, NOW + 8)
    assert gate.reason(claims(), NOW + 9) is Reason.ADMITTED
    assert gate.rows()[1] == ("passage", None, "not_passed")


def test_a_use_is_given_back_to_one_person_once_in_reuse_after(gate: Gate) -> None:
    first = gate.show(claims())
    assert gate.admission.end_grant(first.seq, Passed.NOT_PASSED, NOW + 8) is Passed.NOT_PASSED
    other_pass = gate.show(claims(token=b"another!"), NOW + 9)
    assert other_pass.decision.admitted
    gate.crash()  # what was given back outlives a restart
    gate.admission.close_interrupted(NOW + 10)  # unknown: stays used
    assert gate.reason(claims(), NOW + 11) is Reason.TOO_SOON
    third = gate.show(claims(10), NOW + 11)  # somebody else is not concerned
    assert gate.admission.end_grant(third.seq, Passed.NOT_PASSED, NOW + 19) is Passed.NOT_PASSED


def test_the_second_time_nobody_passes_the_use_stays_used(gate: Gate) -> None:
    for at, recorded in [(0, Passed.NOT_PASSED), (20, Passed.UNKNOWN), (621, Passed.NOT_PASSED)]:
        admitted = gate.show(claims(), NOW + at)
        assert admitted.decision.admitted
        assert gate.admission.end_grant(admitted.seq, Passed.NOT_PASSED, NOW + at + 8) is recorded
        assert gate.rows()[-1] == ("passage", None, recorded)
        gate.crash()
        if recorded is Passed.UNKNOWN:
            assert gate.reason(claims(), NOW + at + 9) is Reason.ALREADY_USED
    gate.admission.tidy(NOW + 10_000)
    assert gate.sql("SELECT count(*) FROM given_back") == [(0,)]


def test_a_use_that_is_over_leaves_the_file(gate: Gate) -> None:
    gate.show(claims())
    gate.admission.tidy(NOW + 599)
    assert gate.sql("SELECT count(*) FROM redemption") == [(1,)]
    gate.admission.tidy(NOW + 600)
    assert gate.sql("SELECT count(*) FROM redemption") == [(0,)]


def test_a_time_that_may_be_taken_back_forgets_no_use(gate: Gate) -> None:
    assert gate.show(claims()).decision.admitted
    year = 365 * 86_400.0
    for steady, reason in [(NOW + 1.0, Reason.ALREADY_USED), (NOW + 601.0, Reason.ADMITTED)]:
        gate.admission.keep_time(Kept(NOW + year, steady=steady), NOW + year)
        gate.admission.tidy(NOW + year)
        assert gate.reason(claims(), NOW + 2) is reason


def test_a_barrier_that_did_not_move_costs_nobody_a_use(gate: Gate) -> None:
    for at in range(0, 40, 10):
        admitted = gate.show(claims(), NOW + at)
        assert admitted.decision.admitted
        passed = gate.admission.end_grant(admitted.seq, Passed.NOT_PASSED, NOW + at + 1, moved=False)
        assert passed is Passed.NOT_PASSED


def test_the_use_stays_used_when_someone_passed_and_a_grant_ends_once(gate: Gate) -> None:
    admitted = gate.show(claims())
    gate.admission.end_grant(admitted.seq, Passed.PASSED, NOW + 2)
    gate.admission.end_grant(admitted.seq, Passed.NOT_PASSED, NOW + 8)
    assert gate.reason(claims(), NOW + 9) is Reason.ALREADY_USED
    assert [row[0] for row in gate.rows()] == ["decision", "passage", "decision"]


def test_a_use_survives_a_crash_and_the_open_grant_is_closed(gate: Gate) -> None:
    gate.show(claims())
    gate.crash()
    assert gate.admission.close_interrupted(NOW + 3) == 1
    assert gate.rows()[-1] == ("passage", None, "unknown")
    assert gate.reason(claims(), NOW + 4) is Reason.ALREADY_USED
    assert gate.admission.close_interrupted(NOW + 5) == 0


def test_a_pilot_records_the_refusal_and_follows_the_passage(gate: Gate) -> None:
    refused = gate.show(claims(8), mode=Mode.PILOT)
    assert refused.decision.reason is Reason.STATUS_NOT_ADMITTED
    gate.admission.end_grant(refused.seq, Passed.PASSED, NOW)
    assert gate.rows("event, mode, reason")[0] == ("decision", "pilot", "status_not_admitted")
    assert gate.rows()[1] == ("passage", None, "passed")


def test_nothing_is_admitted_that_was_not_recorded(gate: Gate) -> None:
    gate.sql("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'no room'); END")
    with pytest.raises(StoreError):
        gate.show(claims())
    gate.sql("DROP TRIGGER full")
    assert gate.rows() == []
    assert gate.reason(claims()) is Reason.ADMITTED  # the use was not taken either


def test_only_one_lane_to_a_state_directory(gate: Gate) -> None:
    with pytest.raises(StoreError, match="in use by another gate"):
        Gate(gate.state)


def test_the_journal_names_nobody(gate: Gate) -> None:
    gate.show(claims(7, token=b"secret-token"))
    gate.show(claims(7, token=b"secret-token"), NOW + 1)
    gate.show(claims(10), NOW + 2)
    gate.show(claims(7, token=b"another!"), NOW + 86_400)
    holders = [row[0] for row in gate.rows("holder")]
    assert holders[0] == holders[1] != holders[2]
    assert holders[3] != holders[0]  # another day, another key
    kept = str(gate.rows("*"))
    for secret in ("secret-token", b"secret-token".hex(), "green", "blue"):
        assert secret not in kept
    names = {name for (name,) in gate.sql("SELECT name FROM secret")}
    assert names == {"redemption", "redemption-check", f"day-{(NOW + 86_400) // 86_400}"}  # yesterday's key is gone


def test_a_preview_agrees_and_writes_nothing(gate: Gate) -> None:
    preview = Preview(gate.state, gate.policy)  # beside the running lane
    assert preview.decide(claims(), NOW).admitted
    assert preview.decide(claims(), NOW).admitted
    gate.show(claims())
    assert preview.decide(claims(), NOW + 1).reason is Reason.ALREADY_USED
    assert preview.decide(claims(8), NOW + 1).reason is Reason.STATUS_NOT_ADMITTED
    assert len(gate.rows()) == 1
    preview.close()


def test_a_list_that_arrives_or_goes_is_noticed(tmp_path: Path, open_gate: OpenGate) -> None:
    gate = open_gate()
    assert gate.reason(claims()) is Reason.LIST_MISSING
    load(tmp_path, PLACES)
    assert gate.reason(claims()) is Reason.ADMITTED
    for file in tmp_path.glob("list.db*"):
        file.unlink()
    assert gate.reason(claims(10)) is Reason.LIST_MISSING


def test_a_damaged_list_is_no_list(gate: Gate) -> None:
    assert gate.reason(claims(10)) is Reason.ADMITTED
    for file in gate.state.glob("list.db*"):
        file.unlink()
    (gate.state / "list.db").write_bytes(b"not a database, whatever it was " * 64)
    with pytest.raises(StoreError, match=r"list\.db: damaged .*gate list load"):
        gate.show(claims())
