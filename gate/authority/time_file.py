"""time.json, which exists only after the time of all gates was reset (gate.core.time_reset).

It is not edited by hand: each reset is a new version, written here and signed at the next publication.
"""

from pathlib import Path

from gate.authority import files
from gate.core.time_reset import TimeForm, TimeReset, parse_time
from gate.errors import StoreError
from gate.store.documents import TIME


def read(folder: Path) -> bytes | None:
    """Return the file; None where the time was never reset.  Raises StoreError."""
    try:
        return (folder / TIME).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"cannot read {folder / TIME}: {error.strerror}", hint="Put it back from a backup") from error


def withdraw(folder: Path, to: int, published: bytes | None) -> TimeReset:
    """Write the next version.  `to`: Unix s.  Raises PublishError, StoreError."""
    numbers = [parse_time(body).number for body in (published, read(folder)) if body is not None]
    form = TimeForm(version=max(numbers, default=0) + 1, to=to)
    files.write(folder / TIME, form.model_dump_json().encode() + b"\n")
    return TimeReset(form.version, form.to)
