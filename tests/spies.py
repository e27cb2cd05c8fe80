"""Spies: code that the next Python processes of a test run when they start, to try what their confinement leaves."""

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.worker.confine import unenforced

enforced = pytest.mark.skipif(bool(unenforced()), reason="this kernel takes no rights from a process")


def attempt(work: Callable[[], object]) -> str:
    """Return "done", or which error the work ended with.  Its source also goes into the spies."""
    try:
        work()
    except OSError as error:
        return type(error).__name__
    except Exception as error:  # noqa: BLE001 - the test names it
        return repr(error)
    return "done"


def send_spy(source: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes that are started from now on run this code, which may call `attempt`."""
    spy = folder / "spy"
    spy.mkdir()
    code = f"from collections.abc import Callable\n\n{inspect.getsource(attempt)}\n{source}"
    (spy / "sitecustomize.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(spy))
