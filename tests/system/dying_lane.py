"""`gate run` that is killed at the Nth line it executes after the first code was shown.

    python -m tests.system.dying_lane N --config F

Lines of the lane, the store, the reducer and the barrier's driver are counted, on every thread; N = 0
lives on and writes the count to stderr when it is stopped.  SIGKILL: nothing gets to clean up.
"""

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

from gate.cli.main import gate
from gate.lane.controller import Lane

WATCHED = ("/gate/lane/", "/gate/store/", "/gate/core/lane/step", "/drivers/barriers/", "/drivers/_shared/")


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


def main() -> None:
    death = Death(int(sys.argv.pop(1)))
    threading.settrace(death.trace)
    sys.settrace(death.trace)
    present = Lane.present

    def armed(*arguments: Any) -> Any:
        death.armed = True
        return present(*arguments)

    Lane.present = armed  # type: ignore[assignment,method-assign]  # the moment from which lines count
    gate(["run", *sys.argv[1:]], standalone_mode=False)
    sys.stderr.write(f"lines={death.lines}\n")


if __name__ == "__main__":
    main()
