"""Proxies as the environment names them, and as they answer."""

import base64
import os
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from gate.errors import SyncError
from gate.sync.proxies import proxy_for
from tests.commands.process import run_gate
from tests.sync.certificates import self_signed
from tests.sync.liars import Liar
from tests.sync.servers import MirrorServer
from tests.sync.world import World
from tests.unit.configurations import LEAST

HTTPS, HTTP = "https://lists.example.kz/gate", "http://lists.example.kz/gate"


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("proxy.example.kz:3128", "http://proxy.example.kz:3128"),
        ("http://proxy.example.kz:3128", "http://proxy.example.kz:3128"),
        ("HTTP://proxy.example.kz:3128/", "http://proxy.example.kz:3128"),
        ("  http://proxy.example.kz:3128 ", "http://proxy.example.kz:3128"),
        ("10.0.0.1:3128", "http://10.0.0.1:3128"),
        ("http://[fd00::1]:3128", "http://[fd00::1]:3128"),
        ("proxy", "http://proxy:80"),
        ("https://proxy.example.kz", "https://proxy.example.kz:443"),
    ],
)
def test_an_address_with_and_without_scheme(value: str, url: str) -> None:
    proxy = proxy_for(HTTPS, {"HTTPS_PROXY": value})
    assert proxy is not None
    assert (proxy.url, proxy.headers) == (url, {})
    assert proxy.name == f"HTTPS_PROXY={value.strip()}"


@pytest.mark.parametrize(
    ("user", "pair"),
    [
        ("gate:s3cret", "gate:s3cret"),
        ("gate", "gate:"),
        ("corp%5Cgate:p%40ss%3Aword%2F%23", "corp\\gate:p@ss:word/#"),
        ("gate:p@ss", "gate:p@ss"),
        ("%D2%9B:%D2%93", "қ:ғ"),
        (":", ":"),
    ],
)
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_user_and_password_are_sent_and_not_shown(scheme: str, user: str, pair: str) -> None:
    proxy = proxy_for(HTTP, {"http_proxy": f"{scheme}{user}@proxy.example.kz:3128"})
    assert proxy is not None
    assert proxy.url == "http://proxy.example.kz:3128"
    assert proxy.headers == {"Proxy-Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    assert proxy.name == f"http_proxy={scheme}***@proxy.example.kz:3128"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("socks5://127.0.0.1:1080", r"=socks5://127\.0\.0\.1:1080: SOCKS is not supported"),
        ("SOCKS4A://u:secret@proxy:1080", r"=SOCKS4A://\*\*\*@proxy:1080: SOCKS is not supported"),
        ("socks5h://proxy", "SOCKS is not supported"),
        ("http://proxy.example.kz:31Z8", r"=http://proxy\.example\.kz:31Z8 is no address of a proxy.*http://host:port"),
        ('"http://proxy.example.kz:3128"', r'="http://proxy\.example\.kz:3128" is no address of a proxy'),
        ("http://", "is no address"),
        ("http:proxy.example.kz:3128", "is no address"),
        ("http//proxy:3128", "is no address"),
        ("ftp://proxy:3128", "is no address"),
        ("http://proxy:99999", "is no address"),
        ("http://proxy:0", "is no address"),
        ("http://[::1", "is no address"),
        ("http://pro xy:3128", "is no address"),
        ("http://proxy:3128/path", "is no address"),
        ("http://u:sec#secret@proxy:3128", r"=http://\*\*\*@proxy:3128 is no address"),
        ("http://u:secret@proxy:31\x1b[2J", r"\*\*\*@proxy:31\?\[2J is no address"),
        ("прокси:3128", "is no address"),
    ],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_value_that_is_of_no_use_is_named(variable: str, value: str, says: str) -> None:
    with pytest.raises(SyncError, match=says) as caught:
        proxy_for(HTTPS, {variable: value})
    assert caught.value.what.startswith(f"{variable}=")
    assert str(caught.value).isprintable()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "variable"),
    [
        ({}, None),
        ({"HTTP_PROXY": "a:1"}, None),
        ({"HTTPS_PROXY": "a:1", "https_proxy": "b:1"}, "https_proxy"),
        ({"HTTPS_PROXY": "a:1", "https_proxy": ""}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"ALL_PROXY": "a:1", "HTTPS_PROXY": "b:1"}, "HTTPS_PROXY"),
        ({"all_proxy": "a:1"}, "all_proxy"),
    ],
)
def test_which_variable_counts(environment: Mapping[str, str], variable: str | None) -> None:
    proxy = proxy_for(HTTPS, environment)
    assert (proxy.name.partition("=")[0] if proxy else None) == variable


@pytest.mark.parametrize(
    ("listed", "address", "direct"),
    [
        ("*", HTTPS, True),
        ("lists.example.kz", HTTPS, True),
        ("localhost, .example.kz", HTTPS, True),
        ("localhost example.kz", HTTPS, True),
        ("*.example.kz", HTTPS, True),
        ("EXAMPLE.KZ.", HTTPS, True),
        ("ample.kz", HTTPS, False),
        ("lists.example.kz:443", HTTPS, True),
        ("lists.example.kz:8443", HTTPS, False),
        ("", HTTPS, False),
        (",,", HTTPS, False),
        ("10.0.0.0/8", "http://10.1.2.3/gate", True),
        ("10.1.2.3", "http://10.1.2.3:8080/gate", True),
        ("10.0.0.0/8", "http://11.1.2.3/gate", False),
        ("fd00::/8", "http://[fd00::1]/gate", True),
        ("[fd00::1]", "http://[fd00::1]/gate", True),
    ],
)
def test_no_proxy(listed: str, address: str, direct: bool) -> None:
    for variable in ("NO_PROXY", "no_proxy"):
        environment = {"ALL_PROXY": "proxy:3128", variable: listed}
        assert (proxy_for(address, environment) is None) is direct


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    for variable in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(variable)
    made = World(tmp_path)
    made.publish()
    return made


@pytest.mark.parametrize(
    "value", ["socks5://127.0.0.1:1080", "http://proxy:31Z8", "nowhere.invalid:3128", "127.0.0.1:1"]
)
def test_a_bad_proxy_does_not_stop_a_folder(world: World, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(variable, value)
    outcome = world.sync(HTTP, HTTPS, world.public.as_uri())
    assert (outcome.mirror, outcome.version) == (world.public.as_uri(), 1)
    assert [value in problem for problem in outcome.problems] == [True, True]
    assert "'" not in "".join(outcome.problems)


def test_a_proxy_that_wants_a_password(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with MirrorServer(world.public) as proxy:
        proxy.wants = "Basic " + base64.b64encode(b"gate:s3:cret").decode()
        for value, says in {
            proxy.address: rf"the proxy \(http_proxy={proxy.address}\) requires a user and a password \(407\)",
            proxy.address.replace("//", "//gate:wrong@"): r"\*\*\*@.* refuses the user and password \(407\)",
        }.items():
            monkeypatch.setenv("http_proxy", value)
            with pytest.raises(SyncError, match=says):
                world.sync("http://lists.example.kz")
        monkeypatch.setenv("http_proxy", proxy.address.replace("//", "//gate:s3%3Acret@"))
        assert world.sync("http://lists.example.kz").version == 1


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("407 x", r"the proxy \(https_proxy=.*\) refuses the user and password \(407\)"),
        ("403 x", r"the proxy \(https_proxy=.*\) answers 403"),
        ("511 x", r"the network requires a log-in \(511\)"),
        ("302 x", r"the proxy \(https_proxy=.*\) answers 302"),
        ("abc", "what the proxy .* is not HTTP|connection to the proxy .* broke off"),
    ],
)
def test_a_tunnel_that_is_refused(world: World, monkeypatch: pytest.MonkeyPatch, answer: str, says: str) -> None:
    def refuse(_: Liar, connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode())

    with Liar(refuse) as proxy:
        monkeypatch.setenv("https_proxy", f"http://gate:p%40ss@127.0.0.1:{proxy.port}")
        with pytest.raises(SyncError, match=says) as caught:
            world.sync(HTTPS)
        sent = b"Proxy-Authorization: Basic " + base64.b64encode(b"gate:p@ss")
        assert sent.lower() in proxy.asked[0].lower()
    assert "('" not in str(caught.value)
    assert "Tunnel" not in str(caught.value)


def test_a_log_in_page_of_the_network(world: World) -> None:
    def answer(request: object, _: bytes) -> None:
        request.answer(511, b"log in")  # type: ignore[attr-defined] # a Request

    with MirrorServer(world.public) as mirror:
        mirror.faults["timestamp"] = answer
        with pytest.raises(SyncError, match=r"the network requires a log-in.*\(511\).*let through"):
            world.sync(mirror.address)


def _tunnel(to: Callable[[], int]) -> Callable[[Liar, socket.socket], None]:
    def tunnel(_: Liar, connection: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", to())) as other:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(other, connection), daemon=True)
            back.start()
            _pump(connection, other)
            back.join()

    return tunnel


def _pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(1 << 16):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)


def test_a_mirror_over_https_through_a_proxy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = self_signed(world.folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with MirrorServer(world.public, context) as mirror, Liar(_tunnel(lambda: mirror.port)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"gate:s3cret@127.0.0.1:{proxy.port}")
        assert world.sync("https://lists.example.kz").version == 1
        assert proxy.asked[0].startswith(b"CONNECT lists.example.kz:443 ")
        assert base64.b64encode(b"gate:s3cret") in proxy.asked[0]
        assert "/metadata/timestamp.json" in mirror.asked


def test_secrets_of_the_proxy_and_the_mirror_come_from_credentials(world: World, tmp_path: Path) -> None:
    (tmp_path / "gate.proxy").write_text("s3%3Aqqw\n")
    (tmp_path / "gate.mirror").write_text("m1rror\n")
    file = tmp_path / "gate.toml"
    with Liar(_refused) as proxy:
        address = f"http://gate:{{credential:proxy}}@127.0.0.1:{proxy.port}"
        sync = f'[sync]\nmirrors = ["http://gate:{{credential:mirror}}@lists.example.kz/"]\nproxy = "{address}"\n'
        least = LEAST.replace('id = "a"', f"id = 'a'\nstate_dir = '{tmp_path}/state'")
        file.write_text(f"{least}\n{sync}root = '{world.root}'\n")
        environment = {"CREDENTIALS_DIRECTORY": str(tmp_path), "HTTP_PROXY": "http://127.0.0.1:1"}
        done = run_gate("sync", "--config", file, "--once", env={**os.environ, **environment})
        asked = proxy.asked[0]
    shown = run_gate("config", "show", file)

    assert done.returncode == 1
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"gate:s3:qqw") in asked
    assert b"Authorization: Basic " + base64.b64encode(b"gate:m1rror") in asked
    assert not [secret for secret in ("qqw", "m1rror") if secret in done.stderr + done.stdout + shown.stdout]


def _refused(_: Liar, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 407 x\r\nContent-Length: 0\r\n\r\n")
