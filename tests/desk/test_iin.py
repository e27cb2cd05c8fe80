"""An IIN passes through the desk, and nothing of it stays: not in memory, in a file, in the log or in an answer."""

from pathlib import Path

import pytest

from gate.core.iin import is_iin
from tests.desk.rig import Browser, RunningDesk, browser, running_desk

_MOST = 1 << 28  # bytes of one area of memory


def an_iin(begin: str) -> str:
    return next(begin + last for last in "0123456789" if is_iin(begin + last))


IIN = an_iin("87062845193")
VERDICT = {"ok": True, "check": "c1", "status": "green", "may_enter": True, "reason": "admitted", "used_at": None}


def memory_of(pid: int) -> bytes:
    """Everything that the process has written to its memory."""
    found = bytearray()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            area, rights, *_ = line.split()
            begin, end = (int(part, 16) for part in area.split("-"))
            if "w" not in rights or end - begin > _MOST:
                continue
            memory.seek(begin)
            found += memory.read(end - begin)
    return bytes(found)


@pytest.mark.parametrize("more", ["", 'tls = "self"'], ids=["plain", "tls"])
def test_nothing_of_an_iin_stays(tmp_path: Path, more: str) -> None:
    with running_desk(tmp_path, more) as desk, browser(desk) as guard:
        desk.lane.answers["check"] = lambda _: VERDICT
        guard.sign_in("guard-07")
        marker = "guard-07"
        for _ in range(3):
            answer = guard.post("check", {"iin": IIN, "direction": "entry"})
            assert answer.json()["may_enter"]
            assert IIN not in answer.text
        guard.post("check", {"iin": IIN[:-1] + "x", "direction": "entry"})
        refused = guard.post("check", {"iin": IIN, "direction": "entry", "no": "key"})
        assert refused.json()["code"] == "malformed"
        assert IIN not in refused.text
        guard.get("session")
        memory = memory_of(desk.process.pid)

        assert marker.encode() in memory  # what is looked through is the process's memory
        assert IIN.encode() not in memory
        assert IIN[:11].encode() not in memory
        assert IIN not in desk.log.read_text()
        for file in tmp_path.rglob("*"):
            if file.is_file():
                assert IIN.encode() not in file.read_bytes(), file
    assert desk.lane.requests("check")[0]["iin"] == IIN


def test_the_lane_is_asked_once_and_the_entry_is_that_persons(signed_in: dict[str, Browser], desk: RunningDesk) -> None:
    desk.lane.answers["check"] = lambda _: VERDICT
    guard = signed_in["guard"]
    check = guard.post("check", {"iin": IIN, "direction": "entry"}).json()
    guard.post("admit", {"direction": "entry", "why": "no_phone", "check": check["check"]})

    assert desk.lane.requests("admit")[-1] == {
        "do": "admit",
        "user": "guard-07",
        "direction": "entry",
        "why": "no_phone",
        "check": "c1",
    }
