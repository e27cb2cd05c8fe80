"""The doctor's checks of a device's files: their owners, and their content."""

import os
import pwd
from collections.abc import Iterator
from contextlib import suppress
from os.path import isdir  # False for a name that no file can have
from pathlib import Path

from gate.doctor.examined import ExaminedGate
from gate.doctor.lines import CheckLine, Mark, failure
from gate.errors import GateError
from gate.state import answered_in, places_in
from gate.store.list_file import find_damage

_SHOWN = 3  # names of files in a line


def owners(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Check that every file belongs to the user of its directory: a file that root left there stops a service."""
    places = places_in(examined.settings.paths)
    folders = dict.fromkeys((places.state_dir, places.list_dir))
    strange = [(path, folder) for folder in folders if isdir(folder) for path in _strange(folder, set(folders))]  # noqa: PTH112 - which raises
    if not strange:
        yield CheckLine("files", Mark.PASS, "each file belongs to the user of its directory")
        return
    names = ", ".join(str(path) for path, _ in strange[:_SHOWN])
    more = f" and {len(strange) - _SHOWN} more" if len(strange) > _SHOWN else ""
    owner = _name(strange[0][1].stat().st_uid)
    advice = f"Give them back: `sudo chown -R {owner}: {strange[0][1]}`"
    yield CheckLine("files", Mark.FAIL, f"{names}{more}: of another user than the directory", advice)


def content(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Check that all of list.db is as signed."""
    places = answered_in(examined.settings.paths)
    if not os.path.lexists(places.held_list_db):
        return
    if what := find_damage(places):
        yield CheckLine("content", Mark.FAIL, what, "`gate sync --once` or `gate list load DIR` replaces it")
    else:
        yield CheckLine("content", Mark.PASS, "the list is the one that was signed, to the last bit")


def signatures(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Check that the sync's list is as the authority signed it."""
    settings, places = examined.settings, places_in(examined.settings.paths)
    if settings.sync is None or not os.path.lexists(places.held_list_db):
        return
    from gate.sync.takeover import examine  # python-tuf

    try:
        examine(places, settings.sync.root)
    except GateError as error:
        yield failure("signatures", error)
    else:
        yield CheckLine(
            "signatures", Mark.PASS, "the list that the sync offers is signed by the authority in root.json"
        )


def _strange(folder: Path, others: set[Path]) -> Iterator[Path]:
    owner = folder.stat().st_uid
    for parent, names, files in os.walk(folder):
        names[:] = [name for name in names if Path(parent, name) not in others]
        for name in (*names, *files):
            path = Path(parent, name)
            with suppress(OSError):  # removed in between
                if path.lstat().st_uid != owner:
                    yield path


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
