"""Starts the programs of this folder in the venv of the peers, which `scripts/setup test` makes.

They are written against other people's libraries: one of those has the package name of a library of ours,
another a licence that ours does not mix with.  So they are programs, heard and told line by line.
"""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

PYTHON = Path(sys.prefix) / "peers" / "bin" / "python"
PROGRAMS = Path(__file__).parent
_PATIENCE = 60.0  # seconds: an interpreter has to start, and a channel to stand


def command(program: str, *arguments: str) -> list[str]:
    assert PYTHON.exists(), f"{PYTHON} is missing: run scripts/setup test (it needs the network the first time)"
    return [str(PYTHON), "-I", str(PROGRAMS / f"{program}.py"), *arguments]


def answer(program: str, *arguments: str, lines: Iterable[str] = ()) -> list[str]:
    """What it says to these lines.  Fails with its own words when it finds fault."""
    done = subprocess.run(
        command(program, *arguments), input="\n".join(lines), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


class Peer:
    """One that runs beside the test.  `words` is every line it has said."""

    def __init__(self, *command: str) -> None:
        self.words: list[str] = []
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")

    async def says(self, line: str, times: int = 1) -> None:
        async with asyncio.timeout(_PATIENCE):
            while self.words.count(line) < times:  # noqa: ASYNC110 - a process sets no event
                await asyncio.sleep(0.01)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._thread.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.words.append(line.strip())
