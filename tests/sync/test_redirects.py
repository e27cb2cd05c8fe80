"""A mirror sends a gate on within its own host only, whatever it answers and whatever its name leads to."""

import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import SyncError
from gate.sync.pinned_addresses import PinnedAddresses, is_public
from gate.sync.redirects import redirected
from tests.sync.liars import Liar
from tests.sync.servers import MirrorServer
from tests.sync.world import World

HTTPS = "https://lists.example.kz/gate/metadata/timestamp.json"
HTTP = "http://lists.example.kz:8080/gate/metadata/timestamp.json"


@pytest.mark.parametrize(
    ("url", "location", "leads_to"),
    [
        (HTTPS, "/v2/timestamp.json", "https://lists.example.kz/v2/timestamp.json"),
        (HTTPS, "2.json?x=1#part", "https://lists.example.kz/gate/metadata/2.json?x=1"),
        (HTTPS, "https://LISTS.example.kz:443/a", "https://lists.example.kz/a"),
        (HTTP, "https://lists.example.kz/a", "https://lists.example.kz/a"),
        (HTTP, "https://lists.example.kz:443/a", "https://lists.example.kz/a"),
        (HTTP, "http://lists.example.kz:8080/a", "http://lists.example.kz:8080/a"),
        ("http://[::1]:8080/a", "/b", "http://[::1]:8080/b"),
    ],
)
def test_within_its_host(url: str, location: str, leads_to: str) -> None:
    assert redirected(url, location) == leads_to


@pytest.mark.parametrize("url", [HTTPS, HTTP])
@pytest.mark.parametrize(
    "location",
    [
        "",
        "http://127.0.0.1:8080/relay/1/on",
        "https://127.0.0.1/relay/1/on",
        "//192.168.1.5/relay/1/on",
        "http://lists.example.kz/a",  # from HTTPS to HTTP, or to another port
        "http://lists.example.kz:80/a",
        "https://lists.example.kz:8443/a",
        "https://lists.example.kz.evil.example/a",
        "https://evil.example/?lists.example.kz",
        "https://cdn.lists.example.kz/a",
        "https://lists.example.kz@evil.example/a",
        "https://user:password@lists.example.kz/a",
        "https://lists.example.kz\\@evil.example/a",
        "https://lists.example.kz\t/a",
        "https://lists.example.kz\r\nX: y/a",
        "https://[::1/a",
        "https://lists.example.kz:port/a",
        "file:///etc/passwd",
        "ftp://lists.example.kz/a",
        "javascript:alert(1)",
        "gopher://127.0.0.1:6379/_x",
    ],
)
def test_nowhere_else(url: str, location: str) -> None:
    with pytest.raises(SyncError, match=r"redirects to .*, which is another site") as caught:
        redirected(url, location)
    assert str(caught.value).isprintable()


@given(st.text(max_size=60))
def test_nothing_of_the_host_is_taken_from_a_mirror(location: str) -> None:
    try:
        there = redirected(HTTPS, location)
    except SyncError:
        return
    assert there.startswith("https://lists.example.kz/") or there == "https://lists.example.kz"


def test_a_board_that_obeys_a_plain_request_gets_none(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.publish()
    with Liar(lambda *_: None) as board, MirrorServer(world.public) as mirror:
        mirror.faults["timestamp"] = lambda request, _: request.answer(
            302, b"", {"Location": f"{board.address}/relay/1/on"}
        )
        with pytest.raises(SyncError, match=f"redirects to {board.address}/relay/1/on, which is another site"):
            world.sync(mirror.address)
        assert board.asked == []
        mirror.faults.clear()
        assert world.sync(mirror.address).version == 1


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2a00:1450:4001:80b::200e", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.5", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - an address, not bound to
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::7f00:1", False),
        ("2002:c0a8:0105::1", False),
    ],
)
def test_which_addresses_are_of_the_internet(address: str, public: bool) -> None:
    assert is_public(address) is public


class Names:
    """A name server, and a network in which `answering` addresses answer."""

    def __init__(self, *answers: list[str], answering: set[str] | None = None) -> None:
        self._answers = list(answers)
        self._answering = answering
        self.reached: list[str] = []

    def look_up(self, *_: object, **__: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", (address, 0)) for address in self._answers.pop(0)]

    def connect(self, to: tuple[str, int], _: float | None) -> socket.socket:
        if self._answering is not None and to[0] not in self._answering:
            raise ConnectionRefusedError(111, "Connection refused")
        self.reached.append(to[0])
        return socket.socket()


def reached(monkeypatch: pytest.MonkeyPatch, names: Names, times: int) -> list[str]:
    monkeypatch.setattr(socket, "getaddrinfo", names.look_up)
    monkeypatch.setattr(socket, "create_connection", names.connect)
    addresses = PinnedAddresses()
    for _ in range(times):
        addresses.connect("lists.example.kz", 443, None).close()
    return names.reached


def test_a_name_that_changes_within_a_visit_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reached(monkeypatch, Names(["8.8.8.8"], ["192.168.1.5"]), 3) == ["8.8.8.8"] * 3


def test_a_name_that_is_public_and_private_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reached(monkeypatch, Names(["192.168.1.5", "8.8.8.8", "::1"]), 2) == ["8.8.8.8"] * 2


def test_a_mirror_in_the_gates_own_network_is_one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    answering = {"192.168.1.66", "192.168.1.5"}
    names = Names(["192.168.1.7", "192.168.1.66", "192.168.1.5"], answering=answering)
    assert reached(monkeypatch, names, 1) == ["192.168.1.66"]
    answering.remove("192.168.1.66")
    with pytest.raises(ConnectionRefusedError):
        reached(monkeypatch, Names(["192.168.1.66", "192.168.1.5"], answering=set()), 1)


def test_another_public_address_stands_in_for_one_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reached(monkeypatch, Names(["9.9.9.9", "8.8.8.8"], answering={"8.8.8.8"}), 2) == ["8.8.8.8"] * 2
