"""Jobs of a module, each in a child that may be killed, or that runs under strace, which injects faults.

A module calls `carry_out`; a test calls `start` or `run_traced`.  A job is a JSON object.  What a killed child leaves
in its temporary folder goes with the folder of the test.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from tests.commands.process import Running, start_gate


def carry_out(work: Callable[[dict[str, Any]], int]) -> None:
    """Do the job of this process, and end with what `work` returns: at once, so that nothing else is written."""
    job = json.loads(sys.argv[1])
    if "go" in job:
        Path(job["go"]).read_bytes()  # a pipe: waits until its other end is opened
    os._exit(work(job))


def start(module: str, job: Mapping[str, object], folder: Path, log: Path | None = None) -> Running:
    """Start a child for a job, in which paths become strings.  `log`: takes its standard error."""
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    with Path(os.devnull).open("wb") as nothing, (log or Path(os.devnull)).open("ab") as errors:
        return start_gate(
            json.dumps(job, default=str),
            module=module,
            env={**os.environ, "TMPDIR": str(temporary)},
            stdout=nothing,
            stderr=errors if log else None,
        )


def run_traced(
    module: str, job: Mapping[str, object], folder: Path, calls: Collection[str], faults: Collection[str]
) -> tuple[int, list[str]]:
    """Exit code of a child under strace, or minus the signal that ended it, and those of its system calls, in order.
    `faults`: as strace's `inject=` takes them."""
    go = folder / "go"
    if not go.exists():
        os.mkfifo(go)
    child = start(module, {**job, "go": go}, folder)
    trace = folder / "trace"
    injected = [word for fault in faults for word in ("-e", f"inject={fault}")]
    command = ["strace", "-o", str(trace), "-e", f"trace={','.join(calls)}", *injected, "-p", str(child.pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        assert "attached" in strace.stderr.readline()
        go.write_bytes(b"")
        code = child.wait()
        strace.wait(30)
    names = [line.partition("(")[0] for line in trace.read_text().splitlines()]
    return code, [name for name in names if name in calls]
