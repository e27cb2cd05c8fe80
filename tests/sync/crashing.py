"""A sync that is killed, or refused by the disk, at any one of its system calls: forked from a process that has
everything loaded, and held by strace, which counts the calls and injects the fault.

Lines on standard input: JSON with state, mirror, root, now, and a pipe to wait for.  For each the pid of a
child is printed, and, when it has ended, its wait status.
"""

import json
import os
import sys
from pathlib import Path

import structlog

from gate.errors import GateError
from gate.sync.syncing import Source, sync

REFUSED = 17  # exit code: a GateError, as it should be


def main() -> None:
    structlog.configure(processors=[_drop])
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            Path(job["go"]).read_bytes()  # a pipe: waits until somebody opens its other end
            os._exit(_run(job))
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(status, flush=True)


def _run(job: dict[str, str]) -> int:
    try:
        sync(Source([job["mirror"]], Path(job["root"]), Path(job["state"]), 1e9), float(job["now"]))
    except GateError:
        return REFUSED
    return 0


def _drop(*_: object) -> dict[str, object]:
    raise structlog.DropEvent


if __name__ == "__main__":
    main()
