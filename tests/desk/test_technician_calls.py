"""The technician's calls of a real desk: for that role alone, and each becomes what the lane checks once more."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gate.core.acceptance_record import digest_of, facts_in
from tests.desk.played_lane import NOW, decision
from tests.desk.rig import PATIENCE, Browser, RunningDesk, browser, running_desk

CALLS = [
    *(("GET", name) for name in ("parts", "site", "configuration", "log", "charts", "acceptance", "report_text")),
    *(("POST", name) for name in ("output", "picture", "report_begin")),
    *(("POST", f"acceptance_{name}") for name in ("begin", "skip", "end", "drop")),
]
ASKED = {"parts", "output", "picture", "accept"}


def part(name: str, state: str = "well") -> dict[str, Any]:
    return {"name": name, "driver": "x", "state": state, "since": NOW() - 50, "problem": "", "advice": ""}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    with running_desk(tmp_path_factory.mktemp("desk")) as desk:
        parts = [part("reader[0]"), part("barrier")]
        answer = {"ok": True, "parts": parts, "inputs": [], "outputs": ["barrier entry"], "cameras": {}, "sync": None}
        desk.lane.answers["parts"] = lambda _: {**answer, "at": NOW(), "maintenance": False, "test": None}
        desk.lane.answers["accept"] = lambda _: {"ok": True, "row": 77}
        yield desk


@pytest.fixture
def technician(desk: RunningDesk) -> Iterator[Browser]:
    with browser(desk) as one:
        assert one.sign_in("tech").status_code == 200
        yield one


@pytest.mark.parametrize("user", ["guard-07", "chief"])
def test_nobody_else_gets_anything_of_it(desk: RunningDesk, user: str) -> None:
    with browser(desk) as one:
        one.sign_in(user)
        before = len(desk.lane.asked)
        for method, name in CALLS:
            values = {"name": "barrier entry", "reader": "reader[0]"}
            answer = one.get(name) if method == "GET" else one.post(name, values)
            assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), name
        for page in ("status", "test"):
            assert one.client.get(f"/desk/{page}").status_code == 403
        assert not ASKED & {request["do"] for request in desk.lane.asked[before:]}


def test_a_stolen_cookie_without_its_token_gets_nothing(technician: Browser) -> None:
    technician.token = technician.token[::-1]
    for method, name in CALLS:
        answer = technician.get(name) if method == "GET" else technician.post(name, {})
        assert answer.status_code == 403, name


def test_a_request_goes_to_the_lane_in_the_technicians_name_and_no_other(
    desk: RunningDesk, technician: Browser
) -> None:
    desk.lane.answers["output"] = lambda _: {"ok": False, "code": "not_in_maintenance", "problem": "no"}
    answer = technician.post("output", {"name": "barrier entry"})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_in_maintenance")
    assert desk.lane.requests("output")[-1] == {"do": "output", "name": "barrier entry", "user": "tech"}
    for more in ({"user": "chief"}, {"do": "admit"}, {"by": "x"}, {"iin": "900101300123"}):
        assert technician.post("output", {"name": "barrier entry", **more}).status_code == 400
    assert len(desk.lane.requests("output")) == 1


def test_place_and_settings_come_without_secrets(technician: Browser) -> None:
    site = technician.get("site").json()
    assert (site["device"], site["sync"]) == ("ala-t2-07", None)
    assert site["disk_free"] > 0
    rows = {row["key"]: row for row in technician.get("configuration").json()["rows"]}
    assert rows["device.id"]["value"] == '"ala-t2-07"'
    assert rows["device.id"]["line"] == 2
    assert "argon2id" not in technician.get("configuration").text


def test_an_acceptance_run_ends_in_a_record_whose_digest_the_lane_keeps(desk: RunningDesk, technician: Browser) -> None:
    assert technician.get("acceptance").json()["run"] is None
    assert technician.post("acceptance_end", {}).json()["code"] == "no_run"
    technician.post("acceptance_begin")
    desk.lane.decide(decision(1, "admitted", ago=-1, passage="passed"))
    run = technician.get("acceptance").json()
    assert set(run["run"]["done"]) == {"green"}
    assert "fire" not in run["fitted"]
    assert technician.post("acceptance_end", {}).json()["code"] == "not_whole"
    for trial in set(run["fitted"]) - {"green"}:
        technician.post("acceptance_skip", {"trial": trial, "on": True})
    ended = technician.post("acceptance_end", {"customer": "ТОО <Фитнес>", "technician": "Ерлан", "language": "kk"})
    assert ended.status_code == 200
    text, facts = facts_in(ended.json()["html"])
    assert facts["customer"] == "ТОО <Фитнес>"
    assert desk.lane.requests("accept") == [{"do": "accept", "digest": digest_of(text), "user": "tech"}]
    assert (ended.json()["row"], ended.json()["digest"]) == (77, digest_of(text))
    assert (desk.folder / "state" / "desk" / "acceptance.html").read_text() == ended.json()["html"]
    assert technician.get("acceptance").json()["run"] is None


def test_a_run_outlives_the_desk(tmp_path: Path) -> None:
    for begins in (True, False):
        with running_desk(tmp_path) as desk, browser(desk) as one:
            desk.lane.answers["parts"] = lambda _: {"ok": True, "at": NOW(), "parts": [], "inputs": []}
            one.sign_in("tech")
            if begins:
                one.post("acceptance_begin")
            else:
                assert one.get("acceptance").json()["run"]["technician"] == "tech"


def test_the_report_for_a_ticket_is_the_doctors(technician: Browser) -> None:
    assert technician.get("report_text").json()["code"] == "failed"  # none was begun
    assert technician.post("report_begin").status_code == 200
    technician.post("report_begin")  # a second press begins no second doctor
    end = time.monotonic() + PATIENCE
    while (text := technician.get("report_text").json()["text"]) is None:
        assert time.monotonic() < end
        time.sleep(0.2)
    assert text.startswith("Report of an Ashyq Gate")
    assert "ala-t2-07" in text
    assert "argon2id" not in text
