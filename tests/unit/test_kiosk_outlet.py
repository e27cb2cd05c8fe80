"""The lane's end of the page, with processes that are no page: whatever they do, it is a DeviceError and no more."""

import asyncio
import sys
import time
from collections.abc import Callable

import pytest

from gate.core.lane.modes import Mode
from gate.core.outlet_events import CodeSeen
from gate.errors import DeviceError
from gate.kiosk import outlet
from gate.kiosk.about import About
from gate.kiosk.listener import listen
from gate.runtime.bus import Bus
from gate.runtime.clock import SystemClock

ABOUT = About("ala-t2-07", "ala-t2", "airport", ("kk",), Mode.ENFORCE)
UP = """import sys, time; print('["Up", {}]', flush=True)\n"""


def life_of(monkeypatch: pytest.MonkeyPatch, program: str, during: Callable[[Bus], None] | None = None) -> DeviceError:
    """What one life of a "page" that runs this program ended with."""
    monkeypatch.setattr(outlet, "_command", lambda _: (sys.executable, "-c", program))

    async def scenario() -> DeviceError:
        bus = Bus()
        with listen("127.0.0.1", 0) as listener:
            process = outlet._PageProcess(bus, ABOUT, SystemClock(), listener, lambda: None)
            task = asyncio.create_task(process.run())
            while not task.done():
                if during:
                    during(bus)
                await asyncio.sleep(0.01)
        with pytest.raises(DeviceError) as caught:
            task.result()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return caught.value

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("program", "what"),
    [
        ("", "ended"),
        (UP + "import os; os.abort()", "ended"),
        (UP + "sys.stdin.close(); time.sleep(60)", "ended"),
        ("print('x' * 100_000, flush=True); import time; time.sleep(60)", "malformed message"),
        ("print('[\"Opened\", {}]', flush=True); import time; time.sleep(60)", "malformed message"),
        ("print('[' * 3000, flush=True); import time; time.sleep(60)", "malformed message"),
        ("print('[\"Up\", {}', end='', flush=True)", "ended"),
        ("import sys; sys.stdout.buffer.write(bytes(range(128, 256)) + b'\\n')", "malformed message"),
        (UP + "while True: print('[\"PageHeartbeat\", {}]', flush=True)", "too much"),
    ],
)
def test_nonsense_is_a_device_error(monkeypatch: pytest.MonkeyPatch, program: str, what: str) -> None:
    error = life_of(monkeypatch, program, lambda bus: bus.publish(CodeSeen(0.0, "r" * 1000)))
    assert len(str(error).splitlines()) == 1
    assert what in str(error)


def test_a_page_that_says_nothing_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "SILENT_FOR", 0.3)
    assert "sends nothing" in str(life_of(monkeypatch, UP + "time.sleep(60)"))


def test_a_page_that_never_comes_up_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "STARTED_WITHIN", 0.3)
    assert "sends nothing" in str(life_of(monkeypatch, "import time; time.sleep(60)"))


def test_a_page_that_starts_slowly_and_makes_progress_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "STARTED_WITHIN", 2.0)
    heartbeat = "print('[\"PageHeartbeat\", {}]', flush=True); time.sleep(1)"
    slow = f"import time\nfor _ in range(4): {heartbeat}\n"
    assert "process ended" in str(life_of(monkeypatch, slow))


def test_a_page_that_takes_nothing_is_ended_and_the_lane_never_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "TAKEN_WITHIN", 0.3)

    def flood(bus: Bus) -> None:
        for _ in range(200):
            bus.publish(CodeSeen(0.0, "r" * 1000))

    assert "takes nothing" in str(life_of(monkeypatch, UP + "time.sleep(60)", flood))


def test_a_process_that_cannot_be_started_is_a_device_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", refuse)
    assert "cannot be started: Too many open files" in str(life_of(monkeypatch, ""))


def test_a_hold_up_of_the_lane_is_not_the_pages_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "SILENT_FOR", 1.0)
    monkeypatch.setattr(outlet, "TAKEN_WITHIN", 1.0)
    says = UP + "import threading; threading.Thread(target=sys.stdin.read, daemon=True).start()\n"
    says += "while True: print('[\"PageHeartbeat\", {}]', flush=True); time.sleep(0.02)"
    monkeypatch.setattr(outlet, "_command", lambda _: (sys.executable, "-c", says))

    async def scenario() -> None:
        with listen("127.0.0.1", 0) as listener:
            task = asyncio.create_task(outlet._PageProcess(Bus(), ABOUT, SystemClock(), listener, lambda: None).run())
            for _ in range(3):
                await asyncio.sleep(0.3)
                time.sleep(1.5)  # noqa: ASYNC251 - the whole process stands still
            await asyncio.sleep(0.3)
            assert not task.done()
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()

    asyncio.run(scenario())
