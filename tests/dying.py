"""Work in a process of its own that is killed at any of its lines, or before any of its changes to the disk."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

CHANGES = {f"os.{name}" for name in ("rename", "remove", "mkdir", "symlink", "chown", "rmdir", "truncate", "link")}
"""Events of an audit hook; `open` for writing is one too."""
STARTS = {"subprocess.Popen", "sqlite3.connect"}
"""Events of what may change the disk without an event of its own."""


def dies_at_line(number: int, work: Callable[[], object]) -> bool:
    """Do the work in a process of its own that dies at that line of the store; False when it has fewer."""

    def arm(count: Callable[[], None]) -> None:
        def trace(frame: FrameType, event: str, _: object) -> Any:
            if "/gate/store/" not in frame.f_code.co_filename:
                return None
            if event == "line":
                count()
            return trace

        sys.settrace(trace)

    return _dies(number, work, arm)


def dies_at_change(number: int, work: Callable[[], object], below: Path | None = None) -> bool:
    """Do the work in a process of its own that dies before that change to the disk; False when it makes fewer.

    `below`: only changes whose first path is below it count.
    """

    def arm(count: Callable[[], None]) -> None:
        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            opens = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
            counts = opens or event in CHANGES or event in STARTS
            if counts and (below is None or str(arguments[0]).startswith(str(below))):
                count()

        sys.addaudithook(hook)

    return _dies(number, work, arm)


def _dies(number: int, work: Callable[[], object], arm: Callable[[Callable[[], None]], None]) -> bool:
    """Do the work in a process of its own that dies when what `arm` sets up counts for that time."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    left = number

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        arm(count)
        work()
    finally:
        os._exit(0)
