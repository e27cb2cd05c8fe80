"""Rows of `gate release list`."""

from dataclasses import asdict, dataclass
from typing import Any

from gate.device.layout import DeviceLayout
from gate.device.release_record import Records
from gate.device.releases import Releases

_UNKNOWN = "not tried"
_BROKEN = "not whole"


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A release as people see it.  `health`: held, failed, cut, untried, "not tried" or "not whole"."""

    version: str
    current: bool
    before: bool
    on_trial: bool
    health: str
    at: int | None  # Unix s: when its last trial ended
    why: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def rows(layout: DeviceLayout) -> list[ReleaseRow]:
    """Return all releases, by version.  Needs no rights.  Raises GateError."""
    releases, records = Releases(layout), Records(layout)
    current, history, trial = releases.current(), records.history(), records.trial()
    found = []
    for release in releases.every():
        tried = history.tried.get(release.version)
        health = _BROKEN if not release.is_whole else tried.verdict.value if tried else _UNKNOWN
        found.append(
            ReleaseRow(
                version=release.version,
                current=current is not None and release.version == current.version,
                before=release.version == history.before,
                on_trial=trial is not None and release.version == trial.version,
                health=health,
                at=tried.at if tried else None,
                why=tried.why if tried else "",
            )
        )
    return found
