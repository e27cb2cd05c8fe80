"""Phrases of a report that text and HTML share."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from gate.report.figures import AlarmFigures, DownSpan
from gate.report.reason_groups import ReasonGroup
from gate.report.summary import Bounded, Peak, ReasonRow, Summary
from gate.report.wording import NBSP, Wording, clock

UNKNOWN = "–"
_SAME = 0.005  # share: a smaller difference is shown as none
_SHOWN_ORDERS = ("free", "locked_down", "lockdown_switch")  # the others are down times
_GAP = 300.0  # seconds of a day without data that need no words


class NumberPhrase(NamedTuple):
    """One of the four numbers: its name, value, comparison and note."""

    name: str
    value: str
    compared: str
    note: str


def numbers(of: Summary, say: Wording) -> list[NumberPhrase]:
    """Return the four numbers."""
    down = say.duration(of.total.down)
    left = say.number(of.total.left) if of.sees_exits else UNKNOWN
    unknown = say("numbers.refused_note", n=say.number(of.refused_unknown))
    return [
        NumberPhrase(say("numbers.came"), say.number(of.total.came), _compared(of, "came", say), ""),
        NumberPhrase(
            say("numbers.left"),
            left,
            _compared(of, "left", say) if of.sees_exits else "",
            "" if of.sees_exits else say("numbers.left_unknown"),
        ),
        NumberPhrase(say("numbers.refused"), say.number(of.total.refused), _compared(of, "refused", say), unknown),
        NumberPhrase(say("numbers.down"), down, _compared(of, "down", say), ""),
    ]


def _compared(of: Summary, name: str, say: Wording) -> str:
    """Return the number against the usual one: "▲ 12 % (usually 84)"; "" without one."""
    if of.usual is None:
        return ""
    now, usual = getattr(of.total, name), getattr(of.usual, name)
    shown = say.duration(usual) if name == "down" else say.number(usual, 0 if usual >= 10 or usual == int(usual) else 1)
    words = say("numbers.usual", n=shown)
    if usual == 0:
        return words
    share = now / usual - 1
    mark = "=" if abs(share) < _SAME else "▲" if share > 0 else "▼"
    return f"{mark}{NBSP}{say.percent(abs(share))} · {words}" if mark != "=" else f"= {words}"


def title_of_days(of: Summary, say: Wording) -> str:
    if len(of.days) == 1:
        return say.long_date(of.days[0])
    return say("head.days", first=say.short_date(of.days[0]), last=f"{say.short_date(of.days[-1])} {of.days[-1].year}")


def data_words(of: Summary, say: Wording) -> str:
    """Return for how much of the days there are data: "Data for 18 h of 24 h, since 06:10"."""
    if of.begin is None or of.end is None:
        return say("head.no_data")
    words = [say("head.data", ran=say.duration(of.ran), all=say.duration(of.lasted))]
    opened, closed = of.report.days[0], of.report.days[-1]
    if of.begin > _start(opened.day, of) + _GAP:
        words.append(say("head.since", time=clock(of.begin, of.zone)))
    if of.end < _start(closed.day, of) + closed.length - _GAP:
        words.append(say("head.until", time=clock(of.end, of.zone)))
    return ", ".join(words)


def _start(day: str, of: Summary) -> float:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), of.zone).timestamp()


def proofs(of: Summary, say: Wording) -> Iterator[tuple[bool | None, str]]:
    """Yield whether journals are whole, in words; one line where they all are."""
    broken = [proof for proof in of.proofs if proof.whole is False]
    for proof in broken:
        if len(of.proofs) == 1:
            yield False, say("head.altered", n=proof.row)
        else:
            yield False, say("head.altered_door", door=proof.door, n=proof.row)
    for first, last in (gap for proof in of.proofs for gap in proof.lost):
        yield False, say("head.lost", first=first, last=last)
    if not broken:
        whole = all(proof.whole for proof in of.proofs)
        yield (True, say("head.whole")) if whole else (None, say("head.unproven"))


def peak_words(of: Summary, say: Wording) -> Iterator[str]:
    if of.peak:
        yield say("hours.peak", n=say.number(of.peak.many), time=_moment(of.peak, of, say))
    if of.inside:
        yield say("hours.inside", n=say.number(of.inside.many), time=_moment(of.inside, of, say))


def _moment(peak: Peak, of: Summary, say: Wording) -> str:
    at = f"{peak.quarter // 4:02}:{peak.quarter % 4 * 15:02}"
    return at if len(of.days) == 1 else f"{say.short_date(peak.day)}, {at}"


def cell(value: Bounded, say: Wording) -> str:
    """Return a number, or what a masked one may be."""
    if value.least == value.most:
        return say.number(value.least)
    return f"<{value.most + 1}" if value.least <= 1 else f"{say.number(value.least)}–{say.number(value.most)}"


def entered(row: ReasonRow, say: Wording) -> str:
    """Return the share of the refused who entered within five minutes, where their persons are known."""
    if row.known.most == 0 or row.known.least != row.known.most or row.entered.least != row.entered.most:
        return UNKNOWN
    return say.percent(row.entered.least / row.known.least)


def total_of(rows: tuple[ReasonRow, ...]) -> Bounded:
    return Bounded(sum(row.tries.least for row in rows), sum(row.tries.most for row in rows))


def group_words(group: ReasonGroup, say: Wording) -> tuple[str, str]:
    """Return the name of a group of reasons, and what helps."""
    return say(f"why.{group}"), say(f"why.{group}_advice")


def reason_name(reason: str, say: Wording) -> str:
    return say.texts.get(f"reasons.{reason}", reason)


def cause_words(span: DownSpan, say: Wording) -> str:
    """Return why the gate did not work."""
    if span.cause != "device":
        return say.known("down", span.cause)
    kind, _, number = span.part.rstrip("]").partition("[")
    known = say.texts.get(f"parts.{kind}")
    return say("down.device", part=known.format(n=int(number or 0) + 1) if known else span.part)


def down_times(span: DownSpan, of: Summary, say: Wording) -> str:
    """Return begin, end and length: "14:02–14:30 · 28 min"."""
    begin, end = (datetime.fromtimestamp(at, of.zone) for at in (span.begin, span.end))
    first = "" if len(of.days) == 1 else f"{say('dates.tiny', day=begin.day, month=f'{begin.month:02}')} "
    until = "24:00" if end.strftime("%H:%M") == "00:00" and end > begin else end.strftime("%H:%M")
    return f"{first}{begin:%H:%M}–{until} · {say.duration(span.end - span.begin)}"


def quality(of: Summary, say: Wording) -> list[tuple[str, str]]:
    """Return the rows of quality: name and value."""
    opened = [say("quality.seconds", n=say.number(each, 2)) for each in of.opened] if of.opened else [UNKNOWN] * 2
    return [
        (say("quality.opened"), opened[0]),
        (say("quality.slowest"), opened[1]),
        (say("quality.tries"), UNKNOWN if of.tries is None else say.number(of.tries, 2)),
        (say("quality.list_age"), UNKNOWN if of.list_age is None else say.duration(max(0.0, of.list_age))),
        (say("quality.unseen"), UNKNOWN if of.unseen is None else say.percent(of.unseen)),
    ]


def staff_lines(of: Summary, say: Wording, most: int) -> list[tuple[str, str]]:
    """Return the acts of staff, the orders and alarms: name and value; `most`: of members of staff."""
    return [*let_in_words(of, say, most), *order_lines(of, say), *act_words(of, say)]


def let_in_words(of: Summary, say: Wording, most: int) -> list[tuple[str, str]]:
    """Return whom staff let in, by cause and by member: name and value."""
    total = sum(sum(why.values()) for why in of.let_in.values())
    if not total:
        return []
    causes: dict[str, int] = {}
    for why in of.let_in.values():
        for name, many in why.items():
            causes[name] = causes.get(name, 0) + many
    by_cause = ", ".join(
        f"{say.known('because', name)} {say.number(many)}"
        for name, many in sorted(causes.items(), key=lambda item: -item[1])
    )
    people = [(actor or say("staff.nobody"), sum(why.values())) for actor, why in of.let_in.items()]
    by_person = ", ".join(say("staff.who", actor=actor, n=say.number(many)) for actor, many in people[:most])
    further = f", {say('staff.more', n=len(people) - most)}" if len(people) > most else ""
    return [(say("staff.admitted"), f"{say.number(total)}: {by_cause}"), ("", by_person + further)]


def order_lines(of: Summary, say: Wording) -> list[tuple[str, str]]:
    """Return orders of staff and alarms: name, and how often and how long."""
    orders = [order for order in of.orders if order.mode in _SHOWN_ORDERS]
    lines = [(say(f"staff.{order.mode}"), _times(order.many, order.longest, say)) for order in orders]
    return lines + [
        (say.known("alarms", name), _times(each.many, each.longest, say)) for name, each in _sorted(of.alarms)
    ]


def act_words(of: Summary, say: Wording) -> list[tuple[str, str]]:
    """Return the other acts of staff: one name and value, or none."""
    acts = sorted(of.acts.items(), key=lambda item: -item[1])
    words = ", ".join(f"{say.known('acts', name)} {say.number(many)}" for name, many in acts)
    return [(say("staff.acts"), words)] if words else []


def _sorted(alarms: dict[str, AlarmFigures]) -> list[tuple[str, AlarmFigures]]:
    return sorted(alarms.items(), key=lambda item: (-item[1].many, item[0]))


def _times(many: int, longest: float, say: Wording) -> str:
    return say("staff.longest", n=many, time=say.duration(longest))


def pilot_words(of: Summary, say: Wording) -> str:
    """Return how many a pilot would have kept out, and when most of them."""
    would = total_of(of.would_refuse)
    if would.most == 0:
        return say("pilot.none")
    hours = [hour.would_refuse.most for hour in of.hours]
    most = hours.index(max(hours))
    count = say("pilot.count", n=cell(would, say), all=say.number(of.total.came))
    return f"{count}. {say('pilot.when', time=f'{most:02}–{most + 1:02}')}"
