"""The log: one line on standard error for each event of the gate, its drivers, its processes and its libraries.

Each line carries its time, its level and the part or device concerned.  It has one of four forms:

- terminal: for a person, coloured unless NO_COLOR is set;
- text: key=value, where standard error is a file or a pipe;
- journal: the same with sd-daemon(3)'s <priority> and without the time, which the journal adds itself;
- JSON: one object a line, on demand (`--log-format json`).

A child process of the gate takes its form from the environment.  Texts from outside (a scanner, a mirror, a
library) are escaped and cut here, so that no caller has to.
"""

import json
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from enum import StrEnum
from typing import TextIO

MOST_TEXT = 2000
"""Characters of one text in a line."""

MOST_TRACE = 8000
"""Characters of a traceback, counted from its end: the error itself is its last line."""

HOUR = 3600.0
"""Seconds in which the same line of a library is logged once: one that fails to reconnect would repeat it for
ever."""

MOST_AN_HOUR = 20
"""Lines of one library in an hour: a peer that sends malformed data may cause many that differ."""

_KEPT = 256  # warnings that are remembered

FORMAT_VARIABLE, _LEVEL_VARIABLE, _DEVICE_VARIABLE = "GATE_LOG_FORMAT", "GATE_LOG_LEVEL", "GATE_LOG_DEVICE"
"""Environment variables, for this process and those that it starts."""

_PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
_COLOURS = {logging.DEBUG: 2, logging.INFO: 32, logging.WARNING: 33, logging.ERROR: 31, logging.CRITICAL: 31}

_gate = logging.getLogger("gate")
_served = os.environ.get(_DEVICE_VARIABLE, "")  # the device that this whole process serves
_device: ContextVar[str] = ContextVar("device", default=_served)


class LogForm(StrEnum):
    """The form of the lines, where standard error is no terminal and not the journal."""

    TEXT = "text"
    JSON = "json"


class Log:
    """A log of one part: `Log(part="sync").info("synced", version=7)`.  Any thread."""

    def __init__(self, **about: object) -> None:
        self._about = about

    def debug(self, event: str, *, exc_info: bool = False, **values: object) -> None:
        self._write(logging.DEBUG, event, values, exc_info)

    def info(self, event: str, **values: object) -> None:
        self._write(logging.INFO, event, values)

    def warning(self, event: str, **values: object) -> None:
        self._write(logging.WARNING, event, values)

    def error(self, event: str, **values: object) -> None:
        self._write(logging.ERROR, event, values)

    def exception(self, event: str, **values: object) -> None:
        """Log an error, with the exception that is being handled."""
        self._write(logging.ERROR, event, values, exc_info=True)

    def _write(self, level: int, event: str, values: Mapping[str, object], exc_info: bool = False) -> None:
        _gate.log(level, event, exc_info=exc_info, extra={"values": {**self._about, **values}})


def device_log() -> Log:
    """Return the log of a driver, whose lines name the device that is being opened.

    A driver calls this in its `open` and keeps the result; lines may then come from any thread."""
    return Log(device=_device.get() or "unnamed")


@contextmanager
def naming(device: str) -> Iterator[None]:
    """Name the device ("reader[0]") that is opened or run in this block, for `device_log` and for libraries."""
    token = _device.set(device)
    try:
        yield
    finally:
        _device.reset(token)


def set_up(*, verbose: bool = False, form: LogForm = LogForm.TEXT) -> None:
    """Log from here on, also in the processes that this one starts.  May be called again."""
    os.environ[FORMAT_VARIABLE], os.environ[_LEVEL_VARIABLE] = form.value, "debug" if verbose else "info"
    set_up_child()


def set_up_child(handler: logging.Handler | None = None) -> None:
    """Log as the parent process does, or by the given handler."""
    verbose = os.environ.get(_LEVEL_VARIABLE) == "debug"
    form = LogForm.JSON if os.environ.get(FORMAT_VARIABLE) == LogForm.JSON else LogForm.TEXT
    if handler is None:
        handler = _ToStandardError()
        handler.setFormatter(_formatter(form, sys.stderr))
    handler.addFilter(_Calm().takes)
    root = logging.getLogger()
    for earlier in [one for one in root.handlers if isinstance(one, _ToStandardError)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(logging.INFO if verbose else logging.WARNING)
    _gate.setLevel(logging.DEBUG if verbose else logging.INFO)
    logging.raiseExceptions = False  # a line that cannot be written must not print a traceback
    logging.captureWarnings(True)
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _log_crash
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _log_thread_crash


def for_child() -> dict[str, str]:
    """Return the additional environment of a process that serves the device of this place."""
    return {_DEVICE_VARIABLE: _device.get()}


def report(problem: str) -> bool:
    """Log the problem that ends a command, where a program reads standard error; return False where a person
    does."""
    if os.environ.get(FORMAT_VARIABLE) != LogForm.JSON and not _is_journal(sys.stderr):
        return False
    Log(part="gate").error(problem)
    return True


def library_line(record: logging.LogRecord) -> str:
    """Return a library's log record as one text with its name."""
    error = record.exc_info[1] if record.exc_info else None
    return f"{record.name}: {_message(record)}{f' ({error!r})' if error else ''}"


class _ToStandardError(logging.Handler):
    """A handler that uses the present `sys.stderr` at each line."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")  # in one piece, as processes share it
            sys.stderr.flush()
        except Exception:  # noqa: BLE001 - closed, full, gone: a log never stops the gate
            self.handleError(record)


class _Calm:
    """A filter that passes a library's line once, and few lines at a time."""

    def __init__(self) -> None:
        self._logged: dict[tuple[str, str], float] = {}  # monotonic seconds of the last one
        self._hours: dict[str, tuple[float, int]] = {}  # of a library: when its hour began, lines in it

    def takes(self, record: logging.LogRecord) -> bool:
        if record.name == _gate.name:
            return True
        now, line = time.monotonic(), (record.name, _message(record)[:MOST_TEXT])
        if now - self._logged.get(line, now - HOUR) < HOUR:
            return False
        since, count = self._hours.get(record.name, (now, 0))
        if now - since >= HOUR:
            since, count = now, 0
        self._hours[record.name] = since, count + 1
        if count >= MOST_AN_HOUR:
            return False
        if count == MOST_AN_HOUR - 1:
            record.values = {"more": "left out for an hour"}
        self._logged.pop(line, None)
        self._logged[line] = now
        if len(self._logged) > _KEPT:
            del self._logged[next(iter(self._logged))]
        return True


def _formatter(form: LogForm, stream: TextIO | None) -> logging.Formatter:
    if _is_journal(stream):
        return _Journal(_Json() if form is LogForm.JSON else _Text(timed=False))
    if form is LogForm.JSON:
        return _Json()
    return _Terminal() if stream is not None and stream.isatty() else _Text()


def _is_journal(stream: TextIO | None) -> bool:
    """Return whether standard error leads to the journal: $JOURNAL_STREAM holds its device and inode
    (systemd.exec(5))."""
    named = os.environ.get("JOURNAL_STREAM", "")
    try:
        status = os.fstat(stream.fileno()) if named and stream is not None else None
    except (OSError, ValueError):
        return False
    return status is not None and named == f"{status.st_dev}:{status.st_ino}"


class _Text(logging.Formatter):
    def __init__(self, *, timed: bool = True) -> None:
        super().__init__()
        self._timed = timed

    def format(self, record: logging.LogRecord) -> str:
        values = _values(record)
        if not self._timed:
            del values["time"]
        return " ".join(f"{key}={_quoted(value)}" for key, value in values.items())


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_values(record))


class _Journal(logging.Formatter):
    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return f"<{_PRIORITIES.get(record.levelno, 6)}>{self._inner.format(record)}"


class _Terminal(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        values = _values(record)
        at, level, event, trace = (values.pop(key, "") for key in ("time", "level", "event", "exception"))
        about = values.pop("device", None) or values.pop("part", "")
        padded = f"{level:<8}"
        if not os.environ.get("NO_COLOR"):
            padded = f"\033[{_COLOURS.get(record.levelno, 0)}m{padded}\033[0m"
        rest = "".join(f" {key}={_quoted(value)}" for key, value in values.items())
        lines = "".join("\n" + escaped(line) for line in str(trace).splitlines())
        return f"{str(at)[11:19]} {padded} {escaped(str(about)):<10} {escaped(str(event))}{rest}{lines}"


def _values(record: logging.LogRecord) -> dict[str, bool | int | float | str | None]:
    """Return the line's values in order, texts cut.  A library's record has no values of its own."""
    own: dict[str, object] = dict(getattr(record, "values", {}))
    about: dict[str, object] = {key: own.pop(key) for key in ("part", "device") if key in own}
    if not about:
        device = _device.get()
        about = {"part": "python" if record.name == "py.warnings" else record.name.partition(".")[0]}
        if device:
            about["device"] = device
    event = _message(record)
    if record.name == "py.warnings":
        event = event.partition("\n")[0]  # without the line of source
    head = {"time": _time(record), "level": record.levelname.lower()}
    values = {key: _plain(value) for key, value in (head | about | {"event": event} | own).items()}
    if record.exc_info and record.exc_info[1]:
        values["exception"] = "".join(traceback.format_exception(record.exc_info[1]))[-MOST_TRACE:].strip()
    return values


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a library's own mistake in its arguments
        return str(record.msg)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")


def _plain(value: object) -> bool | int | float | str | None:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"


def escaped(text: str) -> str:
    """Return the text without control characters, and without those that turn the direction of writing.

    Needs no codec: a process that gave up its files or its user may not be able to load one."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _quoted(value: object) -> str:
    """Format a value of key=value: true, 7, word, "two words"."""
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if text.isprintable() and not any(char in text for char in ' "=\\'):
        return text
    return '"' + escaped(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _log_crash(_: object, error: BaseException, __: object) -> None:
    if isinstance(error, KeyboardInterrupt):
        return
    _gate.critical("this is a defect: please report it", exc_info=error, extra={"values": {"part": "gate"}})


def _log_thread_crash(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_value is None or isinstance(crash.exc_value, SystemExit):
        return
    name = crash.thread.name if crash.thread else "?"
    values = {"part": "gate", "thread": name}
    _gate.error("a thread ended by an error", exc_info=crash.exc_value, extra={"values": values})
