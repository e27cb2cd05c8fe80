"""The port of finders: which devices are attached, for `gate setup`.

Entry-point group `gate.finders`; the object is a callable without arguments that returns a DeviceFinder.

A finder must not move anything.  `look` opens nothing and sends nothing.  `ask` sends only questions whose bytes
neither contain nor complete an order of any board that may be at the same port, and only at a rate at which such a
board takes them for what they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """A device that is attached.  `table`: the keys of its table in the configuration that are known by it; without
    `driver` there is only a place at which some device may be."""

    words: str  # for a person: what it is and where
    table: Mapping[str, str | int]


class DeviceFinder(Protocol):
    """The port of finders.  Methods block, for some seconds at most."""

    kind: str
    """Of the drivers: "reader" or "barrier"."""

    questions: Sequence[str]
    """What `ask` sends, a line each, for a person who decides about it."""

    def look(self) -> list[FoundDevice]:
        """Return what can be seen without opening anything: names of devices, numbers of USB."""

    def ask(self, place: str) -> list[FoundDevice]:
        """Ask the device at a serial port what it is.  Raises DeviceError when the port cannot be opened."""
