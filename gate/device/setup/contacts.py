"""The questions about contacts: "press it now" shows which line changes, and how the contact is at rest.

Only lines that a person names are claimed, and never the barrier's: a line that is read gets a pull resistor, which
could move a relay that nobody mentioned.
"""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from gate import registry
from gate.device.setup.interview import Choice, Interview
from gate.device.setup.table import whole_number
from gate.errors import DeviceError
from gate.ports.inputs import Input, Level

DRIVER = "gpio"
WATCHED = 30.0  # seconds for a press
_SETTLES = 0.3  # seconds after the first change: two lines that change together are one wire too many
_LAST_LINE = 53

_ROLES = {
    "passage": "passage: a person goes through the turnstile",
    "rex": "rex: the exit button",
    "fire": "fire: the building's fire alarm",
    "door": "door: the door stands open",
    "lock": "lock: the bolt is home",
    "lockdown": "lockdown: a key or button that closes the entrance",
    "reset": "reset: a key that resets an alarm",
    "admit": "admit: a button by which staff let one person in",
    "extend": "extend: a button by which staff give a person more time",
    "tamper": "tamper: the box is being opened",
    "interlock": "interlock: the other door of a mantrap is open",
}


@dataclass(frozen=True, slots=True)
class Pressed:
    """A line that changed.  `closed`: at rest."""

    line: int
    closed: bool


def ask_contacts(interview: Interview, taken: Collection[int]) -> list[dict[str, Any]]:
    """Ask for the contacts on GPIO lines.  `taken`: lines of the barrier.  Returns their tables, none for no
    contact."""
    interview.say(
        "Which GPIO lines have a contact? BCM numbers, such as: 22 23. Name no line that a relay or a lamp is on. "
        "Without a contact, type none."
    )
    lines = interview.parsed("Lines", lambda given: _lines(given, taken))
    if not lines:
        return []
    pull = "up"
    if not interview.confirm("Each contact is between its line and ground", default=True):
        pull = "down"
        interview.say("Then between its line and 3.3 V. Never put 5 V on a line.", "  ")
    tables: list[dict[str, Any]] = []
    while left := [line for line in lines if line not in {table["line"] for table in tables}]:
        tables.append(_ask_contact(interview, left, pull))
    if not any(table["role"] == "fire" for table in tables):
        interview.say("No fire contact: the gate will not know of an alarm. The way out is freed by wiring alone.")
    return tables


def _ask_contact(interview: Interview, lines: Sequence[int], pull: str) -> dict[str, Any]:
    names = ", ".join(map(str, lines))
    interview.wait(f"Leave all contacts at rest, and press Enter ({names}).")
    interview.say(f"Now press, open or break ONE contact, and hold it: {WATCHED:g} s.")
    pressed: list[Pressed] = []
    try:
        pressed = asyncio.run(watch(lines, pull, WATCHED))
    except DeviceError as error:
        interview.say(str(error), "  ")
    if len(pressed) > 1:
        together = ", ".join(str(one.line) for one in pressed)
        interview.say(f"Lines {together} changed together: look for a wrong wire, or press one only.", "  ")
        return _ask_contact(interview, lines, pull)
    if pressed:
        line, closed = pressed[0].line, pressed[0].closed
        words = "it was closed, and opened" if closed else "it was open, and closed"
        interview.say(f"Line {line} changed: {words}. It is normally {_rest(closed)}.", "  ")
    else:
        interview.say("No line changed.", "  ")
        choices = [Choice("again", "watch again"), Choice("typed", "say what it is without a press")]
        if interview.choose("This contact", choices, default=0) == "again":
            return _ask_contact(interview, lines, pull)
        line = interview.parsed("Line", lambda given: _one_of(given, lines), default=str(lines[0]))
        resting = [Choice(False, "open"), Choice(True, "closed")]
        closed = bool(interview.choose("At rest the contact is", resting))
    return _table(interview, line, closed, pull)


def _table(interview: Interview, line: int, closed: bool, pull: str) -> dict[str, Any]:
    role = interview.choose("It means", [Choice(role, words) for role, words in _ROLES.items()])
    table = {"driver": DRIVER, "role": role, "line": line, "normally": _rest(closed)}
    if pull != "up":
        table["pull"] = pull
    if role == "passage":
        ways = [Choice("entry", "entry: people go in"), Choice("exit", "exit: people go out")]
        table["direction"] = interview.choose("Direction", ways, default=0)
    if role == "fire" and not closed:
        interview.say("This fire contact is open at rest: a cut wire would be no alarm. Use its closed contact.")
    return table


async def watch(lines: Sequence[int], pull: str, seconds: float) -> list[Pressed]:
    """Wait until a line changes; return those that did within a moment, none after `seconds`.  Raises DeviceError."""
    rest: dict[int, bool] = {}  # line -> closed
    changed: dict[int, Pressed] = {}
    news = asyncio.Event()

    def report(line: int, level: Level) -> None:
        if rest.setdefault(line, level.active) is not level.active:
            changed.setdefault(line, Pressed(line, rest[line]))
            news.set()

    async with AsyncExitStack() as stack:
        contacts = {line: await stack.enter_async_context(_open(line, pull)) for line in lines}
        runs = [asyncio.create_task(contact.run(partial(report, line))) for line, contact in contacts.items()]
        pressed = asyncio.create_task(news.wait())
        try:
            await asyncio.wait([pressed, *runs], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            for run in runs:
                if run.done():
                    run.result()  # raises its DeviceError
            if changed:
                await asyncio.sleep(_SETTLES)
        finally:
            for task in (pressed, *runs):
                task.cancel()
            await asyncio.gather(pressed, *runs, return_exceptions=True)
    return [changed[line] for line in sorted(changed)]


def _open(line: int, pull: str) -> AbstractAsyncContextManager[Input]:
    """Return the contact, to be opened: active while it is closed."""
    spec = registry.driver("input", DRIVER)
    table = {"driver": DRIVER, "role": "tamper", "line": line, "normally": "open", "pull": pull}
    opened: AbstractAsyncContextManager[Input] = spec.open(spec.config.model_validate(table))
    return opened


def _lines(given: str, taken: Collection[int]) -> list[int]:
    """Return the lines of an answer.  Raises ValueError with words for a person."""
    if given.lower() in ("none", "no"):
        return []
    lines = list(dict.fromkeys(whole_number(word) for word in given.replace(",", " ").split()))
    for line in lines:
        if not 0 <= line <= _LAST_LINE:
            raise ValueError(f"There is no line {line}: they are 0 to {_LAST_LINE}.")
        if line in taken:
            raise ValueError(f"Line {line} is the barrier's: it is not touched.")
    return lines


def _one_of(given: str, lines: Sequence[int]) -> int:
    line = whole_number(given)
    if line not in lines:
        raise ValueError(f"Type one of {', '.join(map(str, lines))}.")
    return line


def _rest(closed: bool) -> str:
    return "closed" if closed else "open"
