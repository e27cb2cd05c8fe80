"""Writing what setup has made: gate.toml and root.json, whole or not at all, with a copy of what was there."""

import grp
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gate.device.root_of_trust import read_root_of_trust
from gate.device.setup.answers import SetupAnswers
from gate.device.setup.fill import written_out
from gate.errors import UsageError
from gate.store.durable import PRIVATE, make_directory, replacing, sync_folder, write_all

GROUP = "gate"  # may read gate.toml, which may hold the password of a camera
_CONFIG_MODE, _ROOT_MODE = 0o640, 0o644
_MOST_COPIES = 1000


def saved_answers(output: Path) -> Path:
    """Return the file for the answers of a setup that was interrupted."""
    return output.with_name(f"{output.stem}.answers.toml")


@contextmanager
def drafting(output: Path) -> Iterator[Path]:
    """Yield a file for drafts, in the folder of `output`: paths in it start there.  Raises UsageError."""
    draft = output.with_name(f".{output.name}.draft")
    made = [folder for folder in output.parents if not folder.exists()]
    try:
        make_directory(output.parent)
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE))
    except OSError as error:
        raise _unwritable(output, error) from error
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)
        with suppress(OSError):  # not empty: something was written
            for folder in made:
                folder.rmdir()


def put(answers: SetupAnswers, output: Path) -> list[Path]:
    """Write root.json and gate.toml; Ctrl-C waits until both are.  Returns the copies of files that were there.  Raises
    UsageError."""
    kept = []
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        make_directory(output.parent)
        if named := answers.setup.get("root"):
            content = read_root_of_trust(Path(named), str(answers.setup.get("root_sha256", "")))
            name = str(answers.tables.get("sync", {}).get("root", "root.json"))
            kept += _replace(output.parent / name, content, _ROOT_MODE)
        kept += _replace(output, answers.text().encode(), _CONFIG_MODE)
    except OSError as error:
        raise _unwritable(output, error) from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return kept


def save(answers: SetupAnswers, output: Path) -> Path:
    """Write the answers so far, for the next `gate setup`.  Returns the file."""
    file = saved_answers(output)
    _write(file, f"# Answers of an interrupted `gate setup`.\n\n{written_out(answers.tables)}".encode(), PRIVATE)
    return file


def _replace(file: Path, content: bytes, mode: int) -> list[Path]:
    """Write a file; return the copy of the one that was there, if it was another."""
    kept: list[Path] = []
    if file.exists():
        if file.read_bytes() == content:
            return []
        copies = (file.with_name(f"{file.name}.old-{number}") for number in range(1, _MOST_COPIES))
        copy = next(copy for copy in copies if not os.path.lexists(copy))
        os.link(file, copy, follow_symlinks=True)
        sync_folder(file.parent)
        kept.append(copy)
    _write(file, content, mode)
    return kept


def _write(file: Path, content: bytes, mode: int) -> None:
    with replacing(file, mode) as (_, descriptor):
        write_all(descriptor, content)
        if os.geteuid() == 0 and mode == _CONFIG_MODE:
            with suppress(KeyError):  # no gate is installed here: its units set the group when they start
                os.fchown(descriptor, 0, grp.getgrnam(GROUP).gr_gid)


def _unwritable(output: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{output} cannot be written ({error.strerror})", hint="Run it with sudo, or name another file with --output"
    )
