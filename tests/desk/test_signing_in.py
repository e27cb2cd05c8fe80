"""Signing in by number and PIN, over the process: what is set, what locks, and what a restart forgets."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from gate.desk.certificate import Identity
from gate.desk.memory import WRONG_PINS
from tests.desk.played_lane import PlayedLane
from tests.desk.rig import PATIENCE, PINS, Browser, RunningDesk, browser, running_desk, write_config


def gate(*words: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gate", *map(str, words)]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_the_pin_opens_the_first_page(stranger: Browser, desk: RunningDesk) -> None:
    answer = stranger.sign_in("Guard-07")  # a telephone begins with a capital

    assert (answer.json()["user"], answer.json()["role"]) == ("guard-07", "guard")
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict"} <= set(cookie.split("; "))
    assert "Secure" not in cookie  # over loopback without TLS
    assert stranger.client.get("/desk/").headers["location"] == "/desk/lane"
    assert desk.lane.requests("signed_in")[-1]["user"] == "guard-07"
    assert PINS["guard-07"] not in desk.log.read_text()

    assert stranger.post("hand-over", {"note": "Турникет заедает"}).json() == {"ok": True}
    assert desk.lane.requests("signed_out")[-1]["user"] == "guard-07"
    assert stranger.client.get("/desk/lane").status_code == 303
    stranger.sign_in("chief")
    assert stranger.get("session").json()["note"]["text"] == "Турникет заедает"


@pytest.mark.parametrize("name", ["guard-08", "nobody"])
def test_five_wrong_pins_lock_a_name_that_is_there_or_not_over_a_restart(tmp_path: Path, name: str) -> None:
    lane = PlayedLane(tmp_path / "state")
    (tmp_path / "state").mkdir()
    lane.start()
    with running_desk(tmp_path, lane=lane) as desk, browser(desk) as one:
        left = [one.knock("sign-in", name=name, pin="000000").json() for _ in range(WRONG_PINS)]
        assert [answer.get("left") for answer in left] == [4, 3, 2, 1, None]
        assert left[-1] == {"ok": False, "code": "locked_out", "minutes": 5}
        right = one.knock("sign-in", name=name, pin=PINS.get(name, "123457"))
        assert (right.status_code, right.json()["code"]) == (429, "locked_out")
        assert one.sign_in("guard-07").json()["ok"]  # another name is not locked
    # What nobody is called may be anything that was typed: an IIN too.
    assert [request["user"] for request in lane.requests("locked_out")] == [one for one in [name] if one in PINS]
    assert (name in desk.log.read_text()) == (name in PINS)
    if name in PINS:
        with running_desk(tmp_path, lane=lane) as desk, browser(desk) as one:
            assert one.sign_in(name).json()["code"] == "locked_out"
    lane.stop()
    kept = tmp_path / "state/desk/people.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert set(json.loads(kept.read_text())["people"]) <= set(PINS)


def test_another_address_than_loopback_is_encrypted_by_a_certificate_of_the_device(tmp_path: Path) -> None:
    more = 'tls = "self"\nhosts = ["gate-7.local"]\n'
    with running_desk(tmp_path, more) as desk, browser(desk) as one:
        assert desk.url.startswith("https://")
        cookie = one.sign_in("guard-07").headers["set-cookie"]
        assert cookie.startswith("__Host-desk=")
        assert {"Secure", "HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
        assert one.get("recent").json()["ok"]
        assert one.client.get("/desk/", headers={"host": f"gate-7.local:{desk.port}"}).status_code != 421
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"http://127.0.0.1:{desk.port}/desk/", trust_env=False)
    own = tmp_path / "state/desk"
    assert stat.S_IMODE((own / "desk.key").stat().st_mode) == 0o600
    shown = gate("desk", "fingerprint", "--config", tmp_path / "gate.toml")
    assert shown.stdout.strip() == Identity(own / "desk.crt", own / "desk.key").fingerprint()
    assert len(shown.stdout.strip().split(":")) == 32


def test_a_pin_becomes_a_table_that_a_configuration_takes(tmp_path: Path) -> None:
    made = gate("desk", "pin", "--name", "guard-11", "--role", "guard", text="482913\n")

    assert made.returncode == 0
    assert "482913" not in made.stdout + made.stderr
    config = write_config(tmp_path)
    config.write_text(config.read_text().replace("[[reader]]", made.stdout + "[[reader]]"))
    assert gate("config", "check", config).returncode == 0


@pytest.mark.parametrize("pin", ["12345", "123456", "777777", "12345a", "", "1" * 13])
def test_a_pin_that_anybody_tries_first_is_refused(pin: str) -> None:
    refused = gate("desk", "pin", "--name", "x", "--role", "guard", text=f"{pin}\n")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert "PIN" in refused.stderr


def test_a_gate_without_a_desk_serves_nothing_and_ends_well(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    config.write_text(config.read_text().replace('listen = "127.0.0.1:0"', ""))
    ended = gate("desk", "--config", config)

    assert ended.returncode == 0
    assert "nothing is served" in ended.stderr
