"""Counts over one part of a journal, made by SQLite: what a report needs, and no more rows than that.

Times are Unix ms.  `times` is a list of ranges (begin, end), the end exclusive.
"""

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gate.core.lane.effects import Passed
from gate.store.journal_parts import JournalPart

QUARTER = 900_000  # ms: the finest division of a report; each time zone of today begins its day on one
Times = Sequence[tuple[int, int]]

# Junk before a reader is counted: its row says "12 times", and has no time of its own.
_MANY = "CASE WHEN us IS NULL AND detail GLOB '[0-9]* times' THEN CAST(detail AS INTEGER) ELSE 1 END"


class DecisionCount(NamedTuple):
    """How many decisions of a quarter of an hour have all of these in common."""

    quarter: int  # since 1970
    reason: str
    direction: str | None
    mode: str | None
    through: int  # 1: the person could pass
    known: int  # 1: with the person's pseudonym
    many: int


class PassageCount(NamedTuple):
    """How many passages of a quarter of an hour were not preceded by a code, or not made."""

    quarter: int
    direction: str | None
    detail: str
    many: int


class StateRow(NamedTuple):
    """A row that is neither a decision nor a passage."""

    seq: int
    at: int
    event: str
    name: str | None
    direction: str | None
    list_version: int | None
    detail: str
    actor: str | None
    before: int | None  # `at` of the row before it in this part


class PersonRow(NamedTuple):
    """A decision at the entrance on a person who was refused, or in a pilot would have been."""

    at: int
    reason: str
    holder: str
    mode: str | None
    through: int


def decisions(part: JournalPart, times: Times) -> Iterator[DecisionCount]:
    query = f"""
        SELECT at / {QUARTER}, reason, direction, mode, "grant" IS NOT NULL, holder IS NOT NULL, sum({_MANY})
        FROM journal WHERE event = 'decision' AND {_within(times)} GROUP BY 1, 2, 3, 4, 5, 6"""  # noqa: S608 - our text
    return map(DecisionCount._make, part.connection.execute(query))


def not_made(part: JournalPart, times: Times) -> Iterator[PassageCount]:
    """Count grants on which nobody passed, or none was seen, at the time of their decision."""
    query = f"""
        SELECT decision.at / {QUARTER}, decision.direction, passage.detail, count(*) FROM
          (SELECT "grant", detail FROM journal
           WHERE event = 'passage' AND "grant" IS NOT NULL AND detail <> ?) AS passage
          JOIN journal AS decision ON decision.seq = passage."grant"
        WHERE {_within(times, "decision.at")} GROUP BY 1, 2, 3"""  # noqa: S608 - our own text
    return map(PassageCount._make, part.connection.execute(query, (Passed.PASSED,)))


def begun_before(part: JournalPart) -> Iterator[tuple[int, str]]:
    """Yield the ends of grants that were decided in an earlier part, and not seen to pass: (decision, end)."""
    query = """
        SELECT "grant", detail FROM journal WHERE event = 'passage' AND detail <> ?
        AND "grant" < (SELECT min(seq) FROM journal)"""
    return part.connection.execute(query, (Passed.PASSED,))


def open_grants(part: JournalPart) -> Iterator[tuple[int, int, str]]:
    """Yield the grants that have no end in this part: (seq, at, direction)."""
    query = """
        SELECT seq, at, direction FROM journal AS decision
        WHERE seq > (SELECT max(seq) FROM journal) - 100 AND event = 'decision' AND "grant" IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM journal AS passage WHERE passage.seq > decision.seq
                        AND passage.event = 'passage' AND passage."grant" = decision.seq)"""
    return part.connection.execute(query)


def strangers(part: JournalPart, times: Times) -> Iterator[PassageCount]:
    """Count people who passed without a code: by the exit button, through a free way, behind another person."""
    query = f"""
        SELECT at / {QUARTER}, direction, event || ':' || coalesce(detail, ''), count(*) FROM journal
        WHERE event IN ('passage', 'rex') AND "grant" IS NULL AND {_within(times)} GROUP BY 1, 2, 3"""  # noqa: S608 - our own text
    return map(PassageCount._make, part.connection.execute(query))


def opening_times(part: JournalPart, within: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Count grants of this time by milliseconds from the frame until the barrier had taken the order."""
    query = """
        SELECT us / 1000, count(*) FROM journal
        WHERE event = 'passage' AND us IS NOT NULL AND at >= ? AND at < ? GROUP BY 1"""
    return part.connection.execute(query, within)


def persons(part: JournalPart, times: Times, waiting: Sequence[str], last: int) -> Iterator[PersonRow]:
    """Yield the decisions at the entrance on each person who was refused in this part, and on those `waiting`; of its
    `last` ms on everybody, for the next part may refuse them."""
    refused = "event = 'decision' AND direction = 'entry' AND reason NOT IN (SELECT value FROM ok)"
    query = f"""
        WITH ok AS (SELECT value FROM json_each('["admitted", "staff_admitted"]'))
        SELECT at, reason, holder, mode, "grant" IS NOT NULL FROM journal
        WHERE event = 'decision' AND direction = 'entry' AND {_within(times)} AND (
          holder IN (SELECT holder FROM journal WHERE {refused} AND holder IS NOT NULL AND {_within(times)})
          OR holder IN (SELECT value FROM json_each(?))
          OR (holder IS NOT NULL AND at >= (SELECT max(at) - ? FROM journal)))
        ORDER BY seq"""  # noqa: S608 - our own text
    return map(PersonRow._make, part.connection.execute(query, (json.dumps(waiting), last)))


def refusals_at(part: JournalPart, times: Times, reasons: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Count refusals for these reasons by second (Unix s)."""
    query = f"""
        SELECT at / 1000, sum({_MANY}) FROM journal WHERE event = 'decision' AND "grant" IS NULL
        AND reason IN (SELECT value FROM json_each(?)) AND {_within(times)} GROUP BY 1"""  # noqa: S608 - our own text
    return part.connection.execute(query, (json.dumps(reasons),))


def state_rows(part: JournalPart, since: int, until: int) -> Iterator[StateRow]:
    """Yield what happened to the gate from `since` to `until`, in order."""
    query = f"""
        SELECT seq, at, event, reader, direction, list_version, coalesce(detail, ''), {part.column("actor")},
          (SELECT at FROM journal AS earlier WHERE earlier.seq < journal.seq ORDER BY seq DESC LIMIT 1)
        FROM journal WHERE event NOT IN ('decision', 'passage', 'rex') AND at >= ? AND at < ? ORDER BY seq"""  # noqa: S608 - our own text
    return map(StateRow._make, part.connection.execute(query, (since, until)))


def by_staff(part: JournalPart, times: Times) -> Iterator[tuple[int, str, str, int]]:
    """Count people whom staff let in by day quarter, actor and detail, which begins with why."""
    query = f"""
        SELECT at / {QUARTER}, coalesce({part.column("actor")}, ''), coalesce(detail, ''), count(*) FROM journal
        WHERE event = 'decision' AND reason = 'staff_admitted' AND {_within(times)} GROUP BY 1, 2, 3"""  # noqa: S608 - our own text
    return part.connection.execute(query)


def first_and_last(part: JournalPart) -> tuple[int, int] | None:
    """Return the times of the first and the last row; None of an empty part."""
    query = "SELECT min(seq), max(seq) FROM journal"
    first, last = part.connection.execute(query).fetchone()
    if first is None:
        return None
    at = "SELECT at FROM journal WHERE seq = ?"
    return part.connection.execute(at, (first,)).fetchone()[0], part.connection.execute(at, (last,)).fetchone()[0]


def _within(times: Times, at: str = "at") -> str:
    """Return the condition of the ranges; they are our own numbers."""
    return "(" + " OR ".join(f"{at} >= {begin:d} AND {at} < {end:d}" for begin, end in times) + ")"
