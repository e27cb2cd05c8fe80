"""`gate desk` as a process of its own over loopback, with a played lane, and a client that signs in."""

import json
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from gate.desk.pins import hash_pin
from tests.desk.played_lane import PlayedLane

PATIENCE = 60.0  # seconds after which something hangs
PINS = {"guard-07": "271828", "guard-08": "577215", "chief": "161803", "tech": "141421"}
ROLES = {"guard-07": "guard", "guard-08": "guard", "chief": "supervisor", "tech": "technician"}
HASHES = {name: hash_pin(pin) for name, pin in PINS.items()}
TICKET = re.compile(r'"ticket": "([^"]+)"')

CONFIG = """\
[device]
id = "ala-t2-07"
state_dir = "{folder}/state"
[venue]
id = "ala-t2"
category = "airport"
zone = "almaty"
timezone = "Asia/Almaty"
[staff]
iin_check = true
[desk]
listen = "127.0.0.1:0"
{more}
[[reader]]
driver = "fake"
"""


def write_config(folder: Path, more: str = "") -> Path:
    """Write a configuration with every user, and make the folder of the lane's socket."""
    (folder / "state").mkdir(exist_ok=True)
    users = [f'[[desk.user]]\nname = "{name}"\nrole = "{ROLES[name]}"\npin = "{HASHES[name]}"\n' for name in PINS]
    file = folder / "gate.toml"
    file.write_text(CONFIG.format(folder=folder, more=more + "\n" + "".join(users)))
    return file


@dataclass
class RunningDesk:
    """A desk that runs."""

    url: str
    lane: PlayedLane
    folder: Path
    process: subprocess.Popen[str]
    log: Path

    @property
    def port(self) -> int:
        return httpx.URL(self.url).port or 0


@contextmanager
def running_desk(folder: Path, more: str = "", lane: PlayedLane | None = None) -> Iterator[RunningDesk]:
    """Run `gate desk` until the block ends."""
    config = write_config(folder, more)
    played = lane or PlayedLane(folder / "state")
    if lane is None:
        played.start()
    log = folder / "desk.log"
    command = [sys.executable, "-m", "gate", "desk", "--config", str(config)]
    with log.open("a") as sink:
        begin = log.stat().st_size
        process = subprocess.Popen(command, stdout=sink, stderr=sink, text=True)
        try:
            url, watched = address_of(process, log, begin), len(played.requests("watch"))
            while lane is None and not watched:  # else the watch would begin in the midst of a test
                time.sleep(0.02)
                watched = len(played.requests("watch"))
            yield RunningDesk(url, played, folder, process, log)
        finally:
            process.terminate()
            process.wait(PATIENCE)
            if lane is None:
                played.stop()


def address_of(process: subprocess.Popen[str], log: Path, begin: int) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        text = log.read_text()[begin:]
        if found := re.search(r"https?://\S+/desk/", text):
            return found[0].removesuffix("/desk/")
        assert process.poll() is None, text
        time.sleep(0.05)
    raise AssertionError(log.read_text())


@dataclass
class Browser:
    """An HTTP client that behaves as a page's script does."""

    client: httpx.Client
    token: str = ""

    def ticket(self) -> str:
        found = TICKET.search(self.client.get("/desk/", follow_redirects=True).text)
        assert found
        return found[1]

    def knock(self, call: str, **values: Any) -> httpx.Response:
        return self.post(call, values, token=self.ticket())

    def sign_in(self, user: str, pin: str | None = None) -> httpx.Response:
        answer = self.knock("sign-in", name=user, pin=pin or PINS[user.lower()])
        self.token = answer.json().get("token", "")
        return answer

    def post(self, name: str, values: Any = None, token: str | None = None, **headers: str) -> httpx.Response:
        origin = str(self.client.base_url).rstrip("/")
        sent = {"origin": origin, "content-type": "application/json", "x-desk-token": token or self.token} | headers
        return self.client.post(f"/desk/api/{name}", content=json.dumps(values or {}), headers=sent)

    def get(self, name: str, **headers: str) -> httpx.Response:
        return self.client.get(f"/desk/api/{name}", headers={"x-desk-token": self.token} | headers)


@contextmanager
def browser(desk: RunningDesk) -> Iterator[Browser]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with httpx.Client(base_url=desk.url, verify=context, trust_env=False, timeout=PATIENCE) as client:
        yield Browser(client)
