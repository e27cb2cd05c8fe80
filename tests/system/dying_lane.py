"""`gate run` that is killed at the Nth line it executes after the first code was shown.

A job: config, line.  Lines of the lane, the store, the reducer and the barrier's driver are counted, on every
thread; 0: it lives on, and writes the count to its standard error when it is stopped.  Without `line` nothing is
counted.
SIGKILL: nothing gets to clean up.
"""

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

from gate.cli.main import gate
from gate.lane.controller import Lane
from tests.commands.jobs import carry_out

WATCHED = ("/gate/lane/", "/gate/store/", "/gate/core/lane/", "/drivers/barriers/", "/drivers/_shared/")


class Death:
    def __init__(self, at: int) -> None:
        self.at = at
        self.lines = 0
        self.armed = False

    def trace(self, frame: FrameType, event: str, _: object) -> Any:
        if not any(part in frame.f_code.co_filename for part in WATCHED):
            return None
        if event == "line" and self.armed:
            self.lines += 1
            if self.lines == self.at:
                os.kill(os.getpid(), signal.SIGKILL)
        return self.trace

    def watch(self) -> None:
        threading.settrace(self.trace)
        sys.settrace(self.trace)
        present = Lane.present

        def armed(*arguments: Any) -> Any:
            self.armed = True
            return present(*arguments)

        Lane.present = armed  # type: ignore[assignment,method-assign]  # the moment from which lines count


def live(job: dict[str, Any]) -> int:
    death = Death(job["line"] or 0)
    if job["line"] is not None:
        death.watch()
    gate(["run", "--config", job["config"]], standalone_mode=False)
    os.write(2, f"lines={death.lines}\n".encode())
    return 0


if __name__ == "__main__":
    carry_out(live)
