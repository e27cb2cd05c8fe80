"""What a process spends: seconds, and the most memory it ever had."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

# Memory counts from what the process that forks has itself, so that one is as small as can be: fork, exec, wait4.
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
    """By one process."""

    seconds: float
    cpu: float  # seconds of processor
    peak_mb: float  # resident memory at its highest, in 10^6 bytes


def gate(*arguments: object) -> tuple[Spent, str]:
    """What `gate ARGUMENTS` spends, and what it says on stdout.  Raises RuntimeError with what it said in failing."""
    return module("gate", *arguments)


def module(name: str, *arguments: object, said: str = "") -> tuple[Spent, str]:
    """The same of `python -m NAME ARGUMENTS`, which reads what is `said`."""
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
