"""The resources of a process: processor seconds, and peak memory."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

# Peak memory includes that of the forking process, which therefore is minimal: fork, exec, wait4.
_SMALL_PARENT = """if True:
    import os, sys, time
    start, report, child = time.perf_counter(), int(sys.argv[1]), os.fork()
    if not child:
        os.close(report)
        os.execv(sys.argv[2], sys.argv[2:])
    _, status, usage = os.wait4(child, 0)
    spent = (time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)
    os.write(report, b"[%f, %f, %f]" % spent)
    sys.exit(os.waitstatus_to_exitcode(status))
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """The resources of one process."""

    seconds: float
    cpu: float  # seconds of processor
    peak_mb: float  # resident memory at its highest, in 10^6 bytes


def gate(*arguments: object) -> tuple[Spent, str]:
    """Run `gate ARGUMENTS`; return its resources and its stdout.  Raises RuntimeError with its output when it fails."""
    return module("gate", *arguments)


def module(name: str, *arguments: object, said: str = "") -> tuple[Spent, str]:
    """Run `python -m NAME ARGUMENTS` likewise, with `said` on its standard input."""
    read, write = os.pipe()
    command = [sys.executable, "-ISc", _SMALL_PARENT, str(write), sys.executable, "-m", name, *map(str, arguments)]
    with os.fdopen(read, "rb") as report:
        try:
            done = subprocess.run(  # noqa: S603 - ours
                command, capture_output=True, text=True, check=False, pass_fds=[write], input=said
            )
        finally:
            os.close(write)
        if done.returncode:
            raise RuntimeError(f"{name} {' '.join(map(str, arguments))}: {done.stderr.strip() or done.stdout.strip()}")
        return Spent(*json.loads(report.read())), done.stdout
