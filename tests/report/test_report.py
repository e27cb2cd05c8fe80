"""`gate report` as a manager uses it: what it shows of one journal, in each form and language."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gate.cli.report import report
from gate.core.journal_event import JournalEvent
from gate.core.language import LANGUAGES
from gate.core.reason import ADMITTING, Reason
from gate.report.phrases import reason_name
from gate.report.reason_groups import ReasonGroup, group_of
from gate.report.wording import NBSP, wording
from gate.store import segments
from gate.store.journal import JournalRow
from tests.commands.inside import invoke
from tests.report.journals import DAY, PILOT, at, decision, note, passage, write

CONFIG = """
[device]
id = "ala-1"
state_dir = "{state}"
[venue]
id = "gym"
category = "fitness"
zone = "almaty"
timezone = "Asia/Almaty"
[[reader]]
driver = "fake"
"""
STARTED = (note(at(0) - 1000, JournalEvent.GATE, "started"), False)


def configured(folder: Path, rows: list[tuple[JournalRow, bool]], name: str = "state") -> Path:
    write(folder / name, rows)
    file = folder / f"{name}.toml"
    file.write_text(CONFIG.format(state=folder / name))
    return file


def run(config: Path, *options: str) -> str:
    done = invoke(report, ["--config", str(config), "--day", DAY.isoformat(), *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def shown(config: Path, language: str = "en") -> str:
    return run(config, "--lang", language).replace(NBSP, " ")


def refusals(reason: str, many: int, hour: float, **columns: object) -> list[tuple[JournalRow, bool]]:
    """Refusals of as many persons within one hour."""
    return [
        (decision(at(hour) + number * 1000, reason, holder=f"{reason}{number:030}", **columns), False)
        for number in range(many)
    ]


def test_down_times_say_why_and_how_many_were_turned_away(tmp_path: Path) -> None:
    rows = [
        STARTED,
        (note(at(14), JournalEvent.DEVICE, "lost: no answer", reader="barrier"), False),
        *refusals("device_failed", 6, 14.1),
        (note(at(14.5), JournalEvent.DEVICE, "back", reader="barrier"), False),
        (note(at(15), JournalEvent.MODE, "maintenance on", actor="desk tech"), False),
        (note(at(15.25), JournalEvent.MODE, "maintenance off", actor="desk tech"), False),
        (note(at(18), JournalEvent.GATE, "stopped"), False),
        (note(at(18.5), JournalEvent.GATE, "started"), False),
        (note(at(22.75), JournalEvent.ALARM, "held_open"), False),
        (note(at(23), JournalEvent.GATE, "started"), False),  # and nothing said that it stopped
    ]
    text = shown(configured(tmp_path, rows))
    assert "14:00–14:30 · 30 min · lost: barrier · Turned away: 6" in text
    assert "15:00–15:15 · 15 min · maintenance" in text
    assert "18:00–18:30 · 30 min · switched off" in text
    assert "22:45–23:00 · 15 min · no power, or broken off" in text
    assert "Not working        1 h 30 min" in text
    assert "Data for 23 h 15 min of 24 h" in text


def test_a_small_group_is_shown_by_status_in_no_form(tmp_path: Path) -> None:
    few, enough = refusals("not_listed", 4, 9), refusals("status_not_admitted", 7, 10)
    config = configured(tmp_path, [STARTED, *few, *enough, *refusals("expired", 3, 11)])
    text = shown(config)
    assert [line.split()[-3:] for line in text.splitlines() if "Not on the list" in line] == [["<5", "<5", "–"]]
    assert [line.split()[-3:-1] for line in text.splitlines() if "Status not admitted" in line] == [["7", "7"]]
    assert [line.split()[-3:-1] for line in text.splitlines() if "Expired" in line] == [["3", "3"]]
    table = list(csv.DictReader(io.StringIO(run(config, "--csv").lstrip("\ufeff")), delimiter=";"))
    assert {row["reason"]: row["number"] for row in table if row["what"] == "refused"} == {
        "not_listed": "<5",
        "status_not_admitted": "7",
        "expired": "3",
    }
    (day,) = json.loads(run(config, "--json"))["days"]
    listed = day["figures"]["refused"]["not_listed"]
    assert (listed["tries"], listed["persons"], listed["by_hour"][9]) == (None, "<5", "<5")
    run(config, "--html", str(page := tmp_path / "page.html"))
    assert "&lt;5" in page.read_text()


def test_a_changed_row_is_named_and_the_figures_are_shown_all_the_same(tmp_path: Path) -> None:
    config = configured(tmp_path, [STARTED, *refusals("expired", 5, 9), *refusals("expired", 3, 12)])
    assert "Journal whole" in shown(config)
    with closing(sqlite3.connect(tmp_path / "state" / "lane.db")) as connection, connection:
        connection.execute("UPDATE journal SET reason = 'admitted' WHERE seq = 4")
    for language, words in (
        ("en", "Journal altered at row 4"),
        ("ru", "Журнал изменён в строке 4"),
        ("kk", "Журнал 4-жолда өзгертілген"),
    ):
        text = shown(config, language)
        assert words in text
        assert f" {7} " in text.replace(NBSP, " ")
    run(config, "--html", str(page := tmp_path / "page.html"))
    assert 'class="watermark"' in page.read_text()


def test_a_long_journal_is_proved_beside_its_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "ROWS", 20)
    monkeypatch.setattr(segments, "STAY", 5)
    rows = [STARTED, *refusals("expired", 90, 9)]
    config = configured(tmp_path, rows)
    assert len(segments.segments(tmp_path / "state")) > 1
    assert "Journal whole" in shown(config)
    sealed = segments.segments(tmp_path / "state")[1]
    sealed.chmod(0o600)
    with closing(sqlite3.connect(sealed)) as connection, connection:
        connection.execute("UPDATE journal SET reason = 'admitted' WHERE seq = 33")
    assert "Journal altered at row 33" in shown(config)


def test_a_day_without_data_and_a_part_of_a_day_say_so(tmp_path: Path) -> None:
    begun = (note(at(6) + 600_000, JournalEvent.GATE, "started"), False)
    config = configured(tmp_path, [begun, (decision(at(7), "admitted", holder="a" * 32), True)])
    assert "Data for 17 h 50 min of 24 h, since 06:10" in shown(config)
    before = (DAY - timedelta(days=1)).isoformat()
    for language, words in (("en", "No data for this day"), ("ru", "За этот день данных нет"), ("kk", "Бұл күні")):
        done = invoke(report, ["--config", str(config), "--day", before, "--lang", language])
        assert words in done.stdout
        page = tmp_path / f"{language}.html"
        invoke(report, ["--config", str(config), "--day", before, "--lang", language, "--html", str(page)])
        assert words in page.read_text()


def test_who_came_back_within_five_minutes_is_told_from_who_did_not(tmp_path: Path) -> None:
    def visit(number: int, seconds: float) -> list[tuple[JournalRow, bool]]:
        moment, who = at(9) + number * 3_600_000, f"{number:032}"
        entered = moment + round(seconds * 1000)
        return [
            (decision(moment, "presentation_stale", holder=who), False),
            (decision(entered, "admitted", holder=who), True),
            (passage(entered + 900, 3 * number + 3, us=300_000), False),
        ]

    rows = [STARTED, *visit(0, 20), *visit(1, 300), *visit(2, 300.001), *visit(3, 3000)]
    text = shown(configured(tmp_path, rows))
    assert next(line for line in text.splitlines() if "Screenshot" in line).split()[-3:] == ["4", "4", "50%"]
    assert next(line for line in text.splitlines() if "Codes shown" in line).split()[-1] == "1.50"
    assert next(line for line in text.splitlines() if "median" in line).split()[-2:] == ["0.30", "s"]


def test_a_pilot_shows_who_would_have_been_kept_out(tmp_path: Path) -> None:
    rows: list[tuple[JournalRow, bool]] = [STARTED]
    for row, _ in refusals("expired", 6, 18, mode=PILOT):
        rows.append((row, True))
    rows.append((decision(at(19), "admitted", mode=PILOT, holder="b" * 32), True))
    text = shown(configured(tmp_path, rows))
    assert "PILOT: WHO WOULD HAVE BEEN KEPT OUT" in text
    assert "6 of 7 who came. Most at 18–19" in text
    assert "Nobody was refused" in text


def test_staff_orders_and_alarms_are_listed(tmp_path: Path) -> None:
    rows = [STARTED]
    for number, (why, actor) in enumerate(
        [("no_phone", "desk guard-07"), ("no_phone; twins", "desk guard-07"), ("", "uid 1000 aigul")]
    ):
        rows.append((decision(at(10) + number, "staff_admitted", actor=actor, detail=why, reader="staff"), True))
    rows += [
        (note(at(11), JournalEvent.MODE, "free on", actor="desk chief"), False),
        (note(at(11.5), JournalEvent.MODE, "free off", actor="desk chief"), False),
        (note(at(12), JournalEvent.ALARM, "held_open"), False),
        (note(at(12.1), JournalEvent.ALARM, "held_open over"), False),
        (note(at(13), JournalEvent.STAFF, "staff_check not_listed", actor="desk guard-07"), False),
    ]
    text = shown(configured(tmp_path, rows))
    assert "3: no phone 2, other 1" in text
    assert "desk guard-07: 2, uid 1000 aigul: 1" in text
    assert "Stood free                         1×, the longest 30 min" in text
    assert "Door held open                     1×, the longest 6 min" in text
    assert "IIN check 1" in text


def test_the_same_weekday_of_earlier_weeks_is_the_comparison(tmp_path: Path) -> None:
    rows: list[tuple[JournalRow, bool]] = [(note(at(-24 * 28.5), JournalEvent.GATE, "started"), False)]
    for week, many in ((4, 10), (3, 20), (2, 30), (1, 20), (0, 30)):
        moments = (at(9, DAY - timedelta(weeks=week)) + number * 1000 for number in range(many))
        rows += [(decision(moment, "admitted", holder="c" * 32), True) for moment in moments]
    text = shown(configured(tmp_path, rows))
    assert "▲ 50% · usually 20" in next(line for line in text.splitlines() if line.startswith("Came"))


def test_the_csv_opens_in_excel_of_a_russian_locale(tmp_path: Path) -> None:
    formula = (note(at(11), JournalEvent.MODE, "free on", actor="=1+1"), False)
    config = configured(tmp_path, [STARTED, (decision(at(9.5), "admitted", holder="d" * 32), True), formula])
    text = run(config, "--csv")
    assert text.startswith("\ufefftime;day;hour;door;what;")
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff")), delimiter=";"))
    came = next(row for row in rows if row["what"] == "came")
    assert datetime.fromisoformat(came["time"]).isoformat() == f"{DAY}T09:00:00+05:00"
    assert next(row for row in rows if row["what"] == "order")["detail"] == "'=1+1"


def test_two_doors_are_merged_by_their_json(tmp_path: Path) -> None:
    rows = [STARTED, *[(decision(at(9) + n, "admitted", holder="e" * 32), True) for n in range(5)]]
    left, right = configured(tmp_path, rows, "left"), configured(tmp_path, rows, "right")
    right.write_text(right.read_text().replace("ala-1", "ala-2"))
    (tmp_path / "ala-2.json").write_text(run(right, "--json"))
    text = run(left, "--lang", "en", "--merge", str(tmp_path / "ala-2.json"))
    assert "gym · ala-1, ala-2" in text
    assert next(line for line in text.splitlines() if line.startswith("Came")).split()[1] == "10"
    twice = ["--config", str(left), "--day", DAY.isoformat(), "--merge", str(tmp_path / "ala-2.json")]
    done = invoke(report, [*twice, "--merge", str(tmp_path / "ala-2.json")])
    assert "ala-2 is in two of the reports" in str(done.exception)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{}", "is no report of a gate"),
        (b'{"seq": "x"}\n', "is no row of a journal"),
        (b"\xff\xfe\x00", "is no row of a journal"),
        (b"a;b\n1;2\n", "is no row of a journal"),
    ],
)
def test_a_file_that_is_no_report_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    (file := tmp_path / "other").write_bytes(content)
    config = configured(tmp_path, [STARTED])
    done = invoke(report, ["--config", str(config), "--day", DAY.isoformat(), "--merge", str(file)])
    assert words in str(done.exception)
    assert str(file) in str(done.exception)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_a_name_and_a_group(language: str) -> None:
    say = wording(language)
    for reason in Reason:
        assert reason_name(reason, say) != reason
        assert group_of(reason) in ReasonGroup
    assert group_of("of a later release") is ReasonGroup.GATE
    assert {group_of(reason) for reason in set(Reason) - ADMITTING} == set(ReasonGroup)


@pytest.mark.parametrize(
    ("language", "number", "share", "time", "day"),
    [
        ("kk", "12 345,6", "78 %", "1 сағ 12 мин", "2026 ж. 27 қараша, жұма"),
        ("ru", "12 345,6", "78 %", "1 ч 12 мин", "Пятница, 27 ноября 2026 г."),
        ("en", "12,345.6", "78%", "1 h 12 min", "Friday, 27 November 2026"),
    ],
)
def test_numbers_are_written_as_the_language_does(language: str, number: str, share: str, time: str, day: str) -> None:
    say = wording(language)
    assert say.number(12345.6, 1).replace(NBSP, " ") == number
    assert say.percent(0.78).replace(NBSP, " ") == share
    assert say.duration(72 * 60 + 3).replace(NBSP, " ") == time
    assert say.long_date(DAY) == day
