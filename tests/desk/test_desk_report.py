"""`/desk/report`: the supervisor's alone, of the files that a timer made."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gate.core.journal_event import JournalEvent
from gate.core.language import LANGUAGES
from gate.report.keeping import REPORTS, keep
from gate.report.making import ReportedDoor, make
from gate.report.wording import wording
from tests.desk.rig import RunningDesk, browser, running_desk
from tests.report.journals import ALMATY, DAY, at, decision, note, write


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    folder = tmp_path_factory.mktemp("desk")
    keep_reports(folder)
    with running_desk(folder) as running:
        yield running


def keep_reports(folder: Path) -> None:
    rows = [(note(at(-24), JournalEvent.GATE, "started"), False)]
    for day in (DAY - timedelta(days=1), DAY):
        rows += [(decision(at(9, day) + number, "admitted", holder="a" * 32), True) for number in range(7)]
        rows += [(decision(at(10, day) + number, "not_listed", holder=f"{number:032}"), False) for number in range(3)]
    write(folder / "journal", rows)
    (reports := folder / "state" / REPORTS).mkdir(parents=True)
    door = ReportedDoor("ala-t2", "ala-t2-07", ALMATY, folder / "journal")
    for day in (DAY - timedelta(days=1), DAY):
        keep(reports, make(door, [day], at(30) / 1000), "ru")


def parts_of(element: Any) -> tuple[set[str], set[str]]:
    """The texts and the names of attributes in an element."""
    if isinstance(element, str):
        return {element}, set()
    _, attributes, contents = element
    parts = [parts_of(each) for each in contents]
    return set().union(*(texts for texts, _ in parts)), set(attributes).union(*(names for _, names in parts))


def test_the_supervisor_sees_a_day_and_a_week_in_each_language(desk: RunningDesk) -> None:
    with browser(desk) as chief:
        chief.sign_in("chief")
        for language in LANGUAGES:
            answer = chief.get(f"report?day={DAY}&lang={language}").json()
            texts, attributes = parts_of(answer["sheet"])
            assert {wording(language)("numbers.came"), "7", "<5"} <= texts
            assert "viewBox" in attributes
            assert "style" not in attributes  # the page forbids it
        week = chief.get(f"report?day={DAY}&days=7&lang=en").json()
        assert "14" in parts_of(week["sheet"])[0]
        assert "not_listed;status;<5" in chief.get(f"report_csv?day={DAY}").json()["csv"]
        assert "sheet" not in chief.get("report?day=2020-01-01&lang=en").json()
        page = chief.client.get("/desk/report")
        assert page.status_code == 200
        assert "report_sheet.css" in chief.client.get("/desk/static/report.css").text
        assert chief.client.get("/desk/static/report_sheet.css").status_code == 200


@pytest.mark.parametrize("user", ["guard-07", "tech"])
def test_nobody_else_does(desk: RunningDesk, user: str) -> None:
    with browser(desk) as other:
        other.sign_in(user)
        assert other.client.get("/desk/report").status_code == 403
        for call in (f"report?day={DAY}&lang=en", f"report_csv?day={DAY}"):
            assert other.get(call).json() == {"ok": False, "code": "not_allowed"}


@pytest.mark.parametrize("query", ["", "day=x&lang=en", "day=2026-11-27&lang=de", "day=2026-11-27&days=9999&lang=en"])
def test_a_malformed_question_is_refused(desk: RunningDesk, query: str) -> None:
    with browser(desk) as chief:
        chief.sign_in("chief")
        assert chief.get(f"report?{query}").json() == {"ok": False, "code": "malformed"}
