"""`python -m gate.demo.tethered PID SECONDS ...`: `python -m gate ...` that ends with its parent, process PID (Linux).

Its clock is behind by SECONDS.

A gate whose demo was killed would seek its turnstile for ever, by the name of a pseudo-terminal.  The next demo may get
that name, and the gate would take its turnstile.
"""

import ctypes
import os
import runpy
import signal
import sys

from gate.runtime.clock import SystemClock

_PR_SET_PDEATHSIG = 1


def _set_back(behind: float) -> None:
    """Set the clock of this process back."""
    right = SystemClock.now

    def now(self: SystemClock) -> float:
        return right(self) - behind

    SystemClock.now = now  # type: ignore[method-assign]  # of this process alone


def main() -> None:
    parent, behind = int(sys.argv.pop(1)), float(sys.argv.pop(1))
    if behind:
        _set_back(behind)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == parent:  # else it has ended already
        runpy.run_module("gate", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
