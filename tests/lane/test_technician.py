"""A technician at a running lane: its parts, one output at a time, a camera's picture; all but the first in
maintenance only."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gate.core.lane.modes import Mode
from gate.core.lane.state import Equipment
from gate.core.model import Direction
from gate.errors import DeviceError
from gate.lane.staff import output_test
from gate.ports.camera_view import CameraPicture, CameraView, Outline, ReadingFacts
from gate.ports.feedback import Signal
from gate.ports.inputs import Level, Role
from tests.lane.control import controlled, rows, told
from tests.lane.rig import Rig, now

pytestmark = pytest.mark.real_time

SENSED = Equipment(0.3, 0.6, frozenset({Direction.ENTRY}))
MAINTENANCE = {"do": "order", "mode": "maintenance", "on": True}


class Hall(CameraView):
    """A camera in a hall, which counts the frames that were requested."""

    def __init__(self) -> None:
        self.requested = 0
        self.meanwhile: Any = None  # done while a frame is on its way
        self.lost = False

    @property
    def facts(self) -> ReadingFacts:
        return ReadingFacts(now(), 100, 40, 7, 0.008, 0, 120.0, 0.01, 0.5, 3.2, 9.0)

    async def picture(self) -> CameraPicture:
        self.requested += 1
        if self.meanwhile:
            await self.meanwhile()
        if self.lost:
            raise DeviceError("camera: it is not there", hint="It is being opened again")
        corners = ((1.0, 2.0), (3.0, 2.0), (3.0, 4.0), (1.0, 4.0))
        return CameraPicture(now(), 640, 480, "/9j/", (Outline(corners, read=False),), None)


async def test_parts_tell_since_when_what_to_do_and_the_last_edges(tmp_path: Path) -> None:
    async with controlled(tmp_path, rig=Rig(tmp_path, contacts={"input[0]": Role.REX})) as rig:
        rig.lane.parts.views["reader[0]"] = Hall()
        rig.lane.parts.fit("reader[0]", "camera")
        rig.lane.parts.advise("input[0]", "Look at its wires")
        rig.lane.device("input[0]", "gpio", "gpio: line 5 is lost. Look at its wires")
        for active in (False, True, False):
            rig.lane.report(Level(Role.REX, active, now()), "input[0]")
        answer = await told(tmp_path, do="parts")
        parts = {part["name"]: part for part in answer["parts"]}
        assert parts["barrier"]["state"] == "well"
        assert parts["input[0]"]["state"] == "lost"
        assert parts["input[0]"]["problem"] == "gpio: line 5 is lost"
        assert parts["input[0]"]["advice"] == "Look at its wires"
        assert 0 <= answer["at"] - parts["input[0]"]["since"] < 20
        (button,) = answer["inputs"]
        assert (button["role"], button["level"]) == ("rex", False)
        assert [edge["level"] for edge in button["edges"]] == [True, False]
        assert answer["cameras"]["reader[0]"]["unread"] == 7
        assert answer["outputs"][:3] == ["barrier entry", "barrier exit", "feedback[0] ready"]
        assert answer["maintenance"] is False


async def test_an_output_is_fired_once_in_maintenance_and_measured(tmp_path: Path) -> None:
    rig = Rig(tmp_path, equipment=SENSED, contacts={"input[0]": Role.PASSAGE})
    async with controlled(tmp_path, rig=rig):
        refused = await told(tmp_path, do="output", name="barrier entry")
        assert (refused["code"], rig.turnstile.openings) == ("not_in_maintenance", 0)
        await told(tmp_path, **MAINTENANCE)
        rig.lane.report(Level(Role.PASSAGE, False, now()), "input[0]")
        assert (await told(tmp_path, do="output", name="barrier entry"))["test"]["opened_ms"] >= 0
        await asyncio.sleep(0.1)  # a person takes longer than the answer
        rig.lane.report(Level(Role.PASSAGE, True, now()), "input[0]")
        test: dict[str, Any] = {"over": False}
        while not test["over"]:
            test = (await told(tmp_path, do="parts"))["test"]
        assert rig.turnstile.openings == 1
        assert [edge["contact"] for edge in test["edges"]] == ["input[0] passage"]
        assert test["opened_ms"] <= test["edges"][0]["ms"]
        assert test["locked_ms"] > test["opened_ms"]
        query = "event IN ('decision', 'passage')"
        assert [row[1] for row in rows(tmp_path, query)] == ["staff_admitted", "passed"]
        assert rows(tmp_path, "event = 'decision' AND mode = 'maintenance'")


async def test_a_lamp_shows_a_signal_and_then_the_lane_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output_test, "SHOWN", 0.05)
    async with controlled(tmp_path) as rig:
        await told(tmp_path, **MAINTENANCE)
        await told(tmp_path, do="output", name="feedback[0] refused")
        assert rig.lamp.shown[-1] is Signal.REFUSED
        await rig.until(lambda: rig.lamp.shown[-1] is Signal.OUT_OF_SERVICE)
        assert rig.turnstile.openings == 0


@pytest.mark.parametrize("name", ["barrier", "barrier up", "feedback[1] ready", "reader[0]", " "])
async def test_an_output_that_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    async with controlled(tmp_path) as rig:
        await told(tmp_path, **MAINTENANCE)
        assert (await told(tmp_path, do="output", name=name))["code"] == "malformed"
        assert rig.turnstile.openings == 0


async def test_no_frame_is_requested_outside_of_maintenance(tmp_path: Path) -> None:
    async with controlled(tmp_path) as rig:
        hall = rig.lane.parts.views["reader[0]"] = Hall()
        for mode in (None, "free", "out_of_service", "locked_down"):
            if mode:
                await told(tmp_path, do="order", mode=mode, on=True)
            answer = await told(tmp_path, do="picture", reader="reader[0]")
            assert (answer["ok"], answer["code"]) == (False, "not_in_maintenance"), mode
            assert "jpeg" not in answer
        assert hall.requested == 0


async def test_a_frame_that_comes_after_maintenance_is_dropped(tmp_path: Path) -> None:
    async with controlled(tmp_path) as rig:
        hall = rig.lane.parts.views["reader[0]"] = Hall()
        await told(tmp_path, **MAINTENANCE)
        for _ in range(3):
            assert (await told(tmp_path, do="picture", reader="reader[0]", by="Aigul"))["jpeg"] == "/9j/"
        ((_, what, actor),) = rows(tmp_path, "event = 'staff'")  # once, not for each frame
        assert (what, actor.endswith("by Aigul")) == ("looks through reader[0]", True)

        async def take_back() -> None:
            await told(tmp_path, **MAINTENANCE | {"on": False})

        hall.meanwhile = take_back  # served while the frame is on its way: nobody waits for it
        answer = await told(tmp_path, do="picture", reader="reader[0]")
        assert answer["code"] == "not_in_maintenance"
        assert "jpeg" not in answer
        assert rig.lane.state.mode is Mode.ENFORCE


async def test_a_camera_that_gives_no_frame_is_a_refusal(tmp_path: Path) -> None:
    async with controlled(tmp_path) as rig:
        hall = rig.lane.parts.views["reader[0]"] = Hall()
        hall.lost = True
        await told(tmp_path, **MAINTENANCE)
        assert "it is not there" in (await told(tmp_path, do="picture", reader="reader[0]"))["problem"]
        assert "no such camera" in (await told(tmp_path, do="picture", reader="reader[1]"))["problem"]


async def test_the_journal_keeps_the_digest_of_an_acceptance_record(tmp_path: Path) -> None:
    async with controlled(tmp_path):
        assert (await told(tmp_path, do="accept", digest="A" * 64))["code"] == "malformed"
        answer = await told(tmp_path, do="accept", digest="ab" * 32, by="Aigul")
        ((event, digest, actor),) = rows(tmp_path, f"seq = {answer['row']}")
        assert (event, digest) == ("acceptance", "ab" * 32)
        assert actor.endswith("by Aigul")
