"""What the demo serves and follows, over real HTTP on loopback."""

import asyncio
import io
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from PIL import Image

from gate.demo.camera import DemoCamera, Latest
from gate.demo.follow import Follower, StreamEvent, parse
from gate.demo.frame_proxy import FrameProxy
from gate.demo.page import stage_page
from gate.demo.scene import VIEW
from gate.demo.stage import BOUNDARY, HEADER, DemoStage

PAGE = stage_page("http://127.0.0.1:8080/", "http://127.0.0.1:8081/")


@pytest.fixture
def stage() -> Iterator[DemoStage]:
    latest = Latest()
    with DemoCamera(latest, 1), DemoStage(latest, lambda: {"people": 3}, PAGE, "green".__eq__) as stage:
        yield stage


def get(address: str) -> tuple[str, bytes]:
    with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - an address of our own
        return answer.headers["Content-Type"], answer.read()


def test_the_camera_sends_motion_jpeg(stage: DemoStage) -> None:
    pictures = []
    with urllib.request.urlopen(stage.camera, timeout=5) as stream:  # noqa: S310 - an address of our own
        assert stream.headers["Content-Type"] == f"multipart/x-mixed-replace; boundary={BOUNDARY}"
        for _ in range(3):
            assert stream.readline() == f"--{BOUNDARY}\r\n".encode()
            assert stream.readline() == b"Content-Type: image/jpeg\r\n"
            length = int(stream.readline().removeprefix(b"Content-Length: "))
            assert stream.readline() == b"\r\n"
            pictures.append(stream.read(length))
            assert stream.readline() == b"\r\n"
    assert len(set(pictures)) == 3
    with Image.open(io.BytesIO(pictures[0])) as picture:
        assert (picture.format, picture.size) == ("JPEG", VIEW)


def test_the_page_shows_the_camera_and_frames_the_kiosk_page(stage: DemoStage) -> None:
    kind, page = get(stage.address)
    assert kind == "text/html; charset=utf-8"
    assert b'src="/camera"' in page
    assert b'href="http://127.0.0.1:8080/"' in page
    assert b'<iframe src="http://127.0.0.1:8081/"' in page
    assert b"{{" not in page
    assert json.loads(get(f"{stage.address}state")[1]) == {"people": 3}


def press(stage: DemoStage, name: str, headers: dict[str, str]) -> int:
    address = f"{stage.address}press/{name}"
    request = urllib.request.Request(address, method="POST", headers=headers)  # noqa: S310 - our own
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - our own
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code


def test_a_button_is_pressed_by_this_page_only(stage: DemoStage) -> None:
    assert press(stage, "green", {HEADER: "1"}) == 200
    assert press(stage, "purple", {HEADER: "1"}) == 404
    assert press(stage, "green", {}) == 403
    assert press(stage, "green", {HEADER: "1", "Host": "elsewhere.example"}) == 403


def test_the_kiosk_page_may_be_framed_by_the_stage_alone() -> None:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
            self.send_header("X-Kept", self.headers["Host"])
            self.end_headers()
            self.wfile.write(self.path.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            with FrameProxy(server.server_address[1]) as frame:
                frame.allow("http://127.0.0.1:9/")
                with urllib.request.urlopen(f"{frame.address}static/x?y", timeout=5) as answer:  # noqa: S310 - our own
                    assert answer.read() == b"/static/x?y"
                    policy, kept = answer.headers["Content-Security-Policy"], answer.headers["X-Kept"]
            assert policy == "default-src 'none'; frame-ancestors http://127.0.0.1:9"
            assert kept == f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_there_is_nothing_else(stage: DemoStage) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(f"{stage.address}etc/passwd")
    assert refused.value.code == 404
    refused.value.close()


def test_a_viewer_gets_the_newest_frame_and_misses_older_ones() -> None:
    latest = Latest()
    assert latest.after(0, 0.0) is None
    for jpeg in (b"1", b"2", b"3"):
        latest.put(jpeg)
    assert latest.after(0, 0.0) == (3, b"3")
    assert latest.after(3, 0.0) is None


STREAM = """\
retry: 1000

event: state
data: {"scene": "idle"}

id: a-1
event: decided
data: {"reason": "admitted",
data: "ms": 4.5}

: a comment

event: grant_ended
data: {"passed": "passed"}

"""


def test_events_are_parsed_as_browsers_parse_them() -> None:
    assert list(parse(iter(STREAM.splitlines()))) == [
        StreamEvent("state", {"scene": "idle"}),
        StreamEvent("decided", {"reason": "admitted", "ms": 4.5}),
        StreamEvent("grant_ended", {"passed": "passed"}),
    ]


class _Kiosk(BaseHTTPRequestHandler):
    expected_people = 0

    def do_GET(self) -> None:
        type(self).expected_people += 1
        if self.expected_people == 1:  # not there yet
            self.send_error(503)
            return
        scene = "out_of_service" if self.expected_people == 2 else "idle"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(STREAM.replace("idle", scene).encode())  # then the stream breaks

    def log_message(self, *_: object) -> None:
        pass


async def test_the_follower_waits_for_service_and_connects_again() -> None:
    _Kiosk.expected_people = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), _Kiosk) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            async with Follower(server.server_address[1]) as follower, asyncio.timeout(10):
                await follower.in_service()
                assert _Kiosk.expected_people >= 3
                assert (await follower.next("grant_ended")).data == {"passed": "passed"}
                assert (await follower.next("decided")).data["ms"] == 4.5
                assert follower.page["scene"] == "idle"
        finally:
            server.shutdown()
            thread.join()
