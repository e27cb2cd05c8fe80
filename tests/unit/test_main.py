"""What `gate` says of a computer that lacks something, wherever that is met."""

import errno
import os
import sys

import click
import pytest

from gate.cli import main as entry


def _ended(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    @click.command()
    def drivers() -> None:
        raise error

    monkeypatch.setattr("gate.cli.drivers.drivers", drivers)
    monkeypatch.setattr("gate.logs.set_up_child", lambda: None)  # of this process
    monkeypatch.setattr(sys, "argv", ["gate", "drivers"])
    with pytest.raises(SystemExit) as end:
        entry.main()
    return int(end.value.code or 0)


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (OSError(errno.EMFILE, os.strerror(errno.EMFILE), "/a/module.py"), "/a/module.py: Too many open files. Look"),
        (OSError(errno.EIO, os.strerror(errno.EIO)), "Input/output error. Look at open files"),
        (
            PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/a/key"),
            "/a/key: Permission denied. The files' owner",
        ),
        (MemoryError(), "there is not enough memory. Look"),
    ],
)
def test_a_lack_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, what: str
) -> None:
    assert _ended(monkeypatch, error) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert what in line


def test_a_defect_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError):
        _ended(monkeypatch, FileNotFoundError(errno.ENOENT, "x"))
