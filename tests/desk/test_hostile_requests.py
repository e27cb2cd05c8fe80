"""What another site, a thief of a cookie, a user of another role and a slow client get: nothing."""

import socket

import httpx
import pytest

from gate.runtime.connections import ANSWERED_WITHIN
from tests.desk.rig import PINS, Browser, RunningDesk, browser

Signed = dict[str, Browser]


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1:1", "127.0.0.1.", "[::2]", ""])
def test_a_name_that_another_site_has_made_lead_here(stranger: Browser, desk: RunningDesk, host: str) -> None:
    assert stranger.client.get("/desk/", headers={"host": host}).status_code in (400, 421)
    assert stranger.client.get("/desk/", headers={"host": f"localhost:{desk.port}"}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"x-desk-token": "guessed"}, 403),
        ({"x-desk-token": ""}, 403),
    ],
)
def test_a_call_of_another_site(signed_in: Signed, desk: RunningDesk, headers: dict[str, str], status: int) -> None:
    before = len(desk.lane.requests("extend"))

    assert signed_in["guard"].post("extend", {"on": True}, **headers).status_code == status
    assert len(desk.lane.requests("extend")) == before


def test_a_cookie_without_its_token_shows_nothing(signed_in: Signed, desk: RunningDesk) -> None:
    guard = signed_in["guard"]
    with browser(desk) as thief:
        thief.client.cookies.update(guard.client.cookies)
        page = thief.client.get("/desk/lane")

        assert page.status_code == 200
        assert guard.token not in page.text
        for name in ("recent", "session", "watch"):
            assert thief.get(name).json() == {"ok": False, "code": "no_token"}
        assert thief.post("extend", {"on": True}).status_code == 403
        assert thief.knock("unlock", pin="000000").json()["code"] == "wrong_pin"
    assert guard.get("session").json()["ok"]
    assert guard.knock("unlock", pin=PINS["guard-07"]).json()["token"] == guard.token  # a further tab


def test_a_token_without_its_cookie(signed_in: Signed, stranger: Browser) -> None:
    stranger.token = signed_in["guard"].token

    assert stranger.get("recent").json() == {"ok": False, "code": "signed_out"}


def test_a_sign_in_from_another_page_than_ours(stranger: Browser) -> None:
    values = {"name": "guard-07", "pin": PINS["guard-07"]}
    stranger.ticket()

    assert stranger.post("sign-in", values, **{"x-desk-token": "x.y.z"}).json() == {"ok": False, "code": "no_token"}
    stranger.client.cookies.clear()
    assert stranger.post("sign-in", values, **{"x-desk-token": "x.y.z"}).json() == {"ok": False, "code": "no_token"}


@pytest.mark.parametrize("path", ["/desk/lane", "/desk/check", "/desk/orders", "/desk/users"])
def test_nobody_sees_a_page_before_signing_in(stranger: Browser, path: str) -> None:
    answer = stranger.client.get(path)

    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/")


@pytest.mark.parametrize(
    ("role", "call", "values"),
    [
        ("guard", "order", {"mode": "locked_down", "on": False}),
        ("guard", "order", {"mode": "locked_down", "on": True, "until": 1_900_000_000}),
        ("guard", "order", {"mode": "free", "on": True}),
        ("guard", "order", {"mode": "maintenance", "on": True}),
        ("guard", "inside", {"count": 0}),
        ("supervisor", "order", {"mode": "maintenance", "on": True}),
        ("technician", "check", {"iin": "900101300128"}),
        ("technician", "admit", {"direction": "entry", "why": "other"}),
        ("technician", "order", {"mode": "locked_down", "on": True}),
    ],
)
def test_an_order_of_another_role(
    signed_in: Signed, desk: RunningDesk, role: str, call: str, values: dict[str, object]
) -> None:
    before = len(desk.lane.asked)

    answer = signed_in[role].post(call, values)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert [request for request in desk.lane.asked[before:] if request["do"] == call] == []


@pytest.mark.parametrize("role", ["guard", "technician"])
def test_a_page_of_another_role(signed_in: Signed, role: str) -> None:
    assert signed_in[role].client.get("/desk/users").status_code == 403
    assert signed_in[role].get("users").status_code == 403


@pytest.mark.parametrize(
    "values",
    [
        {"mode": "locked_down", "on": True, "user": "chief"},
        {"mode": "locked_down", "on": True, "by": "chief"},
        {"mode": "locked_down", "on": True, "do": "reset"},
        {"mode": "boss", "on": True},
        {"mode": "free", "on": "yes"},
        [],
        "locked_down",
        {"mode": "free", "on": True, "x": "1" * 3000},
    ],
)
def test_a_call_that_is_no_order(signed_in: Signed, desk: RunningDesk, values: object) -> None:
    before = len(desk.lane.asked)

    assert signed_in["supervisor"].post("order", values).json()["code"] == "malformed"
    assert [request for request in desk.lane.asked[before:] if request["do"] == "order"] == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"])
def test_another_method(stranger: Browser, method: str) -> None:
    assert stranger.client.request(method, "/desk/").status_code == 405


def test_what_is_too_long(signed_in: Signed) -> None:
    guard = signed_in["guard"]

    assert guard.post("extend", {"on": "x" * 5000}).status_code == 413
    assert guard.client.get("/desk/", headers={"x-long": "x" * 9000}).status_code in (400, 431)
    headers = {"origin": str(guard.client.base_url).rstrip("/"), "content-type": "application/json"}
    assert guard.client.post("/desk/api/extend", content=iter([b"{}"]), headers=headers).status_code == 411


@pytest.mark.slow
@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_client_that_sends_no_end(desk: RunningDesk, stranger: Browser, part: str) -> None:
    ticket = stranger.ticket()
    host = f"localhost:{desk.port}"
    lines = {
        "headers": (f"GET /desk/ HTTP/1.1\r\nHost: {host}\r\nX: ", ""),
        "body": (
            f"POST /desk/api/sign-in HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nX-Desk-Token: {ticket}\r\n",
            f"Cookie: desk-visit={ticket}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{",
        ),
    }
    with socket.create_connection(("127.0.0.1", desk.port), 6 * ANSWERED_WITHIN) as slow:
        slow.sendall("".join(lines[part]).encode())
        try:
            answered = slow.recv(4096)
        except ConnectionResetError:
            answered = b""
    assert answered == b""  # ended, for it was late


def test_a_browser_keeps_nothing_and_loads_nothing_from_elsewhere(signed_in: Signed, stranger: Browser) -> None:
    answers: list[httpx.Response] = [
        stranger.client.get("/desk/"),
        signed_in["guard"].client.get("/desk/lane"),
        signed_in["guard"].get("recent"),
        stranger.client.get("/desk/static/desk.js"),
        stranger.get("recent"),
        stranger.client.get("/nothing"),
    ]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers
    assert "http://" not in answers[1].text.replace("http://www.w3.org", "")
    assert "https://" not in answers[1].text
