"""Children of a process that has everything loaded, one at a time: killed, or under strace, which injects faults.

A module `serve`s; a test starts `ForkServer(module)`.  A job is a JSON object, one a line; for each the pid of a
child is printed, and, when it has ended, its wait status.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any


def serve(work: Callable[[dict[str, Any]], int]) -> None:
    """Do each job in a child of its own, which exits with what `work` returns."""
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            if "go" in job:
                Path(job["go"]).read_bytes()  # a pipe: waits until its other end is opened
            os._exit(work(job))
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(status, flush=True)


class ForkServer:
    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, job: Mapping[str, object]) -> int:
        """The child's pid.  Paths become strings."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(job, default=str) + "\n")
        self._process.stdin.flush()
        return self._hear()

    def wait(self) -> int:
        """Its wait status, when it has ended."""
        return self._hear()

    def traced(
        self, job: Mapping[str, object], folder: Path, calls: Collection[str], faults: Collection[str]
    ) -> tuple[int, list[str]]:
        """Wait status of a child under strace, and those of its system calls, in order.  `faults`: as strace's
        `inject=` takes them."""
        go = folder / "go"
        if not go.exists():
            os.mkfifo(go)
        child = self.start({**job, "go": go})
        trace = folder / "trace"
        injected = [word for fault in faults for word in ("-e", f"inject={fault}")]
        command = ["strace", "-o", str(trace), "-e", f"trace={','.join(calls)}", *injected, "-p", str(child)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
            assert strace.stderr is not None
            assert "attached" in strace.stderr.readline()
            go.write_bytes(b"")
            status = self.wait()
            strace.wait(30)
        names = [line.partition("(")[0] for line in trace.read_text().splitlines()]
        return status, [name for name in names if name in calls]

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)  # a busy machine takes long to end it
        self._process.stdout.close()

    def _hear(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())
