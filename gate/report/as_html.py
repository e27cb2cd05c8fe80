"""A report as HTML: a fragment for the desk, or a page of its own that prints on one A4."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

from gate.report import charts, phrases
from gate.report.charts import Bar
from gate.report.markup import Markup, joined, tag
from gate.report.reason_groups import ReasonGroup
from gate.report.summary import ReasonRow, Summary
from gate.report.wording import Wording

_CHART_DAYS = 31


@dataclass(frozen=True, slots=True)
class SheetLimits:
    """Rows that a page of A4 holds, with the longest texts of the three languages (tests/browser measures them)."""

    reasons: Mapping[ReasonGroup, int]
    down: int
    staff: int  # members who are named
    lines: int  # of orders and alarms
    tall: float  # px of the picture, of a chart


_ROOMY = SheetLimits({ReasonGroup.PERSON: 9, ReasonGroup.STATUS: 3, ReasonGroup.GATE: 6}, 7, 4, 10, 140.0)
_TIGHT = SheetLimits({ReasonGroup.PERSON: 6, ReasonGroup.STATUS: 3, ReasonGroup.GATE: 5}, 4, 3, 5, 80.0)
_PILOT_REASONS = 4


def css() -> str:
    """Return the style sheet of a fragment."""
    return files("gate.report").joinpath("report.css").read_text()


def as_page(of: Summary, say: Wording) -> str:
    """Return a page that needs no other file."""
    title = f"{say('head.title')} · {of.report.venue} · {phrases.title_of_days(of, say)}"
    head = joined(
        Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        tag("title", title),
        tag("style", Markup(css())),
    )
    body = tag("body", as_fragment(of, say))
    return f"<!doctype html>\n{tag('html', tag('head', head), body, lang=say.language)}\n"


def as_fragment(of: Summary, say: Wording) -> Markup:
    """Return the report as an element, to be styled by `css`."""
    parts: list[Markup] = [_head(of, say)]
    if of.is_broken:
        words = " · ".join(words for whole, words in phrases.proofs(of, say) if whole is False)
        parts.append(tag("p", words, class_="watermark", role="alert"))
    if of.begin is None:
        parts.append(tag("p", say("head.no_data"), class_="empty"))
        return tag("article", *parts, class_="report", lang=say.language)
    left = [_pilot(of, say)] if of.is_pilot else []
    left.append(_why(of, say))
    right = [_down(of, say), _staff(of, say), _quality(of, say)]
    parts += [_numbers(of, say), charts.hatch(), *_charts(of, say)]
    parts.append(tag("div", tag("div", *left), tag("div", *right), class_="columns"))
    return tag("article", *parts, class_="report", lang=say.language)


def _head(of: Summary, say: Wording) -> Markup:
    doors = ", ".join(proof.door for proof in of.proofs)
    left = tag(
        "div",
        tag("h1", f"{say('head.title')}: {of.report.venue}"),
        tag("p", phrases.title_of_days(of, say), class_="days"),
        tag("p", doors, class_="note"),
    )
    marks = {True: ("✓", "proof"), False: ("✗", "proof bad"), None: ("–", "proof none")}
    proofs = [
        tag("p", f"{words} {marks[whole][0]}", class_=marks[whole][1]) for whole, words in phrases.proofs(of, say)
    ]
    made = datetime.fromtimestamp(of.report.made, of.zone)
    facts = tag(
        "div",
        *proofs[:3],
        tag("p", phrases.data_words(of, say)),
        tag("p", f"{say('head.made', time=f'{made:%Y-%m-%d %H:%M}')} · {say('head.zone', zone=of.report.timezone)}"),
        class_="facts",
    )
    return tag("header", left, facts, class_="head")


def _numbers(of: Summary, say: Wording) -> Markup:
    boxes = [
        tag(
            "div",
            tag("h3", number.name),
            tag("b", number.value),
            *(tag("small", words) for words in (number.compared, number.note) if words),
            class_="number",
        )
        for number in phrases.numbers(of, say)
    ]
    return tag("div", *boxes, class_="numbers")


def _charts(of: Summary, say: Wording) -> Iterator[Markup]:
    came, refused = say("hours.came"), say("hours.refused")
    hours = [
        Bar(
            f"{number:02}",
            hour.came,
            hour.refused.most,
            f"{number:02}:00: {came} {hour.came}, {refused} {phrases.cell(hour.refused, say)}",
        )
        for number, hour in enumerate(of.hours)
    ]
    words = [tag("span", each) for each in phrases.peak_words(of, say)]
    foot = tag("p", charts.key(came, refused), *words, class_="key")
    yield tag("section", tag("h2", say("hours.title")), charts.bars(hours, say("hours.title"), _limits(of).tall), foot)
    if 1 < len(of.days) <= _CHART_DAYS:
        days = [
            Bar(
                f"{say.weekday(day)} {day.day}" if len(of.days) <= 14 else str(day.day),
                many,
                persons,
                f"{say.short_date(day)}: {came} {many}, {refused} {persons}",
            )
            for day, (many, persons) in of.by_day.items()
        ]
        yield tag("section", tag("h2", say("hours.by_day")), charts.bars(days, say("hours.by_day"), _limits(of).tall))


def _limits(of: Summary) -> SheetLimits:
    """Return the limits of a page: with a second chart, a pilot or a broken journal there is less room."""
    return _TIGHT if len(of.days) > 1 or of.is_pilot or of.is_broken else _ROOMY


def _why(of: Summary, say: Wording) -> Markup:
    title = tag("h2", say("why.title"))
    if not any(of.reasons.values()):
        return tag("section", title, tag("p", say("why.none")))
    rows = [_heads(say)]
    for group in ReasonGroup:
        if kinds := of.reasons[group]:
            name, advice = phrases.group_words(group, say)
            total = phrases.cell(phrases.total_of(kinds), say)
            advised = tag("td", tag("small", advice), colspan="2", class_="advice")
            rows.append(tag("tr", tag("td", name), tag("td", total, class_="n"), advised, class_="group"))
            rows += _reasons(kinds, _limits(of).reasons[group], say)
    small = any(row.tries.least != row.tries.most for kinds in of.reasons.values() for row in kinds)
    note = [tag("p", say("why.small"), class_="note")] if small else []
    return tag("section", title, tag("table", *rows), *note)


def _heads(say: Wording) -> Markup:
    names = [tag("th", say(f"why.{name}"), class_="n", scope="col") for name in ("tries", "persons", "entered")]
    return tag("tr", tag("th", say("why.reason"), scope="col"), *names)


def _reasons(kinds: tuple[ReasonRow, ...], most: int, say: Wording) -> Iterator[Markup]:
    shown = kinds if len(kinds) <= most else kinds[: most - 1]
    for row in shown:
        persons = phrases.cell(row.persons, say) if row.persons.most else phrases.UNKNOWN
        values = (phrases.cell(row.tries, say), persons, phrases.entered(row, say))
        yield tag("tr", tag("td", phrases.reason_name(row.reason, say)), *(tag("td", v, class_="n") for v in values))
    if rest := kinds[len(shown) :]:
        tries = phrases.cell(phrases.total_of(rest), say)
        yield tag(
            "tr", tag("td", say("why.other", n=len(rest))), tag("td", tries, class_="n"), tag("td", "", colspan="2")
        )


def _pilot(of: Summary, say: Wording) -> Markup:
    rows = [_heads(say), *_reasons(of.would_refuse, _PILOT_REASONS, say)] if of.would_refuse else []
    table = [tag("table", *rows)] if rows else []
    return tag("section", tag("h2", say("pilot.title")), tag("p", phrases.pilot_words(of, say)), *table)


def _down(of: Summary, say: Wording) -> Markup:
    title = tag("h2", say("down.title"))
    if not of.down:
        return tag("section", title, tag("p", say("down.none")))
    longest = sorted(of.down, key=lambda row: row[1].begin - row[1].end)[: _limits(of).down]
    rows = [
        tag(
            "tr",
            tag("th", say("down.from_to"), scope="col"),
            tag("th", say("down.cause"), scope="col"),
            tag("th", say("down.away"), class_="n", scope="col"),
        )
    ]
    for door, span in sorted(longest, key=lambda row: row[1].begin):
        where = f"{door}: " if len(of.proofs) > 1 else ""
        rows.append(
            tag(
                "tr",
                tag("td", phrases.down_times(span, of, say)),
                tag("td", where, phrases.cause_words(span, say)),
                tag("td", say.number(span.turned_away), class_="n"),
            )
        )
    rest = [span for _, span in of.down if all(span is not shown for _, shown in longest)]
    time = say.duration(sum(span.end - span.begin for span in rest))
    note = [tag("p", say("down.more", n=len(rest), time=time), class_="note")] if rest else []
    return tag("section", title, tag("table", *rows), *note)


def _staff(of: Summary, say: Wording) -> Markup:
    limits = _limits(of)
    words = [
        tag("p", tag("b", f"{name} "), value) if name else tag("p", value)
        for name, value in phrases.let_in_words(of, say, limits.staff)
    ]
    lines = phrases.order_lines(of, say)
    rows = [tag("tr", tag("td", name), tag("td", value, class_="n")) for name, value in lines[: limits.lines]]
    table = [tag("table", *rows)] if rows else []
    acts = [tag("p", tag("b", f"{name} "), value) for name, value in phrases.act_words(of, say)]
    body = [*words, *table, *acts] or [tag("p", say("staff.none"))]
    return tag("section", tag("h2", say("staff.title")), *body, class_="staff")


def _quality(of: Summary, say: Wording) -> Markup:
    rows = [tag("tr", tag("td", name), tag("td", value, class_="n")) for name, value in phrases.quality(of, say)]
    return tag("section", tag("h2", say("quality.title")), tag("table", *rows))
