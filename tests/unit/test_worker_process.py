"""Worker processes that misbehave, each a real one: DeviceError and nothing else, in bounded time and memory."""

import asyncio
import os
import resource
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from gate.errors import DeviceError
from gate.testing.census import children
from gate.worker import process
from gate.worker.codec import Codec, Failed, Loading, MessageLimits, Started
from gate.worker.process import WorkerProcess
from gate.worker.program import Program


@dataclass(frozen=True, slots=True)
class Word:
    text: str


@dataclass(frozen=True, slots=True)
class Count:
    number: int


LIMITS = MessageLimits(line=4096, text=1000, items=10)
PROGRAM = Program(
    "misbehaving", Codec(Loading, Started, Failed, Word, Count, limits=LIMITS), Codec(Word, Count, limits=LIMITS)
)

BEGIN = """
import os, sys, time, json
def say(kind, **fields):
    os.write(1, json.dumps([kind, fields]).encode() + b"\\n")
sys.stdin.readline()
say("Loading")
say("Started")
"""


def worker(folder: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    (folder / "misbehaving.py").write_text(program)
    monkeypatch.setenv("PYTHONPATH", str(folder))


async def spoken(within: float = 2.0) -> list[object]:
    """What it says until it is lost, as DeviceError; others of this process go on meanwhile."""
    said: list[object] = []
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    before = children()
    other = asyncio.create_task(others())
    one = await WorkerProcess.start("camera X", PROGRAM, {})
    try:
        while True:
            said.append(await one.receive(within))
    finally:
        await one.stop()
        other.cancel()
        assert turns
        assert children() <= before


NONSENSE = {
    "garbage": ("os.write(1, bytes(range(256)) * 4 + b'\\n')", "malformed messages: no message"),
    "no message of ours": ("say('Word', text=1)", "malformed messages: not a text"),
    "a message of another kind": ("say('Opened')", "malformed messages: no message"),
    "an unknown field": ("say('Word', text='a', more=1)", "malformed messages: Word with other fields"),
    "a line beyond the limit": ("os.write(1, b'x' * 5000 + b'\\n')", "malformed messages: a message of 5001 bytes"),
    "a line without an end": ("while True: os.write(1, b'x' * 1000)", "malformed messages: a message without an end"),
    "deeply nested": ("os.write(1, b'[' * 4000 + b'\\n')", "malformed messages: no message"),
    "a flood": ("while True: say('Word', text='a')", "malformed messages: more than can be taken"),
    "a flood of long ones": ("while True: say('Word', text='a' * 900)", "malformed messages: more than can be taken"),
    "half a message": ("os.write(1, b'[\"Word\", '); sys.exit()", "ended by itself (exit code 0)"),
    "it exits": ("sys.exit(3)", "ended by itself (exit code 3)"),
    "it crashes": ("os.abort()", "ended by itself (exit code -6)"),
    "it raises": ("raise SystemExit(1)", "ended by itself (exit code 1)"),
    "it closes its output": ("os.close(1); time.sleep(60)", "ended by itself"),
    "it forks and leaves": ("os.fork() or time.sleep(60)", "ended by itself (exit code 0)"),
    "an error of many lines": ("say('Failed', what='a\\nb\\x1b[31m\\ud800c', hint='d')", "a b [31m c. d"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_whatever_a_worker_says_is_a_device_error(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, problem = NONSENSE[name]
    worker(tmp_path, monkeypatch, f"{BEGIN}\n{program}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DeviceError) as caught:
        asyncio.run(spoken())
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kB


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        ("import sys; sys.exit(2)", "ended by itself (exit code 2)"),
        ("raise ImportError('no such library')", "ended by itself (exit code 1)"),
        ("syntax error", "ended by itself (exit code 1)"),
        ("while True: print('[\"Loading\", {}]', flush=True)", "did not start"),
    ],
)
def test_a_worker_that_does_not_start_is_a_device_error(
    program: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker(tmp_path, monkeypatch, program)
    with pytest.raises(DeviceError) as caught:
        asyncio.run(spoken())
    assert problem in caught.value.what


def test_a_worker_that_says_nothing_has_its_time_and_one_that_gets_on_has_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = children()
    monkeypatch.setattr(process, "STARTED_WITHIN", 0.8)
    slow = "".join("time.sleep(0.4); say('Loading')\n" for _ in range(4))
    worker(tmp_path, monkeypatch, BEGIN.replace('say("Started")', f"{slow}say('Started')\nsay('Word', text='here')"))

    async def first() -> object:
        one = await WorkerProcess.start("camera X", PROGRAM, {})
        try:
            return await one.receive(2.0)
        finally:
            await one.stop()

    assert asyncio.run(first()) == Word("here")
    worker(tmp_path, monkeypatch, "import time; time.sleep(60)")
    with pytest.raises(DeviceError, match="did not start within"):
        asyncio.run(first())
    assert children() <= before


def test_of_frames_that_came_while_nobody_looked_the_newest_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker(
        tmp_path,
        monkeypatch,
        BEGIN
        + """
for number in range(200):
    say("Count", number=number)
say("Word", text="between")
say("Count", number=200)
time.sleep(60)
""",
    )

    async def run() -> list[object]:
        one = await WorkerProcess.start("camera X", PROGRAM, {})
        try:
            await asyncio.sleep(0.5)
            return [await one.receive(2.0, newest=Count) for _ in range(3)]
        finally:
            await one.stop()

    assert asyncio.run(run()) == [Count(199), Word("between"), Count(200)]


def test_a_worker_that_takes_no_messages_costs_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worker(tmp_path, monkeypatch, f"{BEGIN}\ntime.sleep(60)")

    async def run() -> None:
        one = await WorkerProcess.start("camera X", PROGRAM, {})
        try:
            for _ in range(10_000):
                one.send(Word("a" * 500))
        finally:
            await one.stop()

    with pytest.raises(DeviceError, match="takes no messages"):
        asyncio.run(run())


def test_what_a_worker_forked_dies_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = "child = os.fork()\nif child: say('Count', number=child)\ntime.sleep(60)"
    worker(tmp_path, monkeypatch, f"{BEGIN}\n{program}")

    async def run() -> int:
        one = await WorkerProcess.start("camera X", PROGRAM, {})
        message = await one.receive(2.0)
        assert isinstance(message, Count)
        await one.stop()
        return message.number

    pid = asyncio.run(run())
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state in "ZX":
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} lives")


def test_the_time_in_which_this_process_was_held_up_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker answers a moment after the hold-up: as one that was stopped together with its parent."""
    worker(
        tmp_path, monkeypatch, f"{BEGIN}\nsys.stdin.readline()\ntime.sleep(2)\nsay('Word', text='late')\ntime.sleep(9)"
    )

    async def run() -> object:
        one = await WorkerProcess.start("camera X", PROGRAM, {})
        try:
            one.send(Word("begin"))
            receiving = asyncio.create_task(one.receive(1.5))
            await asyncio.sleep(0.1)
            os.kill(one.pid, signal.SIGSTOP)
            time.sleep(2.5)  # noqa: ASYNC251 - all of this process, as SIGSTOP would
            os.kill(one.pid, signal.SIGCONT)
            return await receiving
        finally:
            await one.stop()

    assert asyncio.run(run()) == Word("late")


def test_no_descriptors_left_is_a_device_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worker(tmp_path, monkeypatch, f"{BEGIN}\ntime.sleep(60)")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def run() -> None:
        await (await WorkerProcess.start("camera X", PROGRAM, {})).stop()  # asyncio keeps what it opens
        resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")), limits[1]))  # noqa: PTH208 - quick
        try:
            await WorkerProcess.start("camera X", PROGRAM, {})
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    with pytest.raises(DeviceError, match="Too many open files"):
        asyncio.run(run())


def test_a_worker_without_settings_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(DeviceError, match="ended by itself"):
        asyncio.run(spoken())  # there is no such module
