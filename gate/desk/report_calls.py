"""The supervisor's report: from the files that `gate report --into` keeps, for the desk may not read the journal."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from gate.core.language import LANGUAGES
from gate.core.staff_role import StaffRole
from gate.desk.calls import Call, CallRefusedError, DeskCall
from gate.errors import UsageError
from gate.report.as_csv import as_csv
from gate.report.as_html import as_fragment
from gate.report.building import merged
from gate.report.keeping import REPORTS, kept
from gate.report.markup import tree_of
from gate.report.summary import Summary, summarise
from gate.report.wording import wording

_SUPERVISOR = frozenset({StaffRole.SUPERVISOR})
_MOST_DAYS = 31


async def _report(call: Call) -> Mapping[str, Any]:
    language = call.values.get("lang", "")
    if language not in LANGUAGES:
        raise CallRefusedError(400, "malformed")
    return await _made(call, lambda of: {"sheet": tree_of(as_fragment(of, wording(language)))})


async def _report_csv(call: Call) -> Mapping[str, Any]:
    return await _made(call, lambda of: {"csv": as_csv(of)})


async def _made(call: Call, show: Callable[[Summary], Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return what `show` makes of the days asked for; an empty answer where there is no report of them.  Raises
    CallRefusedError."""
    try:
        last, many = date.fromisoformat(str(call.values["day"])), int(call.values.get("days", 1))
    except (KeyError, ValueError):
        raise CallRefusedError(400, "malformed") from None
    if not 1 <= many <= _MOST_DAYS or last.toordinal() <= many:
        raise CallRefusedError(400, "malformed")
    folder = call.desk.settings.device.state_dir / REPORTS
    of = await asyncio.to_thread(_read, folder, last - timedelta(days=many - 1), last)
    return {} if of is None else show(of)


def _read(folder: Path, first: date, last: date) -> Summary | None:
    """Read the reports of these days; None without any.  Raises CallRefusedError where they are not of one venue."""
    reports = list(kept(folder, lambda day: first <= day <= last))
    try:
        return summarise(merged(reports)) if reports else None
    except UsageError as error:
        raise CallRefusedError(409, "refused", problem=str(error)) from None


CALLS = (DeskCall("GET", "report", _SUPERVISOR, _report), DeskCall("GET", "report_csv", _SUPERVISOR, _report_csv))
