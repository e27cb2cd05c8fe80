"""A session that nobody touches is locked, and then does one thing only."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from gate.core.staff_role import StaffRole
from gate.desk import sign_in
from gate.desk.app import create_app
from gate.desk.calls import TOKEN, Desk
from gate.desk.lane_link import LaneLink
from gate.desk.memory import DeskMemory
from gate.desk.sessions import LONGEST, MOST_SESSIONS, Session, Sessions
from gate.desk.sign_in import SignIn
from gate.desk.technician.room import TechnicianRoom
from gate.registry import config_of
from gate.settings.desk import DeskUser
from gate.settings.load import load_settings
from tests.desk.played_lane import PlayedLane
from tests.desk.rig import HASHES, write_config

IDLE = 600.0
USER = DeskUser(name="guard-07", role=StaffRole.GUARD, pin=HASHES["guard-07"])


def test_a_session_that_is_touched_stays_open_and_one_that_is_not_is_locked() -> None:
    sessions = Sessions(IDLE)
    name, session = sessions.begin(USER, 0.0)

    found = sessions.find(name, IDLE)
    assert found is session
    assert not found.is_locked
    found.touched = IDLE
    assert not session.is_locked
    assert sessions.find(name, 2 * IDLE + 1) is session
    assert session.is_locked
    session.touched = 2 * IDLE + 1  # a touch alone opens no lock
    locked = sessions.find(name, 2 * IDLE + 2)
    assert locked is not None
    assert locked.is_locked


def test_a_session_ends_with_the_shift_at_the_latest_and_makes_room() -> None:
    sessions = Sessions(IDLE)
    name, _ = sessions.begin(USER, 0.0)
    assert sessions.find(name, LONGEST + 1) is None
    names = [sessions.begin(USER, float(number))[0] for number in range(MOST_SESSIONS + 1)]
    assert sessions.find(names[0], 100.0) is None
    assert sessions.find(names[-1], 100.0) is not None
    assert sessions.of("guard-07") == MOST_SESSIONS


@dataclass
class Hands:
    """A clock moved by hand."""

    at: float = 1000.0

    def now(self) -> float:
        return 1_800_000_000.0 + self.at

    def monotonic(self) -> float:
        return self.at


@dataclass
class Screen:
    """A browser with a session, in this process."""

    client: httpx.AsyncClient
    session: Session
    clock: Hands
    lane: PlayedLane

    async def post(self, name: str, values: dict[str, Any]) -> dict[str, Any]:
        headers = {"origin": "http://127.0.0.1:8443", TOKEN: self.session.token}
        answer: dict[str, Any] = (await self.client.post(f"/desk/api/{name}", json=values, headers=headers)).json()
        return answer


@asynccontextmanager
async def screen(folder: Path) -> AsyncIterator[Screen]:
    settings, clock, lane = load_settings(write_config(folder), config_of), Hands(), PlayedLane(folder / "state")
    lane.start()
    memory = DeskMemory(folder, frozenset({"guard-07"}))
    link, users = LaneLink(settings.device.runs, "guard-07", clock.monotonic), settings.desk.user
    desk = Desk(settings, link, Sessions(IDLE), memory, SignIn(users, memory, clock), clock)
    name, session = desk.sessions.begin(users[0], clock.monotonic())
    transport = httpx.ASGITransport(create_app(desk, TechnicianRoom(folder / "gate.toml", folder, link, clock)))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8443") as client:
        client.cookies.set(desk.cookie, name)
        yield Screen(client, session, clock, lane)
    lane.stop()


def played(folder: Path, scenario: Callable[[Screen], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with screen(folder) as one, asyncio.timeout(30):
            await scenario(one)

    asyncio.run(main())


def test_a_client_that_tries_many_names_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "is_pin_of", lambda *_: False)

    async def main() -> None:
        memory = DeskMemory(tmp_path, frozenset({"guard-07"}))
        door = SignIn([USER], memory, Hands())
        tried = [await door.attempt(f"n{number}", "000000", "192.0.2.1") for number in range(14)]
        assert [one.is_busy for one in tried] == [False] * 12 + [True] * 2
        assert not (await door.attempt("n20", "000000", "192.0.2.2")).is_busy
        others = [await door.attempt(f"m{number}", "000000", f"192.0.2.{number}") for number in range(3, 60)]
        assert others[-1].is_busy  # all together, too

    asyncio.run(main())


def test_a_locked_screen_closes_the_entrance_and_does_nothing_else(tmp_path: Path) -> None:
    async def scenario(one: Screen) -> None:
        assert (await one.post("extend", {"on": True}))["ok"]
        one.clock.at += IDLE + 1
        for name, values in (
            ("extend", {"on": False}),
            ("admit", {"direction": "entry", "why": "other"}),
            ("check", {"iin": "900101300128"}),
            ("order", {"mode": "locked_down", "on": True, "until": 1_900_000_000}),
            ("order", {"mode": "locked_down", "on": False}),
            ("touch", {}),
        ):
            assert (await one.post(name, values))["code"] == "locked", name
        assert (await one.post("order", {"mode": "locked_down", "on": True}))["ok"]
        assert one.session.is_locked  # and stays so

    played(tmp_path, scenario)


def test_a_lane_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    async def scenario(one: Screen) -> None:
        one.lane.leave()
        assert await one.post("extend", {"on": True}) == {"ok": False, "code": "no_link"}
        one.lane.start()
        assert (await one.post("extend", {"on": True}))["ok"]

    played(tmp_path, scenario)
