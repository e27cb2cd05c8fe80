"""The gate's error tree.  Every message states what is wrong and what to do.

    GateError                exit 1
    |-- UsageError           exit 2    the command was called wrongly
    |-- ConfigError          exit 78   a configuration file is wrong (EX_CONFIG; systemd does not restart on it)
    |-- DeviceError          exit 1    a camera, relay, turnstile or input does not answer as it should
    |-- StoreError           exit 1    list.db or lane.db is missing, damaged, full or refuses to be written
    |   |-- DamagedError
    |   |-- FinalStoreError
    |   `-- BrokenJournalError
    |-- PublishError         exit 1    data offered by the authority is not fit to be used
    |   `-- UnmeantError     exit 65   a change so large that a person must mean it (EX_DATAERR)
    |-- SyncError            exit 1    a mirror cannot be reached, or serves what the authority did not sign
    |-- PictureError         exit 1    a picture file cannot be read
    `-- InstallError         exit 1    a bundle is not fit to be installed, or this computer not fit for it

A pass that is refused is not an error: see `gate.core.model.Refused`.
"""

import re

_NUMBERS = re.compile(r"\[Errno -?\d+\] |\(-?\d+, (['\"])(.*?)\1\)")


def in_words(error: BaseException) -> str:
    """Return what an exception says, without the numbers and tuples of the operating system and of libraries."""
    said = error.strerror if isinstance(error, OSError) else None
    text = said or str(error) or type(error).__name__
    return " ".join(_NUMBERS.sub(lambda found: found[2] or "", text).split())


class GateError(Exception):
    """An error.  `what` is wrong, and the `hint` is what to do about it; str() is one line with both."""

    exit_code = 1

    def __init__(self, what: str, *, hint: str) -> None:
        super().__init__(f"{what}. {hint}" if hint else what)
        self.what = what
        self.hint = hint


class UsageError(GateError):
    exit_code = 2


class ConfigError(GateError):
    exit_code = 78


class DeviceError(GateError):
    """A device that does not answer as it should.  `moved`: False where the order cannot have reached it, so
    nothing has opened."""

    def __init__(self, what: str, *, hint: str, moved: bool = True) -> None:
        super().__init__(what, hint=hint)
        self.moved = moved


class StoreError(GateError):
    pass


class DamagedError(StoreError):
    """A file that is not the database it should be: nothing in it can be used."""


class BrokenJournalError(StoreError):
    """A journal whose chain does not hold.  `row`: the first that was changed, or is missing."""

    def __init__(self, what: str, row: int, *, hint: str) -> None:
        super().__init__(what, hint=hint)
        self.row = row


class FinalStoreError(StoreError):
    """A failure where waiting does not help: another gate holds the directory, or a newer version wrote the
    file."""


class PublishError(GateError):
    pass


class UnmeantError(PublishError):
    """A change so large that it is usually a fault of the table.  Its exit code tells a timer not to retry."""

    exit_code = 65


class SyncError(GateError):
    pass


class PictureError(GateError):
    pass


class InstallError(GateError):
    pass
