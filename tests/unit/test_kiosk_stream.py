"""The event stream that scripts and the page follow."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

import httpx
import pytest

from gate.core.lane.effects import Passed
from gate.core.lane.modes import Mode
from gate.core.model import Direction
from gate.core.outlet_events import CodeSeen, Decided, DeviceChanged, GrantEnded
from gate.core.reason import ADMITTING, Reason
from gate.kiosk.server import FOR_SCREENS, MOST_STREAMS
from tests.unit.kiosk_rig import PATIENCE, Kiosk, kiosk, run

MANY = 1000  # decisions: more than a socket's buffers hold


class Stream:
    """Messages of an event stream: (event, data, id)."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def next(self, *names: str) -> tuple[str, Any, str]:
        """The next message, or the next with one of these names."""
        message: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                if line:
                    key, _, value = line.partition(": ")
                    message[key] = value
                elif "event" in message and (not names or message["event"] in names):
                    return message["event"], json.loads(message["data"]), message.get("id", "")
                else:
                    message = {}
        raise EOFError


@asynccontextmanager
async def following(there: Kiosk, last_id: str = "") -> AsyncIterator[Stream]:
    headers = {"last-event-id": last_id} if last_id else {}
    async with there.client.stream("GET", "/events", headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Stream(response)


def decided(reason: Reason) -> Decided:
    admitted = reason in ADMITTING
    return Decided(12.0, "reader[0]", Direction.ENTRY, reason, admitted, admitted, Mode.ENFORCE, 11.5)


def test_a_script_follows_the_lane() -> None:
    async def scenario() -> None:
        async with kiosk() as there, following(there) as stream:
            name, page, _ = await stream.next()
            assert (name, page["scene"], page["place"]) == ("state", "idle", "ala-t2 / ala-t2-07")
            there.bus.publish(CodeSeen(1.0, "reader[0]"))
            assert (await stream.next("state"))[1]["scene"] == "seen"
            there.bus.publish(decided(Reason.EXPIRED))
            assert (await stream.next("state"))[1]["reason"] == "expired"
            assert (await stream.next())[:2] == (
                "decided",
                {
                    "number": 1,
                    "at": 12.0,
                    "reader": "reader[0]",
                    "direction": "entry",
                    "reason": "expired",
                    "admitted": False,
                    "let_through": False,
                    "mode": "enforce",
                    "ms": 11.5,
                    "used_at": None,
                    "again_at": None,
                    "hint": None,
                },
            )
            there.bus.publish(decided(Reason.ADMITTED))
            there.bus.publish(decided(Reason.LANE_BUSY))
            there.bus.publish(GrantEnded(14.0, Passed.NOT_PASSED))
            told = [(await stream.next("decided", "grant_ended"))[:2] for _ in range(3)]
            assert [(name, data["number"]) for name, data in told] == [
                ("decided", 2),
                ("decided", 3),
                ("grant_ended", 2),
            ]
            there.bus.publish(GrantEnded(15.0, Passed.PASSED))  # somebody went out by the exit button
            assert (await stream.next("grant_ended"))[1]["number"] == 0
            assert told[2][1] == {"number": 2, "at": 14.0, "passed": "not_passed"}
            state = (await there.client.get("/state")).json()
            assert (state["scene"], state["reason"], state["number"]) == ("admitted", "admitted", 2)

    run(scenario)


def test_the_stream_beats_when_nothing_happens() -> None:
    async def scenario() -> None:
        async with kiosk() as there, following(there) as stream:
            names = [(await stream.next())[0] for _ in range(3)]
            assert names == ["state", "heartbeat", "heartbeat"]

    run(scenario)


def test_a_screen_that_was_told_of_no_signal_gets_the_page_once_the_lane_is_heard_again() -> None:
    alive = True

    async def scenario() -> None:
        nonlocal alive
        async with kiosk(is_lane_alive=lambda: alive) as there, following(there) as stream:
            assert (await stream.next("state"))[1]["scene"] == "idle"
            alive = False
            there.bus.publish(CodeSeen(1.0, "reader[0]"))
            silent = (await stream.next("state"))[1]
            alive = True
            then = (await stream.next("state"))[1]
            assert (silent["scene"], then["scene"]) == ("no_signal", "seen")
            assert then["version"] > silent["version"]
            assert (await there.client.get("/state")).json() == then

    run(scenario)


def test_a_verdict_goes_away_by_itself() -> None:
    async def scenario() -> None:
        async with kiosk() as there, following(there) as stream:
            there.bus.publish(decided(Reason.EXPIRED))
            while (await stream.next("state"))[1]["scene"] != "refused":
                pass
            there.clock.at += 4.6
            assert (await stream.next("state"))[1]["scene"] == "idle"

    run(scenario)


def test_a_script_that_comes_back_gets_what_it_missed_after_the_page() -> None:
    async def scenario() -> None:
        async with kiosk() as there:
            async with following(there) as stream:
                there.bus.publish(decided(Reason.EXPIRED))
                last = (await stream.next("decided"))[2]
            there.bus.publish(decided(Reason.ADMITTED))
            there.bus.publish(GrantEnded(14.0, Passed.PASSED))
            async with following(there, last) as stream:
                assert (await stream.next())[0] == "state"
                assert [(await stream.next())[0] for _ in range(2)] == ["decided", "grant_ended"]
            for other in ("deadbeef-2", f"{last.split('-')[0]}-x", "-"):  # another session, or nonsense: all there is
                async with following(there, other) as stream:
                    assert (await stream.next("decided"))[1]["number"] == 1
            async with following(there) as stream:  # somebody new: only what is to come
                assert [(await stream.next())[0] for _ in range(2)] == ["state", "heartbeat"]

    run(scenario)


def test_a_client_that_reads_nothing_holds_up_nobody() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        async with kiosk() as there:
            with closing(socket.socket()) as stuck:
                stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                stuck.setblocking(False)
                await loop.sock_connect(stuck, ("127.0.0.1", there.port))
                await loop.sock_sendall(stuck, b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                async with following(there) as stream:
                    await stream.next("state")
                    for number in range(1, MANY + 1):
                        there.bus.publish(decided(Reason.EXPIRED if number % 2 else Reason.NOT_LISTED))
                        await asyncio.sleep(0)
                    while (await stream.next("decided"))[1]["number"] != MANY:
                        pass
                received = b""
                while f'"number": {MANY},'.encode() not in received:  # reads at last, and is told how things stand
                    received += await loop.sock_recv(stuck, 65536)
            assert received.count(b"event: decided") < MANY  # and it was indeed too slow for the rest

    run(scenario)


def test_a_client_that_reads_nothing_does_not_hold_up_the_end() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        async with kiosk() as there:
            with closing(socket.socket()) as stuck:
                stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                stuck.setblocking(False)
                await loop.sock_connect(stuck, ("127.0.0.1", there.port))
                await loop.sock_sendall(stuck, b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                for number in range(1, MANY + 1):
                    there.bus.publish(decided(Reason.EXPIRED if number % 2 else Reason.NOT_LISTED))
                    await asyncio.sleep(0)
                there.task.cancel()
                await asyncio.wait([there.task], timeout=PATIENCE)
                assert there.task.cancelled()

    run(scenario)


def test_streams_are_limited() -> None:
    async def scenario() -> None:
        async with kiosk() as there:
            opened = [there.client.stream("GET", "/events") for _ in range(MOST_STREAMS - FOR_SCREENS)]
            for stream in opened:
                await stream.__aenter__()
            assert (await there.client.get("/events")).status_code == 503
            assert (await there.client.get("/healthz")).status_code == 200
            await opened[0].__aexit__(None, None, None)
            while (answer := await _status(there.client, "/events")) != 200:
                assert answer == 503
            for stream in opened[1:]:
                await stream.__aexit__(None, None, None)

    run(scenario)


async def _status(client: httpx.AsyncClient, path: str) -> int:
    async with client.stream("GET", path) as response:
        return response.status_code


def test_device_problems_of_any_bytes_reach_the_page() -> None:
    async def scenario() -> None:
        async with kiosk() as there, following(there) as stream:
            await stream.next("state")
            there.bus.publish(DeviceChanged(0, "reader[0]", "camera", "/dev/\udc80\n\ndata: x"))
            assert (await stream.next("state"))[1]["problems"] == ["reader[0] (camera): /dev/?\n\ndata: x"]

    run(scenario)


def test_cancelling_ends_open_streams_and_frees_the_port() -> None:
    async def scenario() -> None:
        async with kiosk() as there, following(there) as stream:
            await stream.next("state")
            there.task.cancel()
            with pytest.raises(EOFError):  # a proper end, not a broken connection
                await stream.next("never")
            await asyncio.wait([there.task], timeout=PATIENCE)
            assert there.task.cancelled()
            with closing(socket.socket()) as again:
                again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                again.bind(("127.0.0.1", there.port))

    run(scenario)
