"""A device that fails again and again: it is opened again, at longer and longer waits, and a defect ends the lane."""

import asyncio
import errno
import os
from collections.abc import Callable

import pytest

from gate.errors import DeviceError
from gate.runtime.supervisor import keep_running
from tests.log_lines import captured_lines

LOST = DeviceError("camera: lost", hint="Plug it in")


def supervised(
    errors: list[Exception | None], monkeypatch: pytest.MonkeyPatch, lasting: Callable[[int], float] = lambda _: 0.0
) -> tuple[list[str], list[float], list[str]]:
    """What is told of a device that fails so, the waits, and what is logged; None: it ends by itself.
    `lasting`: seconds that each run lasts, by its number."""
    told: list[str] = []
    waits: list[float] = []
    moment, number = 0.0, 0

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    async def run() -> None:
        nonlocal moment, number
        moment += lasting(number)
        number += 1
        error = errors.pop(0)
        if error is not None:
            raise error

    async def main() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: moment)
        await keep_running("reader[0]", run, told.append)

    monkeypatch.setattr(asyncio, "sleep", wait)
    with captured_lines() as logs:
        asyncio.run(main())
    return told, waits, [line["event"] for line in logs]


def test_waits_grow_to_the_longest_and_a_problem_is_logged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told, waits, logged = supervised([LOST] * 6 + [None], monkeypatch)
    assert told == [str(LOST)] * 6
    assert waits == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert logged == [str(LOST)]


def test_a_device_that_ran_well_is_opened_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _, waits, logged = supervised([LOST] * 5 + [None], monkeypatch, lasting=lambda number: 60.0 * (number == 3))
    assert waits == [0.5, 1.0, 2.0, 0.5, 1.0]
    assert logged == [str(LOST)] * 2


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EIO])
def test_what_the_operating_system_refuses_is_a_lost_device(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    told, waits, _ = supervised([OSError(number, os.strerror(number)), LOST, None], monkeypatch)
    assert os.strerror(number) in told[0]
    assert "tried again" in told[0]
    assert waits == [0.5, 1.0]


def test_no_thread_left_is_a_lost_device_and_a_defect_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    told, _, _ = supervised([RuntimeError("can't start new thread"), None], monkeypatch)
    assert "can't start new thread" in told[0]
    for defect in (RuntimeError("set changed size"), KeyError("texts"), AssertionError()):
        with pytest.raises(type(defect)):
            supervised([defect], monkeypatch)
