"""The resources of this process, so that a test can detect a leak."""

import os
import re
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

OPENINGS = 10  # of a device, to detect a leak: one more resource is detected already


@dataclass(frozen=True, slots=True)
class Census:
    """The resources that a process holds."""

    children: frozenset[int]
    threads: Counter[str]  # by name without its number
    files: int

    def is_within(self, other: "Census") -> bool:
        """Return whether the other census holds all of this one."""
        return self.children <= other.children and self.threads <= other.threads and self.files <= other.files


def census() -> Census:
    """Count the resources of this process."""
    threads = Counter(re.sub(r"\d+", "", thread.name) for thread in threading.enumerate())
    return Census(children(), threads, len(list(Path("/proc/self/fd").iterdir())))


def children() -> frozenset[int]:
    """Return the process ids of our children, zombies included."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == os.getpid():
                    found.add(int(entry.name))
    return frozenset(found)


def settled() -> Census:
    """Return the census after it has not changed for a while: a peer's threads end a little later."""
    same, last = 0, census()
    while same < 4:
        time.sleep(0.05)
        now = census()
        same, last = (same + 1 if now == last else 0), now
    return last


def assert_nothing_more(before: Census) -> None:
    """Assert that soon nothing is held that was not held before."""
    for _ in range(100):
        now = census()
        if now.is_within(before):
            return
        time.sleep(0.05)
    raise AssertionError(f"left behind: {now}; before it was {before}")
