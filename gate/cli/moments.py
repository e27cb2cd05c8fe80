"""Times of day in commands: shown with their offset, and read from options.

A person reads the venue's time zone where a configuration names one, else this computer's.  JSON keeps Unix seconds.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import click

from gate.errors import UsageError

_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*(m|h|d|w)(?:in)?(?:\s+ago)?")
_UNITS = {"m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}  # seconds
_CLOCK = re.compile(r"\d{1,2}:\d\d(?::\d\d)?")
_UNIX = re.compile(r"\d{9,11}")  # seconds since 1970; shorter numbers are years
_HINT = 'Write "2026-11-27", "2026-11-27 18:00", "18:00", "yesterday", "90m" or "2h" (ago)'


@dataclass(frozen=True, slots=True)
class Moments:
    """The time zone in which times are shown and read; None is this computer's."""

    zone: tzinfo | None = None

    @classmethod
    def of(cls, name: str | None) -> "Moments":
        """Return those of an IANA time zone, "UTC" or "local".  Raises UsageError for a zone that does not exist."""
        if name is None or name.lower() == "local":
            return cls()
        if name.upper() == "UTC":
            return cls(UTC)
        from gate.settings.zones import zone

        try:
            return cls(zone(name))
        except KeyError:
            hint = 'Write an IANA name such as "Asia/Almaty", UTC, or local for this computer\'s'
            raise UsageError(f'there is no time zone "{name}"', hint=hint) from None

    def show(self, at: float) -> str:
        """Return Unix s as "2026-11-27 21:05:09 +05:00"; a time beyond the calendar as its number."""
        try:
            local = datetime.fromtimestamp(at, UTC).astimezone(self.zone)
            day_and_time, offset = local.strftime("%Y-%m-%d %H:%M:%S"), local.isoformat(timespec="seconds")[19:]
            return f"{day_and_time} {offset}"
        except (ValueError, OverflowError, OSError):
            return f"{at:.0f} s"

    def iso(self, at: float) -> str:
        """Return Unix s as ISO 8601 with milliseconds and offset; a time beyond the calendar as ""."""
        try:
            return datetime.fromtimestamp(at, UTC).astimezone(self.zone).isoformat(timespec="milliseconds")
        except (ValueError, OverflowError, OSError):
            return ""

    def read(self, text: str, now: float) -> float:
        """Return the moment that a text names, Unix s.  A day alone is its midnight.  Raises UsageError."""
        text = text.strip()
        if _UNIX.fullmatch(text):
            return float(text)
        if ago := _AGO.fullmatch(text.lower()):
            return now - float(ago[1]) * _UNITS[ago[2]]
        try:
            today = datetime.fromtimestamp(now, UTC).astimezone(self.zone).date()
            days = {"today": today, "yesterday": today - timedelta(days=1)}
            if text.lower() in days:
                text = days[text.lower()].isoformat()
            elif _CLOCK.fullmatch(text):
                text = f"{today.isoformat()} {text:0>5}"
            read = datetime.fromisoformat(text)
            return (read if read.tzinfo else self._placed(read)).timestamp()
        except (ValueError, OverflowError, OSError):
            raise UsageError(f'"{text}" is no time', hint=_HINT) from None

    def ahead(self, text: str, now: float) -> float:
        """Return the moment to come that a text names, Unix s: "15:00" is the next one, "90m" is so long from now.
        Raises UsageError for one that is no time, or is over."""
        text = text.strip()
        if lasts := _AGO.fullmatch(text.lower()):
            return now + float(lasts[1]) * _UNITS[lasts[2]]
        at = self.read(text, now)
        if at <= now and _CLOCK.fullmatch(text):
            at = self.read(text, now + 86_400)
        if at <= now:
            raise UsageError(f'"{text}" is over already', hint='Write "15:00", "90m", "2h" or "2026-11-27 18:00"')
        return at

    def _placed(self, read: datetime) -> datetime:
        return read.astimezone() if self.zone is None else read.replace(tzinfo=self.zone)


def tz_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --tz; the command gets the name as `tz`, None for the venue's."""
    return click.option(
        "--tz", metavar="ZONE", help="Time zone to show and read times in, or UTC.  [default: the venue's]"
    )(command)


def period_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --since, --until and --tz; the command gets texts for `Moments.read`, which it calls by `period`."""
    for name, text in (("--until", "Only what was before this time."), ("--since", "Only what was from this time on.")):
        command = click.option(name, metavar="TIME", help=text)(command)
    return tz_option(command)


def period(moments: Moments, since: str | None, until: str | None) -> tuple[float | None, float | None]:
    """Return both ends, Unix s; None is open.  Raises UsageError."""
    now = time.time()
    begin, end = (None if text is None else moments.read(text, now) for text in (since, until))
    if begin is not None and end is not None and end <= begin:
        raise UsageError("--until is not after --since", hint="Exchange the two, or leave one out")
    return begin, end
