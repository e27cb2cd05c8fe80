"""Journals for reports: rows that a test names, or that chance makes, in a real state directory."""

import random
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gate.core.journal_event import JournalEvent
from gate.store import device_key
from gate.store.database import File, open_for_writing
from gate.store.journal import Journal, JournalRow
from gate.store.segments import last_to_seal, release, seal

ALMATY = ZoneInfo("Asia/Almaty")
DAY = date(2026, 11, 27)
ENFORCE, PILOT, FREE = "enforce", "pilot", "free"


def at(hour: float, day: date = DAY, zone: ZoneInfo = ALMATY) -> int:
    """The Unix ms of an hour of the wall clock, counted from midnight."""
    return round((datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() + hour * 3600) * 1000)


def write(state: Path, rows: Iterable[tuple[JournalRow, bool]]) -> None:
    """Append rows to the journal of a state directory; true beside a row: it lets somebody through.

    A passage's `grant` counts from the first row of `rows`, which is 1."""
    state.mkdir(parents=True, exist_ok=True)
    key = device_key.load_or_make(state)
    connection = open_for_writing(File.LANE, state)
    connection.execute("PRAGMA synchronous=OFF")
    journal = Journal(connection)
    connection.execute("BEGIN")
    last = 0
    for row, grants in rows:
        journal.append(row, grants=grants)
        last = row.at
    connection.execute("COMMIT")
    while (sealed := last_to_seal(connection, last / 1000, None)) is not None:
        seal(connection, sealed, key, "door", last / 1000)
        connection.execute("BEGIN IMMEDIATE")
        release(connection, sealed)
        connection.execute("COMMIT")
    connection.close()


def decision(moment: int, reason: str, **columns: Any) -> JournalRow:
    usual: dict[str, Any] = {"mode": ENFORCE, "direction": "entry", "reader": "reader[0]", "us": 50_000}
    return JournalRow(at=moment, event=JournalEvent.DECISION, reason=reason, **{**usual, **columns})


def passage(moment: int, grant: int | None, end: str = "passed", **columns: Any) -> JournalRow:
    return JournalRow(at=moment, event=JournalEvent.PASSAGE, grant=grant, detail=end, **columns)


def note(moment: int, event: JournalEvent, detail: str, **columns: Any) -> JournalRow:
    return JournalRow(at=moment, event=event, detail=detail, **columns)


REFUSALS = ("presentation_stale", "unreadable", "status_not_admitted", "not_listed", "device_failed", "too_soon")


def by_chance(seed: int, days: Sequence[date], zone: ZoneInfo, many: int) -> list[tuple[JournalRow, bool]]:
    """Rows of some days in order, of each kind that figures are made of."""
    chance = random.Random(seed)
    begin, end = at(0, days[0], zone), at(24, days[-1], zone)
    rows: list[tuple[JournalRow, bool]] = [(note(begin, JournalEvent.GATE, "started"), False)]
    people = [f"{number:032x}" for number in range(max(2, many // 30))]
    crowds = [chance.randrange(begin, end - 900_000) for _ in range(many // 15 + 1)]  # else nobody comes back at once
    for moment in sorted(chance.choice(crowds) + chance.randrange(800_000) for _ in range(many)):
        if rows[-1][0].at > moment:
            continue
        rows += _one(chance, moment, len(rows) + 1, people)
    return rows


def _one(chance: random.Random, moment: int, seq: int, people: Sequence[str]) -> list[tuple[JournalRow, bool]]:
    who, mode = chance.choice(people), chance.choice((ENFORCE, ENFORCE, PILOT, FREE))
    kind = chance.random()
    if kind < 0.35:
        reason = chance.choice(REFUSALS)
        person = None if reason == "unreadable" else who
        through = mode in (PILOT, FREE) and reason != "device_failed"
        counted = reason == "unreadable" and not through and chance.random() < 0.3
        more: dict[str, Any] = {"us": None, "detail": f"{chance.randrange(2, 30)} times"} if counted else {}
        way = "entry" if person else chance.choice(("entry", "exit"))
        return [(decision(moment, reason, mode=mode, holder=person, direction=way, **more), through)]
    if kind < 0.42:
        return [(passage(moment, None, "without a grant", direction=chance.choice(("entry", "exit"))), False)]
    if kind < 0.5:
        return [
            (note(moment, JournalEvent.REX, "released", direction="exit"), False),
            (passage(moment + 900, None, "by the exit button", direction="exit"), False),
        ]
    if kind < 0.53:
        return [(note(moment, JournalEvent.DEVICE, chance.choice(("lost: gone", "back")), reader="barrier"), False)]
    if kind < 0.56:
        actor = chance.choice(("desk guard-07", "uid 1000 aigul"))
        staff = decision(moment, "staff_admitted", reader="staff", actor=actor, detail="no_phone", us=0)
        return [(staff, True), (passage(moment + 1000, seq), False)]
    way, end = chance.choice(("entry", "entry", "exit")), chance.choice(("passed",) * 5 + ("not_passed", "unknown"))
    us = chance.randrange(80_000, 900_000) if chance.random() < 0.8 else None
    rows = [(decision(moment, "admitted", mode=mode, holder=who, direction=way), True)]
    return [*rows, (passage(moment + chance.randrange(500, 3000), seq, end, us=us), False)]
