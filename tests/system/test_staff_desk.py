"""Staff at a running gate: a person without a phone is checked by IIN and let in, and the number is nowhere."""

import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gate.control.client import RefusedOrderError, send_request
from gate.control.requests import AdmitRequest, CheckRequest, ModeRequest, Request, ResetRequest, StatusRequest
from gate.core.iin import is_iin
from gate.core.lane.modes import Mode
from gate.core.model import Direction
from gate.core.staff_cause import StaffCause
from gate.store.device_key import load_or_make
from gate.sync.sync import ListSource, sync
from tests.system.rig import Site, eventually, running

ENTRY = Direction.ENTRY
_NUMBERS = (f"99010130{number:04d}" for number in range(10_000))
IIN, OTHER = [number for number in _NUMBERS if is_iin(number)][:2]
USER = """
[sync]
mirrors = ["{mirror}"]
root = "{root}"
[staff]
iin_check = true
[[desk.user]]
name = "guard-07"
role = "guard"
pin = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21l$c29tZWhhc2hzb21laGFzaHNvbWVoYXNo"
"""
DEVICES = """
[[reader]]
driver = "camera"
device = "{pictures}"
[barrier]
driver = "fake"
[[input]]
driver = "fake"
path = "{passage}"
role = "fire"
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path, {})
    made.authority.import_csv(io.BytesIO(f"person,status\n{IIN},green\n".encode()))
    key = load_or_make(made.state)
    made.authority.add_device("test-1", bytes(key.verify_key).hex())
    made.publish()
    mirror = made.authority.public.as_uri()
    sync(ListSource((mirror,), made.root, made.state, 3600, key.verify_key), made.now)
    (tmp_path / "pictures").mkdir()
    people = USER.format(mirror=mirror, root=made.root)
    made.configure(people, DEVICES.format(pictures=tmp_path / "pictures", passage=made.passage))
    return made


def ask(site: Site, request: Request) -> dict[str, Any]:
    return send_request(site.state, request)


def test_a_person_is_let_in_by_iin_while_the_camera_is_lost(site: Site) -> None:
    with running(site) as daemon:
        eventually(lambda: ask(site, StatusRequest())["missing"] == ["reader[0]"], "the camera to be lost")
        status = ask(site, StatusRequest())
        assert (status["phase"], status["cannot"], status["index"]) == ("out_of_service", ["read"], True)
        checked = ask(site, CheckRequest(iin=IIN, user="guard-07"))
        assert (checked["status"], checked["may_enter"], checked["reason"]) == ("green", True, "admitted")
        admit = AdmitRequest(direction=ENTRY, user="guard-07", why=StaffCause.NO_PHONE, check=checked["check"])
        assert ask(site, admit)["phase"] == "released"
        eventually(lambda: ask(site, StatusRequest())["phase"] == "out_of_service", "the way to be closed")
        again = ask(site, CheckRequest(iin=IIN, user="guard-07"))
        assert (again["may_enter"], again["reason"]) == (False, "too_soon")
        for iin in (OTHER, IIN[:-1] + "x"):
            with suppress(RefusedOrderError):
                assert ask(site, CheckRequest(iin=iin, user="guard-07"))["reason"] == "not_listed"
        assert IIN not in daemon.said()
    decided = site.rows("event = 'decision'")
    assert [(row["reason"], row["format"], row["reader"], row["detail"]) for row in decided] == [
        ("staff_admitted", "iin", "staff", "no_phone")
    ]
    assert decided[0]["holder"] is not None
    for path in (path for path in site.folder.rglob("*") if path.is_file() and "authority" not in path.parts):
        assert IIN.encode() not in path.read_bytes(), path


def test_a_free_way_is_shown_as_free_while_the_camera_is_lost(site: Site) -> None:
    with running(site):
        eventually(lambda: ask(site, StatusRequest())["missing"] == ["reader[0]"], "the camera to be lost")
        free = ask(site, ModeRequest(mode=Mode.FREE, on=True))
        assert (free["phase"], free["cannot"], free["orders"]) == ("free", ["read"], ["free"])
        assert ask(site, ModeRequest(mode=Mode.FREE, on=False))["phase"] == "out_of_service"


def test_a_fire_says_whether_it_can_be_reset(site: Site) -> None:
    def say(word: str) -> None:
        site.passage.write_text(f"{word}\n")

    with running(site) as daemon:
        say("off")
        say("on")
        eventually(lambda: ask(site, StatusRequest())["fire"] == "open", "the alarm")
        with pytest.raises(RefusedOrderError, match="fire: nobody is let in during an alarm") as refused:
            ask(site, AdmitRequest(direction=ENTRY))
        assert refused.value.code == "fire"
        with pytest.raises(RefusedOrderError, match="the fire loop is still open") as refused:
            ask(site, ResetRequest())
        assert refused.value.code == "fire_loop_open"
        say("lost")
        eventually(lambda: ask(site, StatusRequest())["fire"] == "lost", "the contact to be lost")
        eventually(lambda: "input[0]" not in ask(site, StatusRequest())["problems"], "the contact to be back")
        say("off")
        eventually(lambda: ask(site, StatusRequest())["fire"] == "closed", "the loop to be closed")
        assert ask(site, ResetRequest())["fire"] is None
        assert daemon.process.poll() is None
