"""A report as text for a terminal: bars of characters, at most 78 columns."""

from collections.abc import Iterator, Sequence

from gate.report import phrases
from gate.report.reason_groups import ReasonGroup
from gate.report.summary import ReasonRow, Summary
from gate.report.wording import NBSP, Wording

_BAR = 30  # characters of the longest bar
_CAME, _REFUSED = "█", "▒"
_SHOWN = 8  # rows of a table


def as_text(of: Summary, say: Wording) -> str:
    """Return the report as lines."""
    return "\n".join(line.replace(NBSP, " ").rstrip() for line in _lines(of, say)) + "\n"


def _lines(of: Summary, say: Wording) -> Iterator[str]:
    doors = ", ".join(proof.door for proof in of.proofs)
    yield f"{say('head.title')} · {of.report.venue} · {doors}"
    yield phrases.title_of_days(of, say)
    yield " · ".join([*(words for _, words in phrases.proofs(of, say)), phrases.data_words(of, say)])
    if of.begin is None:
        return
    yield ""
    for number in phrases.numbers(of, say):
        further = " · ".join(filter(None, (number.compared, number.note)))
        yield f"{number.name:<16} {number.value:>12}   {further}"
    yield from _hours(of, say)
    yield from _why(of, say)
    yield from _pilot(of, say)
    yield from _down(of, say)
    yield from _pairs(say("staff.title"), phrases.staff_lines(of, say, _SHOWN), say("staff.none"))
    yield from _pairs(say("quality.title"), phrases.quality(of, say), "")
    yield ""
    yield say("head.zone", zone=of.report.timezone)


def _hours(of: Summary, say: Wording) -> Iterator[str]:
    yield from _title(say("hours.title"))
    yield f"   {_CAME} {say('hours.came')}   {_REFUSED} {say('hours.refused')}"
    most = max((hour.came + hour.refused.most for hour in of.hours), default=0) or 1
    busy = [number for number, hour in enumerate(of.hours) if hour.came or hour.refused.most]
    for number in range(min(busy, default=0), max(busy, default=-1) + 1):
        hour = of.hours[number]
        came, refused = (round(many * _BAR / most) for many in (hour.came, hour.refused.most))
        numbers = f"{say.number(hour.came):>6} {phrases.cell(hour.refused, say):>6}"
        yield f"{number:02} {numbers}  {_CAME * came}{_REFUSED * refused}"
    yield from (f"   {words}" for words in phrases.peak_words(of, say))
    if len(of.days) > 1:
        yield from _title(say("hours.by_day"))
        for day, (came, refused) in of.by_day.items():
            yield f"{say.weekday(day)} {say.short_date(day):<14} {say.number(came):>8} {say.number(refused):>8}"


def _why(of: Summary, say: Wording) -> Iterator[str]:
    yield from _title(say("why.title"))
    if not any(of.reasons.values()):
        yield say("why.none")
        return
    yield _row(say("why.reason"), say("why.tries"), say("why.persons"), say("why.entered"))
    for group in ReasonGroup:
        if rows := of.reasons[group]:
            name, advice = phrases.group_words(group, say)
            yield f"{name} · {phrases.cell(phrases.total_of(rows), say)} · {advice}"
            yield from _reasons(rows, say)
    if any(row.tries.least != row.tries.most for rows in of.reasons.values() for row in rows):
        yield say("why.small")


def _reasons(rows: Sequence[ReasonRow], say: Wording) -> Iterator[str]:
    for row in rows:
        name = f"  {phrases.reason_name(row.reason, say)}"
        persons = phrases.cell(row.persons, say) if row.persons.most else phrases.UNKNOWN
        yield _row(name, phrases.cell(row.tries, say), persons, phrases.entered(row, say))


def _row(name: str, tries: str, persons: str, entered: str) -> str:
    return f"{name:<38} {tries:>9} {persons:>9} {entered:>16}"


def _pilot(of: Summary, say: Wording) -> Iterator[str]:
    if of.is_pilot:
        yield from _title(say("pilot.title"))
        yield phrases.pilot_words(of, say)
        yield from _reasons(of.would_refuse, say)


def _down(of: Summary, say: Wording) -> Iterator[str]:
    yield from _title(say("down.title"))
    if not of.down:
        yield say("down.none")
    for door, span in of.down:
        where = f" · {door}" if len(of.proofs) > 1 else ""
        away = f" · {say('down.away')}: {say.number(span.turned_away)}" if span.turned_away else ""
        yield f"{phrases.down_times(span, of, say)} · {phrases.cause_words(span, say)}{where}{away}"


def _pairs(title: str, pairs: Sequence[tuple[str, str]], none: str) -> Iterator[str]:
    yield from _title(title)
    if not pairs:
        yield none
    for name, value in pairs:
        yield f"{name:<34} {value}"


def _title(words: str) -> Iterator[str]:
    yield ""
    yield words.upper()
