"""The report on paper: the fullest day and week, in each language, on one page of A4."""

import base64
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from gate.core.journal_event import JournalEvent
from gate.core.lane.modes import Alarm
from gate.core.language import LANGUAGES
from gate.core.reason import ADMITTING, Reason
from gate.report.as_html import as_page
from gate.report.figures import DoorProof, GateReport
from gate.report.making import ReportedDoor, make
from gate.report.summary import summarise
from gate.report.wording import wording
from gate.store.journal import JournalRow
from tests.report.journals import ALMATY, DAY, PILOT, at, decision, note, write

pytestmark = pytest.mark.browser
DAYS = [DAY - timedelta(days=back) for back in range(6, -1, -1)]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> GateReport:
    """Each reason, in a pilot too, each cause of a down time, each alarm, much staff; and a broken journal."""
    rows: list[tuple[JournalRow, bool]] = [(note(at(0, DAYS[0]), JournalEvent.GATE, "started"), False)]
    for day in DAYS:
        rows += of_a_day(partial(at, day=day))
    write(state := tmp_path_factory.mktemp("full") / "state", sorted(rows, key=lambda row: row[0].at))
    made = make(ReportedDoor("fitness-center-abay-almaty", "ala-abay-left-07", ALMATY, state), DAYS, at(30) / 1000)
    made.doors = [DoorProof("ala-abay-left-07", False, 38_923, lost=[(120, 4_711)])]
    return made


def of_a_day(at: Callable[[float], int]) -> list[tuple[JournalRow, bool]]:
    rows: list[tuple[JournalRow, bool]] = []
    for number, reason in enumerate(sorted(set(Reason) - ADMITTING - {Reason.VERIFIED})):
        for person in range(3 + number % 7):
            who = f"{number}-{person:030}"
            rows.append((decision(at(7) + 500_000 * number + person, reason, holder=who), False))
            rows.append((decision(at(7.1) + 500_000 * number + person, reason, holder=who, mode=PILOT), True))
    for hour in range(24):
        rows += [(decision(at(hour) + number, "admitted", holder=f"{number:032}"), True) for number in range(40)]
    for number in range(12):
        moment = at(8 + number)
        rows += [
            (note(moment, JournalEvent.DEVICE, "lost: no answer", reader=("barrier", "input[3]")[number % 2]), False),
            (note(moment + 60_000, JournalEvent.DEVICE, "back", reader=("barrier", "input[3]")[number % 2]), False),
            (note(moment + 120_000, JournalEvent.MODE, "maintenance on"), False),
            (note(moment + 180_000, JournalEvent.MODE, "maintenance off"), False),
            (
                decision(
                    moment, "staff_admitted", actor=f"uid 1{number:03} aigerim, by Айгерім", detail=CAUSES[number % 5]
                ),
                True,
            ),
        ]
    for number, alarm in enumerate(Alarm):
        rows.append((note(at(20) + number * 1000, JournalEvent.ALARM, alarm), False))
        rows.append((note(at(20) + number * 90_000 + 20_000, JournalEvent.ALARM, f"{alarm} over"), False))
    for mode in ("free", "locked_down", "lockdown switch"):
        rows += [
            (note(at(22), JournalEvent.MODE, f"{mode} on"), False),
            (note(at(23), JournalEvent.MODE, f"{mode} off"), False),
        ]
    for what in ("signed_in", "signed_out", "locked_out", "staff_check not_listed"):
        rows.append((note(at(12), JournalEvent.STAFF, what, actor="desk guard-07"), False))
    return rows


CAUSES = ("no_phone", "flat_battery", "wrong_refusal", "staff_or_delivery", "other")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("many", [1, 7])
def test_it_prints_on_one_page_and_nothing_is_cut(
    chrome: Chrome, report: GateReport, tmp_path: Path, language: str, many: int
) -> None:
    shown = GateReport(report.venue, report.timezone, report.made, report.doors, report.days[-many:])
    (file := tmp_path / "report.html").write_text(as_page(summarise(shown), wording(language)))
    chrome.get(file.as_uri())
    printed = chrome.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
    pdf = base64.b64decode(printed["data"])
    (width, height), *_ = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert (round(float(width)), round(float(height))) == (595, 842)  # points: A4
    assert re.findall(rb"/Count\s+(\d+)", pdf) == [b"1"]
    wide = chrome.execute_script(
        "const cells = [...document.querySelectorAll('.report *')];"
        "return cells.filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth).map(e => e.textContent)"
    )
    assert wide == []
