"""The page's server, over real sockets, with nothing blocking the loop."""

import asyncio
import signal
from dataclasses import replace

import pytest

from gate.errors import ConfigError, DeviceError
from gate.kiosk.server import HEADERS, create_app, serve
from gate.runtime.bus import Bus
from tests.unit.kiosk_page import ABOUT
from tests.unit.kiosk_rig import PATIENCE, Hands, kiosk, run


def test_page_and_its_files() -> None:
    async def scenario() -> None:
        async with kiosk(replace(ABOUT, device_id="<b>7</b>", languages=("ru", "kk"))) as there:
            index = await there.client.get("/")
            assert index.headers["content-type"] == "text/html; charset=utf-8"
            assert '<html lang="ru" translate="no">' in index.text
            assert "<b>7</b>" not in index.text
            assert "Нет связи" in index.text  # what it shows before, and whenever, the server is silent
            assert "$" not in index.text
            for path, kind in (
                ("kiosk.css", "text/css"),
                ("kiosk.js", "text/javascript"),
                ("words.css", "text/css"),
                ("mark.svg", "image/svg+xml"),
                ("inter.woff2", "font/woff2"),
            ):
                assert f'"/static/{path}"' in index.text
                answer = await there.client.get(f"/static/{path}")
                assert answer.status_code == 200
                assert answer.headers["content-type"].startswith(kind)

    run(scenario)


def test_every_answer_carries_the_strict_headers() -> None:
    async def scenario() -> None:
        async with kiosk() as there:
            answers = [await there.client.get(path) for path in ("/", "/static/kiosk.js", "/state", "/healthz")]
            answers += [await there.client.get("/nothing"), await there.client.get("/static/../server.py")]
            answers += [await there.client.post("/"), await there.client.get("/", headers={"host": "evil.example"})]
            assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 404, 404, 405, 421]
            for answer in answers:
                assert {name: answer.headers[name] for name in HEADERS} == HEADERS
                assert "server" not in answer.headers
        assert HEADERS["cache-control"] == "no-store"
        assert HEADERS["content-security-policy"].startswith("default-src 'none';")
        assert "unsafe" not in HEADERS["content-security-policy"]

    run(scenario)


def test_only_get_is_served() -> None:
    async def scenario() -> None:
        async with kiosk() as there:
            for method in ("POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"):
                for path in ("/", "/state", "/events"):
                    answer = await there.client.request(method, path)
                    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")

    run(scenario)


def test_a_name_that_was_pointed_at_this_machine_gets_nothing() -> None:
    ours = ("localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080")
    theirs = ("gate.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", "127.0.0.1@evil.example", "")

    async def scenario() -> None:
        async with kiosk() as there:
            for path in ("/", "/state"):
                for host in (*ours, *theirs, "192.168.1.5:8080"):
                    answer = await there.client.get(path, headers={"host": host})
                    assert (host, answer.status_code) == (host, 200 if host in ours else 421)

    run(scenario)


def test_cancelling_while_it_starts() -> None:
    async def scenario() -> None:
        for steps in range(8):
            task = asyncio.create_task(serve(create_app(Bus(), ABOUT, Hands()), "127.0.0.1", 0, lambda _: None))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task], timeout=PATIENCE)
            assert task.cancelled()

    run(scenario)


def test_it_leaves_signals_to_the_daemon() -> None:
    async def scenario() -> None:
        before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        async with kiosk():
            assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before

    run(scenario)


def test_a_busy_port_is_a_clear_error() -> None:
    async def scenario() -> None:
        async with kiosk() as there:
            with pytest.raises(DeviceError, match=rf"cannot listen on 127.0.0.1 port {there.port}: .*Stop the program"):
                await serve(create_app(Bus(), ABOUT, Hands()), "127.0.0.1", there.port, lambda _: None)

    run(scenario)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "gate.example", ""])  # noqa: S104 - refused
def test_it_listens_on_this_machine_only(host: str) -> None:
    with pytest.raises(ConfigError, match=r"Use 127\.0\.0\.1"):
        asyncio.run(serve(create_app(Bus(), ABOUT, Hands()), host, 0, lambda _: None))


@pytest.mark.parametrize("host", ["localhost", "::1", "[::1]"])
def test_addresses_of_this_machine(host: str) -> None:
    async def scenario() -> None:
        async with kiosk(host=host) as there:
            assert there.url.startswith("http://[::1]:" if ":" in host else "http://127.0.0.1:")
            assert (await there.client.get("/healthz")).json() == {"ok": True}

    run(scenario)


@pytest.mark.parametrize("languages", [(), ("kk", "tlh")])
def test_a_language_without_texts_is_a_configuration_error(languages: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"venue\.languages: no texts for .*kk, ru, en"):
        create_app(Bus(), replace(ABOUT, languages=languages), Hands())


def test_a_defect_in_the_page_is_told_and_it_can_be_started_again() -> None:
    async def scenario() -> None:
        async with kiosk() as there:
            there.bus.publish("not an event")  # type: ignore[arg-type]  # stands for any defect
            await asyncio.wait([there.task], timeout=PATIENCE)
            with pytest.raises(DeviceError, match=r"kiosk page: .*It is started again"):
                there.task.result()
            url = asyncio.get_running_loop().create_future()
            again = asyncio.create_task(serve(there.app, "127.0.0.1", 0, url.set_result))
            state = (await there.client.get(f"{await url}state")).json()
            assert state["scene"] == "idle"
            again.cancel()
            await asyncio.wait([again])

    run(scenario)
