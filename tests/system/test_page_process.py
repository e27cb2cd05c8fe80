"""The page of a running lane: it may be killed, hung, flooded and starved, and the lane does not notice."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from gate.core.model import Listing
from gate.kiosk.server import FOR_SCREENS, MOST_STREAMS
from gate.runtime.connections import MOST_CONNECTIONS, REQUEST_WITHIN
from gate.runtime.pace import BURST, SHARE
from gate.worker.confine import unenforced
from tests.commands.process import run_gate
from tests.system.rig import Daemon, Site, eventually, running

SCREEN = b"GET /events HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n\r\n"
SCRIPT = b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"
METRICS = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
HALF = b"GET / HTTP/1.1\r\nHost: loc"
OPEN_FILES = 1024  # of the lane: what systemd gives it unless the unit says otherwise
PEOPLE = 60


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path, dict.fromkeys(range(1, PEOPLE), Listing.GREEN))
    made.load_list()
    codes = json.dumps([made.issue(idx) for idx in range(1, PEOPLE)], indent=0)  # one a line: a line may have few dots
    reader = f'[[reader]]\ndriver = "fake"\npause = "700ms"\ntexts = {codes}\n'
    made.configure(reader, '[barrier]\ndriver = "fake"\npulse = "50ms"\n', '[kiosk]\nlisten = "127.0.0.1:0"\n')
    return made


@pytest.fixture
def lane(site: Site) -> Iterator[Daemon]:
    with running(site) as daemon:
        eventually(lambda: "the page answers" in daemon.said(), "the page")
        yield daemon


def port_of(daemon: Daemon) -> int:
    return int(re.findall(r"url=http://127\.0\.0\.1:(\d+)/", daemon.said())[0])


def get(daemon: Daemon, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port_of(daemon)}{path}", timeout=20, trust_env=False)


def state(daemon: Daemon) -> dict[str, Any]:
    answer: dict[str, Any] = get(daemon, "/state").json()
    return answer


def order(site: Site, *words: str) -> subprocess.CompletedProcess[str]:
    return run_gate("lane", *words, "--config", site.config)


def decided(daemon: Daemon) -> int:
    return daemon.said().count("event=decision")


def goes_on(daemon: Daemon) -> None:
    before = decided(daemon)
    eventually(lambda: decided(daemon) > before + 1, "decisions")
    assert daemon.process.poll() is None


def connect(daemon: Daemon, request: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port_of(daemon)), 20)
    with suppress(OSError):  # it may have been ended already
        connection.sendall(request)
    return connection


class Screen:
    """The kiosk's own stream, read all the time."""

    def __init__(self, daemon: Daemon) -> None:
        self._socket = connect(daemon, SCREEN)
        self.received = b""
        self.has_ended = False
        Thread(target=self._read, daemon=True).start()
        eventually(lambda: b"event: state" in self.received, "the screen")

    def _read(self) -> None:
        with suppress(OSError), closing(self._socket):
            while part := self._socket.recv(65536):
                self.received += part
        self.has_ended = True

    def lives(self) -> None:
        before = len(self.received)
        eventually(lambda: self.has_ended or len(self.received) > before, "the screen's next message")
        assert not self.has_ended


@contextmanager
def crowd(daemon: Daemon, number: int, request: bytes = b"") -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(connect(daemon, request)) for _ in range(number)]


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def processor_time(pid: int) -> float:
    """Seconds."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def answers(connection: socket.socket) -> bytes:
    """What has come so far, or what comes soon."""
    connection.settimeout(2)
    with suppress(OSError):
        return connection.recv(64)
    return b""


def test_a_page_that_is_killed_comes_back_and_goes_on_counting(site: Site, lane: Daemon) -> None:
    goes_on(lane)
    assert order(site, "lockdown", "on").returncode == 0
    os.kill(lane.child("kiosk"), signal.SIGKILL)
    eventually(lambda: "device=kiosk" in lane.said(), "its end to be told")
    assert order(site, "status").stdout.startswith("phase locked_down")
    before = decided(lane)
    page = state(lane)  # at the same port: the socket is the lane's
    assert page["reason"] is None
    assert page["scene"] == "locked_down"  # what stands is told to a page that was not there
    text = get(lane, "/metrics").text
    (counted,) = re.findall(r'^gate_decisions_total\{reason="admitted"\} (\S+)$', text, re.MULTILINE)
    assert float(counted) >= 2
    assert re.search(r'^gate_phase\{state="locked_down"\} 1', text, re.MULTILINE)
    eventually(lambda: decided(lane) > before, "decisions")
    assert lane.process.poll() is None


def test_the_page_has_given_its_rights_up(lane: Daemon) -> None:
    """It answers all that it ever answers, with no right to a file, a new socket or a program."""
    status = Path(f"/proc/{lane.child('kiosk')}/status").read_text()
    enforced = not unenforced()
    assert ("Seccomp:\t2" in status) is enforced
    assert ("keeps rights" in lane.said()) is not enforced
    for path, code in (("/", 200), ("/static/kiosk.css", 200), ("/metrics", 200), ("/static/../x", 404), ("/x", 404)):
        assert get(lane, path).status_code == code
    refused = httpx.post(f"http://127.0.0.1:{port_of(lane)}/", trust_env=False)
    assert refused.status_code == 405
    assert "Traceback" not in lane.said()


def test_orders_and_decisions_do_without_the_page(site: Site, lane: Daemon) -> None:
    page = lane.child("kiosk")
    os.kill(page, signal.SIGSTOP)
    try:
        goes_on(lane)
        assert order(site, "free", "on").returncode == 0
        assert order(site, "free", "off").returncode == 0
    finally:
        os.kill(page, signal.SIGCONT)


def test_a_lane_that_hangs_shows_on_its_page_and_leaves_no_verdict_there(lane: Daemon) -> None:
    goes_on(lane)
    lane.process.send_signal(signal.SIGSTOP)
    try:
        eventually(lambda: state(lane)["scene"] == "no_signal", "the page to say so")
        page = state(lane)
        assert (page["reason"], page["number"], page["direction"]) == (None, 0, None)
        assert get(lane, "/healthz").status_code == 503
        assert get(lane, "/events").status_code == 503
    finally:
        lane.process.send_signal(signal.SIGCONT)
    eventually(lambda: get(lane, "/healthz").status_code == 200, "the page to be well again")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_page_ends_with_its_lane(lane: Daemon, number: signal.Signals) -> None:
    page, port = lane.child("kiosk"), port_of(lane)
    lane.stop(number)
    eventually(lambda: not Path(f"/proc/{page}").exists(), "the page to end")
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))


def test_idle_connections_take_nothing_from_lane_screen_or_scripts(site: Site, lane: Daemon) -> None:
    screen, said = Screen(lane), len(lane.said())
    files = open_files(lane.process.pid)
    with crowd(lane, OPEN_FILES + 48):
        goes_on(lane)
        assert order(site, "status").returncode == 0
        assert get(lane, "/healthz").status_code == 200
        screen.lives()
        page = lane.child("kiosk")
        eventually(lambda: open_files(page) < MOST_CONNECTIONS + 32, "what is too much to be ended")
        assert open_files(lane.process.pid) <= files + 8
    assert len(lane.said()) - said < 20_000


def test_half_requests_are_ended(lane: Daemon) -> None:
    screen = Screen(lane)
    with crowd(lane, 200, HALF) as halves:
        time.sleep(REQUEST_WITHIN + 1)
        held = 0
        for half in halves:
            half.setblocking(False)
            try:
                held += half.recv(64) != b""
            except BlockingIOError:
                held += 1
            except OSError:
                pass
        assert held == 0
        screen.lives()


def test_streams_are_counted_before_they_begin_and_some_are_the_screens(lane: Daemon) -> None:
    with crowd(lane, 300, SCRIPT) as streams:
        granted = sum(b" 200 " in answers(stream) for stream in streams)
        assert 0 < granted <= MOST_STREAMS - FOR_SCREENS
        Screen(lane).lives()
    goes_on(lane)


@pytest.mark.parametrize("number", [64, 256])
def test_a_flood_of_requests_starves_neither_lane_nor_screen(site: Site, lane: Daemon, number: int) -> None:
    screen = Screen(lane)
    flood = f"""
import socket, threading, time
def ask():
    while True:
        try:
            with socket.create_connection(("127.0.0.1", {port_of(lane)}), 5) as connection:
                while True:
                    connection.sendall({METRICS!r})
                    if not connection.recv(65536):
                        break
        except OSError:
            time.sleep(0.05)
for _ in range({number}):
    threading.Thread(target=ask, daemon=True).start()
time.sleep(60)
"""
    page = lane.child("kiosk")
    begun, used = time.monotonic(), processor_time(page)
    with subprocess.Popen([sys.executable, "-c", flood]) as asking:
        try:
            goes_on(lane)
            assert order(site, "status").returncode == 0
            screen.lives()
            assert processor_time(page) - used <= 0.1 + BURST + 1.2 * SHARE * (time.monotonic() - begun)
        finally:
            asking.kill()
    assert get(lane, "/healthz").status_code == 200


@pytest.mark.parametrize(
    "last_id", ["{session}-" + "9" * 6000, "{session}-" + "9" * 400, "9" * 6000, "-", "{session}-²"]
)
def test_any_last_event_id_is_answered_and_leaves_the_log_alone(lane: Daemon, last_id: str) -> None:
    session = state(lane)["session"]
    said = len(lane.said())
    request = SCRIPT.replace(b"\r\n\r\n", f"\r\nLast-Event-ID: {last_id.format(session=session)}\r\n\r\n".encode())
    with closing(connect(lane, request)) as stream:
        assert answers(stream).startswith(b"HTTP/1.1 200 ")
    assert "Traceback" not in lane.said()[said:]


@pytest.mark.parametrize(
    "request_text", [b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x00" * 100]
)
def test_what_is_too_long_or_no_request_is_refused(lane: Daemon, request_text: bytes) -> None:
    with closing(connect(lane, request_text)) as connection:
        assert re.match(rb"HTTP/1.1 4\d\d |$", answers(connection))
    assert get(lane, "/healthz").status_code == 200
