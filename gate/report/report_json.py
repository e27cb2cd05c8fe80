"""A report as JSON: complete for the device's own folder, masked for everybody else; read again to be merged."""

from copy import deepcopy
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from gate.errors import StoreError
from gate.report.figures import FEW, MASKED, Cell, GateReport, RefusalFigures
from gate.report.reason_groups import ReasonGroup, group_of
from gate.settings.zones import zone

_HEAD = 64  # bytes that tell a report from rows
LARGEST = 64 << 20  # bytes: a year of a busy gate has 3 MB
_ADAPTER = TypeAdapter(GateReport)


def to_json(report: GateReport, *, indent: int | None = None) -> bytes:
    """Return the JSON of a report as it is."""
    return _ADAPTER.dump_json(report, indent=indent)


def read_report(file: Path) -> GateReport:
    """Read a report that a gate wrote.  Raises StoreError for anything else."""
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise StoreError(f"{file}: larger than a report can be", hint="Name what `gate report --json` wrote")
        report = _ADAPTER.validate_json(content, strict=False)
        zone(report.timezone)
        return report
    except OSError as error:
        raise StoreError(f"{file}: {error.strerror}", hint="See its owner and rights") from error
    except KeyError:
        raise StoreError(f"{file}: there is no time zone of that name", hint="It was changed: make it again") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        hint = "Name what `gate report --json` of this release wrote"
        raise StoreError(f"{file}: is no report of a gate ({where}: {first['msg']})", hint=hint) from error


def begins_report(file: Path) -> bool:
    """Return whether a file is to be read as a report, and not as rows of a journal.  Raises StoreError."""
    try:
        with file.open("rb") as opened:
            head = opened.read(_HEAD).lstrip()
    except OSError as error:
        raise StoreError(f"{file}: {error.strerror}", hint="See its path, owner and rights") from error
    return head.startswith(b"{") and not head.startswith(b'{"seq"')


def masked(report: GateReport) -> GateReport:
    """Return the report without small groups by status: nobody is to be recognised in it."""
    report = deepcopy(report)
    for day in report.days:
        for of in (day.figures.refused, day.figures.would_refuse):
            small = {reason: kind for reason, kind in of.items() if group_of(reason) is ReasonGroup.STATUS}
            for kind in small.values():
                _mask(kind)
    return report


def _mask(kind: RefusalFigures) -> None:
    few = few_persons(kind)
    kind.by_hour = [_masked(cell, few=few) for cell in kind.by_hour]
    hidden = kind.by_hour.count(MASKED)
    tries = None if hidden == 1 else kind.tries  # the difference would show the hour
    kind.tries = None if tries is None else _masked(tries, few=few)
    kind.persons, kind.known, kind.entered = (
        _masked(cell, few=few) for cell in (kind.persons, kind.known, kind.entered)
    )


def few_persons(kind: RefusalFigures) -> bool:
    """Return whether so few persons were refused that even their tries are not shown."""
    return kind.persons == MASKED or 0 < int(kind.persons) < FEW


def _masked(cell: Cell, *, few: bool) -> Cell:
    return MASKED if cell == MASKED or 0 < int(cell) < FEW or (few and cell) else cell
