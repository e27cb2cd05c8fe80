"""What one reader says to the lane: by its name, restored where that is certain, and counted where it is not."""

from typing import Any

import pytest

from gate.core.coaching import Hint
from gate.core.model import Direction, Scan
from gate.lane.intake import AGAIN_AFTER, REPORT_EVERY, Intake
from gate.ports.reader import Answer, Coaching, Dropped, Looked
from tests.log_lines import captured_lines


class Ear:
    def __init__(self) -> None:
        self.heard: list[Scan | Looked | Coaching] = []
        self.losses: list[tuple[str, str, int]] = []

    def present(self, scan: Scan) -> Answer | None:
        self.heard.append(scan)
        return Answer.DECIDED

    def looked(self, looked: Looked) -> None:
        self.heard.append(looked)

    def dropped(self, name: str, drop: Dropped, count: int) -> None:
        self.losses.append((name, drop.what, count))

    def coach(self, coaching: Coaching) -> None:
        self.heard.append(coaching)


class Site:
    def __init__(self) -> None:
        self.now = 0.0
        self.lane = Ear()
        self.intake = Intake("reader[1]", self.lane, lambda: self.now)

    def texts(self) -> list[str]:
        return [heard.text for heard in self.lane.heard if isinstance(heard, Scan)]


@pytest.fixture
def site() -> Site:
    return Site()


def scan(text: str) -> Scan:
    return Scan(text, "serial_scanner", Direction.ENTRY, 1.0)


def logged(site: Site, *seen: Scan | Looked | Dropped) -> list[dict[str, Any]]:
    with captured_lines() as lines:
        for one in seen:
            site.intake.present(one)
    return lines


def test_a_reader_speaks_by_its_name(site: Site) -> None:
    assert site.intake.present(scan("AQ1:A")) is Answer.DECIDED
    assert site.intake.present(Looked("camera", 1.0, 2)) is None
    assert site.intake.present(Coaching("camera", 1.0, Hint.CLOSER)) is None
    assert {heard.reader for heard in site.lane.heard} == {"reader[1]"}


def test_a_scanner_that_changes_passes_is_understood_and_said_once(site: Site) -> None:
    lines = logged(site, scan("]Q1AQ1:A"), scan("]Q1AQ1:B"), scan("https://menu.example"), scan("aq1:c"))
    assert site.texts() == ["AQ1:A", "AQ1:B", "https://menu.example", "AQ1:C"]
    assert [(line["event"], line["problem"], line["device"]) for line in lines] == [
        ("the scanner changes passes", "with 3 signs before it", "reader[1]"),
        ("the scanner changes passes", "in small letters", "reader[1]"),
    ]
    assert "AQ1" not in str(lines)


def test_what_a_camera_decodes_is_exact(site: Site) -> None:
    lines = logged(site, Looked("camera", 0.0, 0), scan("#AQ1:A"))
    assert site.texts() == ["#AQ1:A"]
    assert lines == []


def test_what_is_dropped_is_said_now_and_then_with_its_count(site: Site) -> None:
    drop = Dropped("serial_scanner", "a code without an end", "Set the scanner to send CR")
    first = logged(site, *[drop] * 100)
    assert [(line["problem"], line["count"], line["advice"]) for line in first] == [
        ("a code without an end", 1, "Set the scanner to send CR")
    ]
    site.now = AGAIN_AFTER
    assert [line["count"] for line in logged(site, drop, drop)] == [101]
    other = logged(site, Dropped("serial_scanner", "bytes that are no text", ""))
    assert [line["count"] for line in other] == [1]


def test_the_lane_counts_what_is_dropped_and_is_not_flooded(site: Site) -> None:
    noise = Dropped("serial_scanner", "bytes that are no text", "Check the baud rate")
    for _ in range(500):
        site.intake.present(noise)
    site.intake.present(Dropped("serial_scanner", "a code without an end", "Set the scanner"))
    assert site.lane.losses == [("reader[1]", noise.what, 1), ("reader[1]", "a code without an end", 1)]
    site.now = REPORT_EVERY
    site.intake.present(noise)
    assert site.lane.losses[-1] == ("reader[1]", noise.what, 501)


def test_a_card_of_several_codes_is_presented_once_it_is_whole(site: Site) -> None:
    site.intake.present(scan("shc:/2/3/5678"))
    site.intake.present(scan("SHC:/1/3/1234"))  # as a scanner with CAPS LOCK types it
    assert site.texts() == []
    asked = [heard for heard in site.lane.heard if isinstance(heard, Coaching)]
    assert {(one.reader, one.hint) for one in asked} == {("reader[1]", Hint.NEXT_PART)}
    assert site.intake.present(scan("shc:/3/3/90")) is Answer.DECIDED
    site.intake.present(scan("shc:/1/3/1234"))  # it is still before the reader: the same presentation
    assert site.texts() == ["shc:/1234567890"] * 2
    site.intake.present(scan("shc:/1/3/9999"))  # the card of the next person
    assert len(site.texts()) == 2
