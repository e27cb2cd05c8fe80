"""The records of trials of releases: the one that is running, and how the others ended.

Both files are replaced whole, so that a power cut leaves the old content or the new.
"""

from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gate.device.layout import DeviceLayout
from gate.device.releases import Releases
from gate.errors import StoreError
from gate.store.durable import read_regular, sync_folder, write_whole

_MOST = 1 << 20  # bytes that are read of either file
_FOR_ALL = 0o644  # `gate release list` needs no rights


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore")  # a later release may have written more


class TrialStage(StrEnum):
    """Progress of a trial.  After an interruption the way back follows, or, from `held` on, the end."""

    BEGUN = "begun"  # the release before is in use
    COPIED = "copied"  # the services are stopped, the databases are copied; the link may name either release
    HELD = "held"  # the new release has proven itself
    BACK = "back"  # on the way back


class Fate(StrEnum):
    """Treatment of a lane's database on the way back."""

    UNDECIDED = "undecided"
    KEPT = "kept"  # the release before can read it
    RESTORED = "restored"  # from the copy: nothing happened since that a gate must not forget
    LOST = "lost"  # set aside: the release before begins after a known loss


class LaneDatabase(_Record):
    """The state directory of one lane, and its database as it was before the trial."""

    state_dir: Path
    schema_before: int | None = None  # None: there was no database, or none that could be read
    seq: int = 0
    fate: Fate = Fate.UNDECIDED


class Trial(_Record):
    """A trial of a release.  `units`: services that run under it."""

    before: str
    version: str
    stage: TrialStage = TrialStage.BEGUN
    why: str = ""
    units: list[str] = Field(default_factory=list)
    lanes: list[LaneDatabase] = Field(default_factory=list)


class TrialResult(StrEnum):
    HELD = "held"
    FAILED = "failed"
    CUT = "cut"  # the power, or its supervisor, ended during the trial
    UNTRIED = "untried"  # switched to while no service ran


class Tried(_Record):
    """End of a release's last trial.  `at`: Unix s, system time."""

    verdict: TrialResult
    at: int
    why: str = ""


class TrialHistory(_Record):
    """Ends of trials, and the release that was in use before the current one."""

    before: str | None = None
    tried: dict[str, Tried] = Field(default_factory=dict)


class Records:
    """The two files.  Raises StoreError."""

    def __init__(self, layout: DeviceLayout) -> None:
        self._layout = layout

    def trial(self) -> Trial | None:
        """Return the trial that is not ended; None when there is none.  A record that cannot be read counts as a
        trial of the current release: it goes back to the proven one."""
        try:
            text = read_regular(self._layout.switching, _MOST)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _refused(self._layout.switching, error) from error
        try:
            return Trial.model_validate_json(text or b"")
        except ValidationError:
            releases = Releases(self._layout)
            current, proven = releases.current(), releases.proven()
            if current is None or proven is None:
                hint = f"Remove it once {self._layout.current} names the release that you want"
                raise StoreError(f"{self._layout.switching} cannot be read", hint=hint) from None
            return Trial(before=proven.version, version=current.version, stage=TrialStage.COPIED)

    def save(self, trial: Trial) -> None:
        _write(self._layout.switching, trial)

    def end(self) -> None:
        """Remove the record of the trial."""
        path = self._layout.switching
        try:
            path.unlink(missing_ok=True)
            sync_folder(path.parent)
        except OSError as error:
            raise _refused(path, error) from error

    def history(self) -> TrialHistory:
        """Return the history; an empty one where the file is missing or damaged: it decides nothing."""
        try:
            return TrialHistory.model_validate_json(read_regular(self._layout.tried, _MOST) or b"")
        except (OSError, ValidationError):
            return TrialHistory()

    def save_history(self, history: TrialHistory) -> None:
        _write(self._layout.tried, history)


def _write(path: Path, record: BaseModel) -> None:
    try:
        write_whole(path, record.model_dump_json(indent=1).encode() + b"\n", _FOR_ALL)
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> StoreError:
    return StoreError(f"{path}: {error.strerror or error}", hint="Call it as root, and free space on its disk")
