"""How long a connection may keep its place: clients that drip, that read nothing, that only connect."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest

from gate.core.outlet_events import CodeSeen, DeviceChanged
from gate.kiosk.server import MOST_STREAMS
from gate.runtime import connections
from gate.runtime.connections import MOST_CONNECTIONS
from tests.unit.kiosk_rig import PATIENCE, Kiosk, kiosk, run

GET = b"GET /state HTTP/1.1\r\nHost: localhost\r\n\r\n"
ESTABLISHED = b"\x01"  # of TCP_INFO
SCREEN = b"GET /events HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n\r\n"


@asynccontextmanager
async def connected(there: Kiosk, buffer: int | None = None) -> AsyncIterator[socket.socket]:
    with socket.socket() as client:
        if buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", there.port))
        yield client


@asynccontextmanager
async def crowd(there: Kiosk, number: int) -> AsyncIterator[list[socket.socket]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(connected(there)) for _ in range(number)]


async def ended(client: socket.socket) -> bytes:
    """What comes until the other end closes."""
    loop, received = asyncio.get_running_loop(), b""
    async with asyncio.timeout(PATIENCE):
        with suppress(ConnectionError):
            while part := await loop.sock_recv(client, 65536):
                received += part
    return received


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ",
        GET + b"GET / HT",  # an answer in between gives no more time than the first had
        b"GET /state HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n",
        b"GET /state HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\n",
    ],
)
def test_a_client_that_drips_is_ended(monkeypatch: pytest.MonkeyPatch, start: bytes) -> None:
    monkeypatch.setattr(connections, "REQUEST_WITHIN", 0.5)

    async def drip(client: socket.socket) -> None:
        with suppress(OSError):
            while True:
                await asyncio.sleep(0.05)
                await asyncio.get_running_loop().sock_sendall(client, b"x")

    async def scenario() -> None:
        async with kiosk() as there, connected(there) as client:
            await asyncio.get_running_loop().sock_sendall(client, start)
            dripping = asyncio.create_task(drip(client))
            await ended(client)
            dripping.cancel()
            await asyncio.wait([dripping])

    run(scenario)


def test_a_stream_that_is_not_read_is_ended_and_its_place_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "TAKEN_WITHIN", 0.5)

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        async with kiosk() as there, connected(there, 2048) as stuck:
            await loop.sock_sendall(stuck, SCREEN)
            async with asyncio.timeout(PATIENCE):
                while stuck.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) == ESTABLISHED:
                    for number in range(50):
                        there.bus.publish(DeviceChanged(0, "reader[0]", "camera", f"{number} " * 100))
                        there.bus.publish(CodeSeen(0, "reader[0]"))
                        await asyncio.sleep(0.005)
            assert (await there.client.get("/healthz")).status_code == 200

    run(scenario)


def test_an_idle_connection_gives_way_to_a_new_one_and_a_stream_does_not() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        async with kiosk() as there, connected(there) as screen:
            await loop.sock_sendall(screen, SCREEN)
            assert (await loop.sock_recv(screen, 65536)).startswith(b"HTTP/1.1 200")
            async with crowd(there, MOST_CONNECTIONS * 2), connected(there) as late:
                await loop.sock_sendall(late, GET)
                assert (await loop.sock_recv(late, 65536)).startswith(b"HTTP/1.1 200")
            assert b"event: heartbeat" in await loop.sock_recv(screen, 65536) + await loop.sock_recv(screen, 65536)

    run(scenario)


def test_screens_have_places_that_scripts_cannot_take() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        async with kiosk() as there, crowd(there, MOST_STREAMS + 8) as clients, connected(there) as screen:
            for client in clients:
                await loop.sock_sendall(client, SCREEN.replace(b"Sec-Fetch-Site: same-origin\r\n", b""))
            await asyncio.sleep(0.2)
            await loop.sock_sendall(screen, SCREEN)
            assert (await loop.sock_recv(screen, 64)).startswith(b"HTTP/1.1 200")

    run(scenario)
