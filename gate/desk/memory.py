"""What the desk keeps about its users over a restart: wrong PINs, the language, the last note of a shift.

One small file, written whole.  A name that no user has is counted too, in memory alone, so that a stranger cannot find
out which names there are.
"""

import asyncio
import json
from collections import OrderedDict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gate.core.language import LANGUAGES
from gate.logs import Log
from gate.store.durable import write_whole

WRONG_PINS = 5  # in a row, that lock a name
LOCKED_FOR = 300.0  # seconds
NOTE_FOR = 24 * 3600.0  # seconds for which the next shift sees a note
LONGEST_NOTE = 200  # characters

_LARGEST = 1 << 18  # bytes
_MOST_STRANGERS = 500  # names that nobody has

log = Log(part="desk")


@dataclass(slots=True)
class Remembered:
    """What is kept of one user."""

    wrong: int = 0  # PINs since the last right one
    locked_until: float = 0.0  # Unix s
    language: str = ""


@dataclass(slots=True)
class ShiftNote:
    """A note for the next shift."""

    at: float  # Unix s
    user: str
    text: str


class DeskMemory:
    """The memory of one desk; belongs to its event loop."""

    def __init__(self, folder: Path, names: frozenset[str]) -> None:
        self._file, self._names = folder / "people.json", names
        self._of: dict[str, Remembered] = {}
        self._strangers: OrderedDict[str, Remembered] = OrderedDict()
        self._note: ShiftNote | None = None
        self._writing = asyncio.Lock()

    def load(self) -> None:
        """Read the file, before the loop runs.  One that cannot be used is left aside: nobody is locked out then."""
        try:
            with self._file.open("rb") as opened:
                data = json.loads(opened.read(_LARGEST))
            self._of = {name: _remembered(data["people"][name]) for name in self._names & data["people"].keys()}
            note = data.get("note")
            self._note = note and ShiftNote(float(note["at"]), str(note["user"]), str(note["text"])[:LONGEST_NOTE])
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("what was remembered of users cannot be read", problem=f"{self._file}: {error}")

    def of(self, name: str) -> Remembered:
        """Return what is kept of a name, whether it is a user's or not."""
        if name in self._names:
            return self._of.setdefault(name, Remembered())
        found = self._strangers.setdefault(name, Remembered())
        self._strangers.move_to_end(name)
        if len(self._strangers) > _MOST_STRANGERS:
            self._strangers.popitem(last=False)
        return found

    def locked_for(self, name: str, now: float) -> float:
        """Return the seconds for which a name stays locked, 0 when it is not; `now` in Unix s."""
        kept = self.of(name)
        if kept.locked_until > now + LOCKED_FOR:  # the clock was ahead then: or the name would be locked for as long
            kept.locked_until = now + LOCKED_FOR
        return max(0.0, kept.locked_until - now)

    def wrong(self, name: str, now: float) -> int:
        """Count a wrong PIN; return how many tries are left.  At 0 the name is locked."""
        kept = self.of(name)
        kept.wrong += 1
        if kept.wrong >= WRONG_PINS:
            kept.wrong, kept.locked_until = 0, now + LOCKED_FOR
            return 0
        return WRONG_PINS - kept.wrong

    def right(self, name: str) -> None:
        kept = self.of(name)
        kept.wrong, kept.locked_until = 0, 0.0

    def note(self, now: float) -> ShiftNote | None:
        """Return the last shift's note, while it is of use."""
        return self._note if self._note and 0 <= now - self._note.at < NOTE_FOR else None

    def leave(self, note: ShiftNote | None) -> None:
        """Keep a note for the next shift; None takes it away."""
        self._note = note

    async def keep(self) -> None:
        """Write the file.  A disk that refuses costs a memory, and no sign-in."""
        async with self._writing:
            people = {name: asdict(one) for name, one in self._of.items() if one != Remembered()}
            content = json.dumps({"people": people, "note": self._note and asdict(self._note)}).encode()
            try:
                await asyncio.to_thread(write_whole, self._file, content, 0o600)
            except OSError as error:
                log.warning("what is remembered of users cannot be written", problem=f"{self._file}: {error}")


def _remembered(kept: Any) -> Remembered:
    language = kept["language"] if kept["language"] in LANGUAGES else ""
    return Remembered(int(kept["wrong"]) % WRONG_PINS, float(kept["locked_until"]), language)
