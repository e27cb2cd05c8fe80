"""Run `gate` as a process of its own, forked from one that has its modules loaded.

What it is that is forked is the command's own `main`, with its own streams, environment, umask, signals and exit code.
Take `subprocess` where the start itself is tested: what is loaded, how much memory that takes, options of Python.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Self

from tests.commands.request import Request
from tests.holdings import keep

Stream = IO[bytes] | IO[str]
_ENVIRONMENT = dict(os.environ)
_AT_START = ("PYTHON", "LD_", "LANG", "LC_", "TZ", "MALLOC_", "OPENBLAS_", "OMP_")
_CUSTOMISES = "PYTHONPATH"  # a folder with a sitecustomize.py, which the server runs in the child


def _at_start(environment: Mapping[str, str]) -> dict[str, str]:
    """What a process reads once, when it starts."""
    return {name: value for name, value in environment.items() if name.startswith(_AT_START) and name != _CUSTOMISES}


class Process:
    """A process that was forked for a test; its methods are those of `subprocess.Popen`."""

    def __init__(self, request: Request, streams: tuple[int, int, int]) -> None:
        self.args = [request.module, *request.arguments]
        self.returncode: int | None = None
        self._answers = socket.socket(socket.AF_UNIX)
        self._answers.connect(str(_server()))
        data = json.dumps(asdict(request)).encode() + b"\n"
        sent = socket.send_fds(self._answers, [data], streams)
        self._answers.sendall(data[sent:])
        self._lines = self._answers.makefile("r")
        self._poll = select.poll()  # not select(): tests hold more than 1024 files
        self._poll.register(self._answers, select.POLLIN)
        self.pid = int(self._lines.readline())

    def poll(self) -> int | None:
        """The exit code, or minus the signal that ended it; None while it runs."""
        return self._look(0)

    def _look(self, seconds: float | None) -> int | None:
        """Wait so long, or as long as it takes, for its end."""
        if self.returncode is None and self._poll.poll(None if seconds is None else seconds * 1000):
            self.returncode = os.waitstatus_to_exitcode(int(self._lines.readline()))
            self._lines.close()
            self._answers.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has just ended, and that is not written yet
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()


Running = Process | subprocess.Popen[bytes]


def start_gate(
    *arguments: object,
    stdin: Stream | None = None,
    stdout: Stream | None = None,
    stderr: Stream | None = None,
    module: str = "gate",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    strict: bool = False,
    umask: int | None = None,
) -> Running:
    """Start a command in a session of its own.  Without `stdin` it reads nothing; other streams are ours.

    It is not forked where the environment holds what an interpreter, its libraries or its locale begin with.
    """
    words = [str(word) for word in arguments]
    environment = dict(os.environ if env is None else env)
    if _at_start(environment) != _at_start(_ENVIRONMENT):
        return subprocess.Popen(
            [sys.executable, *(["-W", "error"] if strict else []), "-m", module, *words],
            stdin=stdin or subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env=environment,
            cwd=cwd,
            umask=-1 if umask is None else umask,
            start_new_session=True,
        )
    request = Request(module, words, environment, str(cwd or Path.cwd()), strict, session=True, umask=umask)
    with Path(os.devnull).open("rb") as nothing:
        return Process(
            request, ((stdin or nothing).fileno(), stdout.fileno() if stdout else 1, stderr.fileno() if stderr else 2)
        )


def run_gate(
    *arguments: object,
    module: str = "gate",
    given: str | bytes | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    strict: bool = False,
    umask: int | None = None,
    timeout: float = 60.0,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; without `given` its standard input is empty."""
    with TemporaryFile() as stdin, TemporaryFile() as stdout, TemporaryFile() as stderr:
        stdin.write(given.encode() if isinstance(given, str) else given or b"")
        stdin.seek(0)
        process = start_gate(
            *arguments,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            module=module,
            env=env,
            cwd=cwd,
            strict=strict,
            umask=umask,
        )
        try:
            code = process.wait(timeout)
        except BaseException:
            process.kill()
            process.wait()
            raise
        for stream in (stdout, stderr):
            stream.seek(0)
        return subprocess.CompletedProcess(process.args, code, stdout.read().decode(), stderr.read().decode())


@cache
def _server() -> Path:
    """Start the server, once in a process of tests."""
    folder = TemporaryDirectory(prefix="gate-commands-")
    path = Path(folder.name, "socket")
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.commands.server", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_ENVIRONMENT,  # not that of the test which happens to be first
        start_new_session=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    server.stdout.close()
    keep(server.stdin.fileno())

    def stop() -> None:
        assert server.stdin is not None
        server.stdin.close()
        server.wait()
        folder.cleanup()

    atexit.register(stop)
    return path
