"""A folder of pictures before the camera is a queue of people."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from drivers.readers.camera import open_camera
from drivers.readers.camera_worker.image_folder import STABLE, ImageQueue, natural_order
from gate.core.model import Scan
from gate.errors import DeviceError
from gate.ports.reader import Answer
from gate.testing.reader_contract import LaneDouble, running
from tests.contract.camera_rigs import camera_config, put
from tests.log_lines import captured_lines


def session(
    folder: Path, lane: Callable[[], LaneDouble], watch: Callable[[LaneDouble], Coroutine[Any, Any, None]]
) -> LaneDouble:
    """Run the camera on `folder` for as long as `watch` takes."""

    async def run() -> LaneDouble:
        double = lane()
        async with open_camera(camera_config(folder)) as reader, running(reader, double):
            await watch(double)
        return double

    return asyncio.run(run())


def test_a_picture_with_several_codes_stays_until_all_are_decided(tmp_path: Path) -> None:
    put(tmp_path, "1.png", "LEFT", "RIGHT")
    put(tmp_path, "2.png", "NEXT")
    answers: dict[str, list[Answer | None]] = {"LEFT": [None], "RIGHT": [Answer.WAIT] * 4}

    def answer(scan: Scan) -> Answer | None:
        waiting = answers.get(scan.text)
        return waiting.pop(0) if waiting else Answer.DECIDED

    lane = session(tmp_path, lambda: LaneDouble(answer), lambda lane: lane.seen("LEFT", "RIGHT", "NEXT"))
    texts = [scan.text for scan in lane.scans]
    assert texts.count("LEFT") == 2  # a decided code is not presented again
    assert texts.count("RIGHT") == 5
    assert texts[-1] == "NEXT"


def test_people_who_come_later_or_again_are_seen(tmp_path: Path) -> None:
    put(tmp_path, "1.png", "FIRST")

    async def watch(lane: LaneDouble) -> None:
        await lane.seen("FIRST")
        await asyncio.to_thread(put, tmp_path, "2.png", "SECOND")
        await lane.seen("SECOND")
        await asyncio.to_thread(put, tmp_path, "1.png", "ANOTHER")  # the same name, another person
        await lane.seen("ANOTHER")

    lane = session(tmp_path, LaneDouble, watch)
    assert [scan.text for scan in lane.scans] == ["FIRST", "SECOND", "ANOTHER"]


def test_damaged_and_empty_pictures_are_named_and_passed_over(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"")
    whole = put(tmp_path, "2.png", "HALF").read_bytes()
    (tmp_path / "2.png").write_bytes(whole[: len(whole) // 2])
    put(tmp_path, "3.png")  # nobody holds a code
    (tmp_path / "4.txt").write_text("not a picture, and not taken for one")
    put(tmp_path, "5.png", "WHOLE")
    with captured_lines() as logs:
        lane = session(tmp_path, LaneDouble, lambda lane: lane.seen("WHOLE"))
    assert lane.texts == ["WHOLE"]
    problems = [line["event"] for line in logs if "picture skipped" in line["event"]]
    assert len(problems) == 2
    assert "1.png" in problems[0]
    assert "empty" in problems[0]
    assert "2.png" in problems[1]


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    async def run() -> None:
        async with open_camera(camera_config(tmp_path)):
            pass

    with pytest.raises(DeviceError) as caught:
        asyncio.run(run())
    assert str(caught.value) == f"camera {tmp_path}: the folder holds no pictures. Put PNG or JPEG files there"


def test_a_folder_that_was_lost_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "people"
    folder.mkdir()
    put(folder, "1.png", "FIRST")

    async def run() -> list[str]:
        lane = LaneDouble()
        async with open_camera(camera_config(folder)) as reader, asyncio.timeout(10):
            task = asyncio.create_task(reader.run(lane.present))
            await lane.seen("FIRST")
            await asyncio.to_thread(folder.rename, tmp_path / "away")
            with pytest.raises(DeviceError):
                await task
        await asyncio.to_thread((tmp_path / "away").rename, folder)
        await asyncio.to_thread(put, folder, "2.png", "SECOND")
        async with open_camera(camera_config(folder)) as reader, running(reader, lane):
            await lane.seen("SECOND")
        return [scan.text for scan in lane.scans]

    assert asyncio.run(run()) == ["FIRST", "SECOND"]


# The queue by itself, with a time of our own.


def taken(queue: ImageQueue, at: float) -> list[str]:
    queue.look(at)
    names = []
    while turn := queue.take(at):
        names.append(turn[0].name)
    return names


def test_names_are_taken_as_people_count(tmp_path: Path) -> None:
    for name in ("p10.png", "P9.PNG", "p1b.jpg", "p1.jpeg", "a.webp", ".hidden.png", "notes.md"):
        (tmp_path / name).write_bytes(b"x")
    queue = ImageQueue(tmp_path, {})
    queue.look(0.0)
    assert taken(queue, STABLE) == ["a.webp", "p1.jpeg", "p1b.jpg", "P9.PNG", "p10.png"]
    assert taken(queue, 10.0) == []


def test_a_file_that_is_being_written_waits(tmp_path: Path) -> None:
    growing = tmp_path / "1.png"
    growing.write_bytes(b"x")
    (tmp_path / "2.png").write_bytes(b"x")
    queue = ImageQueue(tmp_path, {})
    queue.look(0.0)
    growing.write_bytes(b"xy")
    assert taken(queue, STABLE) == ["2.png"]
    assert taken(queue, STABLE * 1.5) == []
    assert taken(queue, STABLE * 2) == ["1.png"]


def test_a_file_that_was_away_is_someone_new(tmp_path: Path) -> None:
    picture = tmp_path / "1.png"
    picture.write_bytes(b"x")
    queue = ImageQueue(tmp_path, {})
    queue.look(0.0)
    assert taken(queue, 1.0) == ["1.png"]
    picture.rename(tmp_path / "away")
    assert taken(queue, 2.0) == []
    (tmp_path / "away").rename(picture)
    queue.look(3.0)
    assert taken(queue, 4.0) == ["1.png"]


def test_what_was_shown_before_is_not_shown_again(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"x")
    (tmp_path / "2.png").write_bytes(b"x")
    queue = ImageQueue(tmp_path, {})
    queue.look(0.0)
    first = queue.take(1.0)
    assert first is not None
    queue = ImageQueue(tmp_path, {"1.png": first[1]})
    queue.look(2.0)
    assert taken(queue, 3.0) == ["2.png"]


@pytest.mark.parametrize(
    ("before", "after"), [("p2.png", "p10.png"), ("a", "b"), ("2", "10"), ("p", "p1"), ("p1", "p1b"), ("P1", "p2")]
)
def test_natural_order(before: str, after: str) -> None:
    assert natural_order(before) < natural_order(after)
