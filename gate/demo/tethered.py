"""`python -m gate.demo.tethered PID ...`: `python -m gate ...` that ends with its parent, process PID (Linux).

A gate whose demo was killed would seek its turnstile for ever, by the name of a pseudo-terminal.  The next demo may get
that name, and the gate would take its turnstile.
"""

import ctypes
import os
import runpy
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    parent = int(sys.argv.pop(1))
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == parent:  # else it has ended already
        runpy.run_module("gate", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
