"""Run tests in children of a process that has the libraries loaded, and nothing of the gate's own.

A mutant is given to the child's import system; nothing is written.  A process that a test starts itself runs
the code as it is on the disk.
"""

import importlib.util
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType

import pytest
from hypothesis.configuration import set_hypothesis_home_dir

from tests.mutants.making import Mutant

POLL = 0.05  # seconds

# Left out are those that take long, and those whose only subject is another process.
MARKS = "not slow and not endurance and not browser and not fuzz"
EARLY = "ignore::pytest.PytestAssertRewriteWarning"  # hypothesis is loaded before pytest starts
OPTIONS = ("-q", "-p", "no:cacheprovider", "--tb=no", "-m", MARKS, "-W", EARLY)
LIBRARIES = ("hypothesis", "pydantic", "nacl.signing", "cbor2", "numpy", "sqlite3", "tuf.api.metadata", "zstandard")


class _Planted(SourceFileLoader):
    def __init__(self, name: str, path: str, code: str) -> None:
        super().__init__(name, path)
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._code, self.get_filename(fullname), "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def __init__(self, root: Path, mutant: Mutant) -> None:
        parts = mutant.file.with_suffix("").parts
        self._name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        self._path, self._code = str(root / mutant.file), mutant.code

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        loader = _Planted(fullname, self._path, self._code)
        return importlib.util.spec_from_file_location(fullname, self._path, loader=loader)


def load_libraries() -> None:
    for name in LIBRARIES:
        importlib.import_module(name)


def fails(root: Path, tests: Sequence[str], limit: float, mutant: Mutant | None = None) -> bool | None:
    """Whether one of the tests fails, with this mutant; None: they were not done within `limit` seconds."""

    def work() -> int:
        if mutant is not None:
            sys.meta_path.insert(0, _Finder(root, mutant))
        return int(pytest.main([*OPTIONS, "-x", f"--timeout={limit:.0f}", *tests]))

    code = in_child(work, limit)
    return None if code is None else code != 0


def in_child(work: Callable[[], int], limit: float) -> int | None:
    """The exit code of a child that does this; None: it was killed after `limit` seconds."""
    with tempfile.TemporaryDirectory(prefix="mut-", ignore_cleanup_errors=True) as folder:
        child = os.fork()
        if child == 0:
            _alone(work, folder)
        ends = time.monotonic() + limit
        while time.monotonic() < ends:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(POLL)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return None


def _alone(work: Callable[[], int], folder: str) -> None:
    """In a session of its own, silent; what the tests leave behind goes with the folder."""
    os.setsid()
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    code = 3
    try:
        set_hypothesis_home_dir(folder)  # no example that breaks a mutant is tried for ever after
        code = work()
    finally:
        os._exit(code)
