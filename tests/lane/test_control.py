"""Orders through the control socket: done, refused, recorded with who gave them, and never the end of a lane."""

import asyncio
import json
import os
import resource
import socket
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.control.client import send_request
from gate.control.parsing import parse_request
from gate.control.requests import LONGEST, ModeRequest, StatusRequest, as_json
from gate.core.lane.modes import STANDING, Phase
from gate.core.model import MOST_INSIDE
from gate.core.reason import Reason
from gate.errors import GateError
from gate.lane.staff.control_socket import REFUSED_FOR, serve_control
from gate.lane.staff.conversation import MOST_CLIENTS, MOST_OF_ONE
from gate.lane.staff.status import MOST_READERS
from gate.ports.feedback import Signal
from gate.ports.inputs import Level, Role
from gate.ports.reader import Dropped
from tests.lane.control import connect, controlled, rows, say, told
from tests.lane.rig import Rig, plain, working
from tests.log_lines import captured_lines

pytestmark = pytest.mark.real_time

ME = f"uid {os.getuid()}"


def level(role: Role, active: bool) -> Level:
    return Level(role, active, time.monotonic())


def lose_journal(state: Path) -> None:
    for part in state.glob("lane.db*"):
        part.unlink()


async def test_the_status_counts_what_readers_dropped_and_stays_short(state: Path) -> None:
    async with controlled(state) as rig:
        assert (await told(state, do="status"))["dropped"] == {}
        many = [(reader, f"fault {count}" * 99, count) for reader in range(9) for count in range(9)]
        for reader, reason, count in [(0, "noise", 1), (0, "noise", 7), *many]:
            rig.lane.dropped(f"reader[{reader}]", Dropped("serial_scanner", reason, "Check its cable" * 99), count)
        dropped = (await told(state, do="status"))["dropped"]
    assert [drop["count"] for drop in dropped["reader[0]"]] == [8, 7, 7]
    noise = next(drop for drop in dropped["reader[0]"] if drop["what"] == "noise")
    assert (noise["count"], noise["advice"][:15]) == (7, "Check its cable")
    assert list(dropped) == [f"reader[{number}]" for number in range(MOST_READERS)]
    assert len(json.dumps(dropped)) < LONGEST * 2


async def test_staff_order_through_the_socket(state: Path) -> None:
    async with controlled(state) as rig:
        assert (await told(state, do="status"))["phase"] == "ready"
        assert (await told(state, do="order", mode="out_of_service", on=True))["orders"] == ["out_of_service"]
        assert "out_of_service: " in (await told(state, do="admit", direction="entry"))["problem"]
        await told(state, do="order", mode="maintenance", on=True)
        await told(state, do="order", mode="out_of_service", on=False)
        assert (await told(state, do="admit", direction="entry"))["reason"] == "staff_admitted"
        assert rig.turnstile.openings == 1
        assert (rig.reasons, rig.lamp.shown[-1]) == ([Reason.STAFF_ADMITTED], Signal.ADMITTED)
        assert "lane_busy: " in (await told(state, do="admit", direction="entry"))["problem"]
        assert (await told(state, do="inside", count=12))["inside"] == 12
        rig.lane.report(level(Role.FIRE, True))
        await rig.until(lambda: rig.phases[-1] is Phase.FIRE)
        assert (await told(state, do="admit", direction="entry"))["problem"].startswith("fire: ")
        assert "the fire loop is still open" in (await told(state, do="reset"))["problem"]
        rig.lane.report(level(Role.FIRE, False))
        assert (await told(state, do="reset"))["phase"] == "maintenance"
    with pytest.raises(GateError, match="no lane answers"):
        send_request(state, StatusRequest())


async def test_who_ordered_it_is_recorded(state: Path) -> None:
    async with controlled(state):
        await told(state, do="order", mode="free", on=True, by="Айгүл")
        await told(state, do="order", mode="free", on=False)
        await told(state, do="admit", direction="entry", by="Bolat")
        await told(state, do="extend")
        await told(state, do="inside", count=3)
        await told(state, do="reset", by="Bolat")
    found = rows(state)
    assert [row[:2] for row in found] == [
        ("mode", "free on"),
        ("mode", "free off"),
        ("decision", "staff_admitted"),
        ("extended", "this person"),
        ("occupancy", "set to 3"),
        ("reset", "by staff"),
    ]
    assert all(row[2].startswith(ME) for row in found)
    assert [row[2].partition(", by ")[2] for row in found] == ["Айгүл", "", "Bolat", "", "", "Bolat"]


HOSTILE = [
    b"",
    b"null",
    b"[]",
    b"{",
    b"\xff\xfe",
    b"[" * 4000,
    b'{"do":' * 600,
    b'{"do": "dance"}',
    b'{"do": {}}',
    b'{"do": "order"}',
    b'{"do": "order", "mode": "pilot", "on": true}',
    b'{"do": "order", "mode": "free", "on": 1}',
    b'{"do": "order", "mode": "free", "on": "yes"}',
    b'{"do": "admit", "direction": "up"}',
    b'{"do": "admit", "direction": null}',
    b'{"do": "inside", "count": 9223372036854775807}',
    b'{"do": "inside", "count": 9223372036854775808}',
    b'{"do": "inside", "count": ' + b"9" * 4000 + b"}",
    b'{"do": "inside", "count": -1}',
    b'{"do": "inside", "count": NaN}',
    b'{"do": "inside", "count": Infinity}',
    b'{"do": "inside", "count": 1e400}',
    b'{"do": "inside", "count": 1.5}',
    b'{"do": "inside", "count": true}',
    b'{"do": "inside", "count": "12"}',
    b'{"do": "status", "by": ""}',
    b'{"do": "status", "by": "a\\nb"}',
    b'{"do": "status", "by": "\\ud800"}',
    b'{"do": "status", "by": "a\\u202eb"}',
    b'{"do": "status", "by": "a\\u200bb"}',
    b'{"do": "status", "by": "\\u009b2J"}',
    b'{"do": "status", "by": "a\\u2028b"}',
    b'{"do": "status", "by": "' + b"x" * 65 + b'"}',
    b'{"do": "status", "more": 1}',
]


async def test_what_is_not_understood_is_answered_and_ends_nothing(state: Path) -> None:
    async with controlled(state) as rig:
        for line in HOSTILE:
            answer = await asyncio.to_thread(say, state, line)
            assert answer["ok"] is False, line[:60]
            assert 0 < len(answer["problem"]) < 200
            assert "\n" not in answer["problem"]
        with connect(state) as connection:  # too long a line: the connection ends
            connection.sendall(b"x" * (LONGEST + 10) + b"\n")
            assert await asyncio.to_thread(connection.recv, 100) == b""
        assert (await told(state, do="inside", count=MOST_INSIDE))["inside"] == MOST_INSIDE
        await rig.show(plain(7), 0.2)
        assert rig.reasons == [Reason.ADMITTED]
        await rig.until(lambda: len(rig.passed) == 1)
        assert await rig.staff.inside() == MOST_INSIDE


@given(st.one_of(st.binary(max_size=200), st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists)))
def test_any_bytes_are_a_request_or_a_problem(thing: object) -> None:
    line = thing if isinstance(thing, bytes) else json.dumps(thing).encode()
    with suppress(ValueError):
        parse_request(line)


def test_the_orders_are_those_that_stand() -> None:
    for mode in STANDING:
        request = ModeRequest(mode=mode, on=True)
        assert parse_request(json.dumps(as_json(request)).encode()) == request


async def test_one_account_cannot_take_every_place(state: Path) -> None:
    assert MOST_OF_ONE < MOST_CLIENTS
    async with controlled(state) as rig:
        with ExitStack() as stack:
            held = [stack.enter_context(connect(state)) for _ in range(MOST_OF_ONE)]
            await asyncio.sleep(0.2)
            answer = await told(state, do="status")
            assert (answer["ok"], answer["code"]) == (False, "too_many")
            assert answer["problem"] == "too many connections: close one, and ask again"
            for connection in held[1:]:
                connection.close()
            await asyncio.sleep(0.2)
            assert (await told(state, do="status"))["ok"]
        await rig.show(plain(7), 0.2)
        assert rig.reasons == [Reason.ADMITTED]


async def test_the_socket_is_for_its_owner_and_group_alone(state: Path) -> None:
    async with controlled(state):
        assert stat.S_IMODE((state / "control.sock").stat().st_mode) == 0o660


async def test_a_socket_that_cannot_be_removed_ends_nothing(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with working(Rig(state)) as rig:
        serving = asyncio.create_task(serve_control(rig.desk, state))
        await rig.until((state / "control.sock").exists)

        def read_only(self: Path, missing_ok: bool = False) -> None:  # noqa: ARG001 - as Path's own
            raise OSError(30, "Read-only file system")

        with monkeypatch.context() as patched:
            patched.setattr(Path, "unlink", read_only)
            serving.cancel()
            await asyncio.wait([serving])
        assert serving.cancelled()


async def test_staff_are_told_of_a_lost_journal_until_they_confirm(state: Path) -> None:
    async with controlled(state) as rig:
        await rig.show(plain(7), 0.2)
    lose_journal(state)
    async with controlled(state, {Phase.LOCKED_DOWN}):
        status = await told(state, do="status")
        assert (status["phase"], status["alarms"]) == ("locked_down", ["journal_lost"])
        refused = await told(state, do="admit", direction="entry")
        for words in (status["problems"]["journal"], refused["problem"]):
            assert "the journal was lost" in words
            assert "`gate lane lockdown off`" in words
        confirmed = await told(state, do="order", mode="locked_down", on=False)
        assert (confirmed["alarms"], confirmed["problems"]) == ([], {})
        assert (await told(state, do="admit", direction="entry"))["ok"]


async def test_clients_beyond_the_open_files_cost_a_line_each_way_and_nothing_else(state: Path) -> None:
    async with controlled(state):
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        with ExitStack() as stack, captured_lines() as said:
            held = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(8)]
            resource.setrlimit(resource.RLIMIT_NOFILE, (held[-1].fileno() + 1, before[1]))
            try:
                for connection in held:
                    connection.connect(str(state / "control.sock"))
                await asyncio.sleep(2.5 * REFUSED_FOR)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, before)
            async with asyncio.timeout(30):
                while not said or said[-1]["event"] != "orders can be taken again":  # noqa: ASYNC110 - a line sets no event
                    await asyncio.sleep(0.05)
        # What else closes a file meanwhile may let one client in, and the next is refused again.
        refused_and_again = ["no orders can be taken now", "orders can be taken again"]
        assert [line["event"] for line in said] == refused_and_again * (len(said) // 2)
        assert len(said) <= 6
        assert (await told(state, do="status"))["ok"]


def test_an_order_waits_for_room_while_too_many_connections_wait(tmp_path: Path) -> None:
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket(socket.AF_UNIX))
        listening.bind(str(tmp_path / "control.sock"))
        listening.listen(0)
        with suppress(BlockingIOError):
            while True:  # until the kernel takes no more
                waits = stack.enter_context(socket.socket(socket.AF_UNIX))
                waits.setblocking(False)
                waits.connect(str(tmp_path / "control.sock"))
        asking = stack.enter_context(ThreadPoolExecutor(1)).submit(send_request, tmp_path, StatusRequest())
        while not asking.done():
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.settimeout(0.1)
                if connection.recv(LONGEST):
                    connection.sendall(b'{"ok": true, "phase": "ready"}\n')
                    break
        assert asking.result()["phase"] == "ready"


@pytest.mark.parametrize("line", [b"[]", b"null", b"3", b'"x"', b"[[]]"])
def test_a_request_that_is_no_object_is_named_so(line: bytes) -> None:
    with pytest.raises(ValueError, match="this request is not one JSON object in one line"):
        parse_request(line)
