"""What a process of tests holds, so that a test which leaves something behind fails itself, and not another."""

import gc
import logging
import os
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

SETTLES = 10.0  # seconds in which threads and processes that were told to end do so, on a busy machine
SESSION = {"tests.commands.server"}  # modules of processes that last as long as the tests
_kept: set[str] = set()  # files that last as long as the tests


@dataclass(frozen=True, slots=True)
class Holdings:
    """Each a set of words, to be shown as they are."""

    threads: frozenset[str]
    children: frozenset[str]
    files: frozenset[str]
    environment: frozenset[str]
    process: frozenset[str]  # umask, current folder, log set-up

    @classmethod
    def now(cls, *, sockets: bool = True) -> Self:
        """`sockets`: whether they count."""
        return cls(
            frozenset(f"{thread.name} ({thread.ident})" for thread in threading.enumerate()),
            frozenset(_children()),
            frozenset(file for file in _files() if sockets or "-> socket:" not in file),
            frozenset(f"{name}={value}" for name, value in _environment().items()),
            frozenset(_process()),
        )

    def more(self, before: Self) -> str:
        """What there is now and was not before; of the environment and the process what is gone, too."""
        words = []
        for field in fields(self):
            had, has = getattr(before, field.name), getattr(self, field.name)
            changed = has - had if field.name in ("threads", "children", "files") else has ^ had
            words += [f"{field.name}: {word}" for word in sorted(changed)]
        return "; ".join(words)


def left_since(before: Holdings, *, sockets: bool = True) -> str:
    """What was left behind, "" once nothing is: threads and processes are given time to end."""
    end = time.monotonic() + SETTLES
    while left := Holdings.now(sockets=sockets).more(before):
        if time.monotonic() > end:
            return left
        gc.collect()  # what a cycle holds
        time.sleep(0.01)
    return ""


def keep(descriptor: int) -> None:
    """Let a file of something that is started once, by the first test that needs it, be nobody's to close."""
    _kept.add(_file(descriptor))


def _children() -> list[str]:
    found = []
    for thread in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # it has ended
            for pid in (thread / "children").read_text().split():
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                command = b" ".join(words).decode(errors="replace")
                if not any(module in command for module in SESSION):
                    found.append(f"{pid} {command}")
    return found


def _files() -> list[str]:
    found = []
    for entry in os.listdir("/proc/self/fd"):  # noqa: PTH208 - at every test: no Path for each
        with suppress(OSError):  # the list's own
            found.append(_file(entry))
    return [file for file in found if file not in _kept]


def _file(descriptor: int | str) -> str:
    return f"{descriptor} -> {os.readlink(f'/proc/self/fd/{descriptor}')}"  # noqa: PTH115 - as above


def _environment() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


def _process() -> list[str]:
    umask = os.umask(0o022)
    os.umask(umask)
    handlers = [repr(each) for each in logging.root.handlers if "pytest" not in type(each).__module__]
    return [f"umask {umask:o}", f"folder {Path.cwd()}", f"log level {logging.root.level}", f"handlers {handlers}"]
