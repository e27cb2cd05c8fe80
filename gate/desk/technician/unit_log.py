"""The log of the gate's units, from the journal of systemd, without secrets and people.

The desk's account reads it as a member of systemd-journal; without that right there is no log here, and `read_log`
says so.  Only the units of the gate are asked for, whatever the page sends.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from gate.errors import DeviceError
from gate.settings.redaction import Redaction

LEVELS = {"error": 3, "warning": 4, "info": 6, "debug": 7}
"""Of syslog(3), as journalctl takes them."""

MOST_LINES = 500
HOURS = (1, 24, 24 * 7)
WITHIN = 15.0  # seconds
_MOST = 4 << 20  # bytes of an answer: 500 lines of the longest text
_WORDS = 2000  # characters of a line
_UNITS = "gate*"
_NO_LOG = "Let the desk's account read it: `SupplementaryGroups=systemd-journal` in gate-desk.service"


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line.  `level`: of LEVELS."""

    at: float  # Unix s
    unit: str
    level: str
    text: str


async def read_log(level: str, hours: int, sieve: Redaction) -> list[LogLine]:
    """Return the last lines of this level and graver ones, the newest first.  Raises DeviceError without a log."""
    priority, since = LEVELS.get(level, LEVELS["info"]), hours if hours in HOURS else HOURS[1]
    options = ("-o", "json", "-q", "--no-pager", "-r", "-n", str(MOST_LINES), "-p", str(priority))
    raw = await _journalctl(*options, "--since", f"-{since}h", "-u", _UNITS)
    return list(lines_of(raw, sieve))


async def _journalctl(*options: str) -> bytes:
    try:
        process = await asyncio.create_subprocess_exec(
            *("journalctl", *options),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        raise DeviceError("there is no journal of systemd here", hint="See where the lane's log goes") from error
    try:
        async with asyncio.timeout(WITHIN):
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            raw = await process.stdout.read(_MOST)
            while len(raw) < _MOST and (more := await process.stdout.read(_MOST - len(raw))):
                raw += more
    except TimeoutError:
        raise DeviceError("the journal of systemd does not answer", hint="Look at the card: `gate doctor`") from None
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        code = await process.wait()
    if not raw and code > 0:
        raise DeviceError("the log cannot be read by this account", hint=_NO_LOG)
    return raw


def lines_of(raw: bytes, sieve: Redaction) -> Iterator[LogLine]:
    """Yield the lines of what journalctl prints; one that is none is left out."""
    names = {number: name for name, number in LEVELS.items()}
    for row in raw.splitlines():
        with suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
            entry = json.loads(row)
            message = entry["MESSAGE"]
            if isinstance(message, list):  # bytes that are no text
                message = bytes(message).decode("utf-8", "replace")
            number = int(entry.get("PRIORITY", 6))
            level = names.get(number, "error" if number < LEVELS["error"] else "info")
            unit = str(entry.get("_SYSTEMD_UNIT", "")).removesuffix(".service")
            yield LogLine(int(entry["__REALTIME_TIMESTAMP"]) / 1e6, unit, level, sieve.text(message[:_WORDS]))
