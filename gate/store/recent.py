"""The last decisions in the journal, as staff see them: no holder, no colour."""

import sqlite3
from dataclasses import dataclass

from gate.store.journal import RECENT
from gate.store.milliseconds import seconds

_DECISIONS = """SELECT seq, at, reason, direction, reader, detail, actor FROM journal
  WHERE seq > ? AND event = 'decision' ORDER BY seq DESC LIMIT ?"""
_PASSAGES = """SELECT "grant", detail FROM journal WHERE seq > ? AND event = 'passage' AND "grant" IS NOT NULL"""


@dataclass(frozen=True, slots=True)
class RecentDecision:
    """A decision.  `passage`: the end of its grant, None before that and of a refusal; `actor`: staff, if they made
    it."""

    seq: int
    at: float  # Unix s
    reason: str
    direction: str
    reader: str
    detail: str
    passage: str | None
    actor: str | None


def read_recent(connection: sqlite3.Connection, last: int, count: int) -> list[RecentDecision]:
    """Read the last decisions, the newest first, of the journal that ends at row `last`."""
    rows = connection.execute(_DECISIONS, (last - RECENT, count)).fetchall()
    ends = dict(connection.execute(_PASSAGES, (rows[-1][0],))) if rows else {}
    return [
        RecentDecision(seq, seconds(at), reason, direction, reader or "", detail or "", ends.get(seq), actor)
        for seq, at, reason, direction, reader, detail, actor in rows
    ]
