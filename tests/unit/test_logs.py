"""The lines of the log: their forms, and what becomes of texts from outside."""

import asyncio
import json
import logging
import os
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import datetime

import pytest

from gate import logs
from gate.logs import Log, LogForm, device_log, naming

ODD = "a\nb\x1b[31m\u202e" + "x" * 3000


class Screen:
    """Standard error that a person reads."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What `set_up` changes in this process is put back."""
    root, gate = logging.getLogger(), logging.getLogger("gate")
    before = root.handlers[:], root.level, gate.level, logging.raiseExceptions
    for variable in ("GATE_LOG_FORMAT", "GATE_LOG_LEVEL"):
        monkeypatch.setenv(variable, "")
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    gate.setLevel(before[2])
    logging.raiseExceptions = before[3]
    logging.captureWarnings(False)


def test_each_line_names_time_level_and_part(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up()
    Log(part="sync").info("synced", version=7, delta=True, why=None, mirror="https://a/?b=c", words='he said "no"')
    at, rest = capsys.readouterr().err.split(" ", 1)
    assert datetime.fromisoformat(at.removeprefix("time=")).tzinfo is not None
    assert rest == (
        r'level=info part=sync event=synced version=7 delta=true why= mirror="https://a/?b=c" '
        r'words="he said \"no\""' + "\n"
    )


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(form=LogForm.JSON)
    Log(part="lane").warning(ODD, count=2, because=ValueError("Қақпа"))
    (line,) = capsys.readouterr().err.splitlines()
    said = json.loads(line)
    assert list(said) == ["time", "level", "part", "event", "count", "because"]
    assert (said["level"], said["part"], said["count"], said["because"]) == ("warning", "lane", 2, "Қақпа")
    assert said["event"] == ODD[: logs.MOST_TEXT - 1] + "…"


def test_a_person_reads_the_words_and_nothing_moves_the_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("NO_COLOR", "1")
    logs.set_up()
    with naming("reader[0]"):
        device_log().warning(ODD[:11], side="left")
    assert re.fullmatch(r"\d\d:\d\d:\d\d warning  reader\[0\]  a\\nb\\x1b\[31m\\u202exx side=left\n", screen.text), (
        screen.text
    )
    monkeypatch.setenv("NO_COLOR", "")
    Log(part="lane").error("odd")
    assert "\x1b[31merror" in screen.text


def test_what_a_stranger_said_is_one_line_of_bounded_length(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up()
    Log(part="lane").info("scanned", text=ODD)
    Log(part="lane").info("scanned", text="x=1 level=error")
    odd, forged = capsys.readouterr().err.splitlines()
    assert r'text="a\nb\x1b[31m\u202exxx' in odd
    assert len(odd) < logs.MOST_TEXT + 200
    assert forged.endswith('text="x=1 level=error"')


@pytest.mark.parametrize(("form", "begin"), [("text", "level=error part=lane event=lost"), ("json", '{"time": "20')])
def test_the_journal_is_given_priorities(form: str, begin: str) -> None:
    program = "import sys; from gate import logs; logs.set_up(form=logs.LogForm(sys.argv[1]))\n"
    program += "log = logs.Log(part='lane'); log.error('lost'); log.info('back')"
    read, write = os.pipe()
    status = os.fstat(write)
    for stream, prefixes in ((f"{status.st_dev}:{status.st_ino}", ["<3>", "<6>"]), (f"{status.st_dev}:1", ["", ""])):
        environment = os.environ | {"JOURNAL_STREAM": stream}
        subprocess.run([sys.executable, "-c", program, form], stderr=write, env=environment, check=True, timeout=60)
        lines = os.read(read, 4096).decode().splitlines()
        for line, prefix in zip(lines, prefixes, strict=True):
            assert line.startswith(prefix), line
        if prefixes[0]:
            assert lines[0].startswith("<3>" + begin)
    os.close(read)
    os.close(write)


def test_a_driver_logs_by_the_name_of_its_device_from_any_thread(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up()

    async def opened(name: str) -> Log:
        with naming(name):
            await asyncio.sleep(0)
            return await asyncio.to_thread(device_log)

    async def both() -> tuple[Log, Log]:
        return await asyncio.gather(opened("barrier"), opened("reader[0]"))

    barrier, reader = asyncio.run(both())
    thread = threading.Thread(target=barrier.info, args=("answers no query",))
    thread.start()
    thread.join()
    reader.warning("picture skipped")
    said = [line.split(" ", 1)[1] for line in capsys.readouterr().err.splitlines()]
    assert said == [
        'level=info device=barrier event="answers no query"',
        'level=warning device=reader[0] event="picture skipped"',
    ]


def test_libraries_and_warnings_are_lines_like_others(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up()
    library = logging.getLogger("pymodbus.logging")
    library.info("too much detail")
    with naming("barrier"):
        library.error("no answer from %s", "unit 1")
    library.error("%d arguments are missing")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("this will change", FutureWarning, stacklevel=1)
    lines = [line.split(" ", 1)[1] for line in capsys.readouterr().err.splitlines()]
    assert lines[:2] == [
        'level=error part=pymodbus device=barrier event="no answer from unit 1"',
        'level=error part=pymodbus event="%d arguments are missing"',
    ]
    assert re.fullmatch(
        r'level=warning part=python event=".*test_logs.py:\d+: FutureWarning: this will change"', lines[2]
    )


def test_a_library_repeats_nothing_and_floods_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("gate.logs.time.monotonic", lambda: now)
    logs.set_up()
    library, own = logging.getLogger("uvicorn.error"), Log(part="lane")
    for number in range(100):
        library.warning("Invalid HTTP request received.")
        library.warning("odd byte %d", number)
        own.info("decision", seq=number)
    lines = capsys.readouterr().err.splitlines()
    assert sum("part=lane" in line for line in lines) == 100
    library_lines = [line for line in lines if "part=uvicorn" in line]
    assert len(library_lines) == logs.MOST_AN_HOUR
    assert sum("Invalid" in line for line in library_lines) == 1
    assert library_lines[-1].endswith('more="left out for an hour"')
    now += logs.HOUR
    library.warning("Invalid HTTP request received.")
    assert "Invalid" in capsys.readouterr().err


def test_errors_that_nobody_caught_are_lines_too() -> None:
    program = "import threading; from gate import logs; logs.set_up()\n"
    program += "def fail(): raise ValueError('in a\\nthread')\n"
    program += "t = threading.Thread(target=fail, name='T'); t.start(); t.join(); raise OSError('at the end')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    thread, end = done.stderr.splitlines()
    assert 'level=error part=gate event="a thread ended by an error" thread=T exception="Traceback' in thread
    assert "ValueError: in a" in thread
    assert "level=critical part=gate" in end
    assert end.endswith('OSError: at the end"')


def test_a_process_that_can_load_nothing_more_logs_its_end() -> None:
    program = "import sys; from gate import logs; logs.set_up_child(); sys.path.clear(); sys.meta_path.clear()\n"
    program += "raise OSError('at the end')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.endswith('OSError: at the end"\n')


@pytest.mark.parametrize("target", ["a pipe that nobody reads", "a full disk"])
def test_a_log_that_cannot_be_written_ends_nothing(target: str) -> None:
    program = "from gate.logs import Log, set_up\nset_up()\n"
    program += (
        "for number in range(2000): Log(part='lane').error('the list is gone', number=number)\n"  # over any buffer
    )
    program += "print('went on')"
    if target == "a full disk":
        log = os.open("/dev/full", os.O_WRONLY)
    else:
        nobody, log = os.pipe()
        os.close(nobody)
    try:
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=log, timeout=60, check=False
        )
    finally:
        os.close(log)
    assert done.stdout == b"went on\n"
