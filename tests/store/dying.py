"""Work in a process of its own that is killed at the Nth line of the store it executes."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def dies_at_line(number: int, work: Callable[[], None]) -> bool:
    """Do the work in a process of its own that dies at that line of the store; False when it has fewer."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    left = number

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal left
        if "/gate/store/" not in frame.f_code.co_filename:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    try:
        work()
    finally:
        os._exit(0)
