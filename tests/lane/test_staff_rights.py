"""Users of the desk: the lane checks the role of each order, whatever the desk says."""

import asyncio
import json
import os
import pwd
from pathlib import Path
from typing import Any

import pytest

from gate.control.requests import (
    AcceptRequest,
    AdmitRequest,
    CheckRequest,
    ExtendRequest,
    GiveBackRequest,
    InsideRequest,
    LockedOutRequest,
    ModeRequest,
    OutputRequest,
    PartsRequest,
    PictureRequest,
    RecentRequest,
    Request,
    ResetRequest,
    SignedInRequest,
    StatusRequest,
    WatchRequest,
)
from gate.control.rights import may_send
from gate.core.lane.modes import Mode
from gate.core.model import Direction
from gate.core.staff_role import StaffRole
from gate.lane.staff import peers
from gate.lane.staff.conversation import WATCH_PACE
from gate.ports.inputs import Level, Role
from tests.lane.control import connect, controlled, rows, told
from tests.lane.rig import now

pytestmark = pytest.mark.real_time

LOCK, UNLOCK = (ModeRequest(mode=Mode.LOCKED_DOWN, on=on) for on in (True, False))
ENTRY = Direction.ENTRY


@pytest.mark.parametrize(
    ("may", "requests"),
    [
        ("gst", [StatusRequest(), WatchRequest(), RecentRequest(), SignedInRequest(), LockedOutRequest()]),
        ("gs", [CheckRequest(iin=""), AdmitRequest(direction=ENTRY), GiveBackRequest(), ExtendRequest()]),
        ("gs", [ResetRequest(), LOCK]),
        ("s", [UNLOCK, InsideRequest(count=1), ModeRequest(mode=Mode.LOCKED_DOWN, on=True, until=1e9)]),
        ("s", [ModeRequest(mode=mode, on=on) for mode in (Mode.FREE, Mode.OUT_OF_SERVICE) for on in (True, False)]),
        ("t", [ModeRequest(mode=Mode.MAINTENANCE, on=on) for on in (True, False)]),
        ("t", [PartsRequest(), OutputRequest(name="barrier"), PictureRequest(reader="reader[0]")]),
        ("t", [AcceptRequest(digest="0" * 64)]),
    ],
)
def test_each_role_may_order_what_its_work_needs(may: str, requests: list[Request]) -> None:
    for request in requests:
        assert {role for role in StaffRole if may_send(role, request)} == {
            role for role in StaffRole if role[0] in may
        }, request


async def test_a_user_may_do_what_the_role_allows_and_the_journal_has_the_name(state: Path) -> None:
    async with controlled(state) as rig:
        assert (await told(state, do="order", mode="locked_down", on=True, user="guard-07"))["ok"]
        answer = await told(state, do="order", mode="locked_down", on=False, user="guard-07")
        assert (answer["ok"], answer["code"]) == (False, "not_allowed")
        assert (await told(state, do="order", mode="locked_down", on=False, user="chief"))["orders"] == []
        assert (await told(state, do="admit", direction="entry", user="tech"))["code"] == "not_allowed"
        assert (await told(state, do="admit", direction="entry", user="nobody"))["code"] == "unknown_user"
        assert (await told(state, do="admit", direction="entry", user="chief"))["code"] == "malformed"
        assert rig.turnstile.openings == 0
        assert (await told(state, do="admit", direction="entry", user="chief", why="no_phone"))["ok"]
    assert [(event, what, actor.split(",")[0]) for event, what, actor in rows(state)] == [
        ("mode", "locked_down on", "desk guard-07"),
        ("mode", "locked_down off", "desk chief"),
        ("decision", "staff_admitted", "desk chief"),
    ]


async def test_the_desk_must_name_a_user(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "DESK_ACCOUNT", pwd.getpwuid(os.geteuid()).pw_name)
    async with controlled(state):
        for request in ({"do": "status"}, {"do": "order", "mode": "free", "on": True}, {"do": "reset", "by": "chief"}):
            assert (await told(state, **request))["code"] == "unknown_user"
        assert (await told(state, do="status", user="guard-07"))["phase"] == "ready"
        await told(state, do="order", mode="free", on=True, user="chief")
    assert rows(state) == [("mode", "free on", "desk chief")]


async def test_who_watches_sees_each_change(state: Path) -> None:
    def lines(count: int) -> list[dict[str, Any]]:
        return [json.loads(answers.readline()) for _ in range(count)]

    async with controlled(state) as rig:
        with connect(state) as connection, connection.makefile("rb") as answers:
            connection.sendall(b'{"do": "watch"}\n')
            (first,) = await asyncio.to_thread(lines, 1)
            status = await told(state, do="status")
            assert (first["phase"], first["fire"], first["cannot"]) == ("ready", None, [])
            assert first.keys() == status.keys()
            begun = now()
            for closed, shown in ((True, "open"), (False, "closed")):
                rig.lane.report(Level(Role.FIRE, closed, now()))
                (line,) = await asyncio.to_thread(lines, 1)
                assert (line["phase"], line["fire"]) == ("fire", shown)
            assert now() - begun > WATCH_PACE * 0.9
            await told(state, do="inside", count=7)
            assert (await asyncio.to_thread(lines, 1))[0]["inside"] == 7
            assert (await told(state, do="reset"))["fire"] is None
