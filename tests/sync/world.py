"""An authority, a device and what lies between them, for tests."""

import random
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from gate.authority.authority import Authority
from gate.core.model import Listing
from gate.store.list_reader import OutdatedError, StatusList
from gate.sync.sync import ListSource, Outcome, sync
from gate.testing.builders import rules_json

START = 1_800_000_000
HOUR = 3600
PEOPLE = 20_000
WITNESS = 7  # a place that is green all along


@cache
def _spread() -> dict[int, Listing]:
    """A status for each person, which does not compress to nothing."""
    chance = random.Random(1)
    return {idx: Listing(chance.randint(1, 4)) for idx in range(PEOPLE)}


class World:
    """`authority` publishes to `public`; the device keeps its state in `state`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.public = folder / "public"
        self.state = folder / "state"
        self.now = START
        self.authority = Authority.create(folder / "authority", at=START)
        self.authority.add_issuer("ashyq", at=START - HOUR)
        (folder / "authority" / "rules.json").write_bytes(rules_json())
        self.authority.set_statuses(_spread() | {WITNESS: Listing.GREEN})

    @property
    def root(self) -> Path:
        return self.authority.path / "root.json"

    def publish(self, changes: Mapping[int, Listing] | None = None, *, after: int = 60, shrink: bool = False) -> int:
        """The version."""
        self.now += after
        if changes:
            self.authority.set_statuses(changes)
        return self.authority.publish(self.public, self.now, shrink=shrink, grow=True, ahead=True).version

    def sync(self, *mirrors: str, now: int | None = None, root: Path | None = None) -> Outcome:
        source = ListSource(mirrors, root or self.root, self.state, stale_after=6 * HOUR)
        return sync(source, self.now if now is None else now)

    def held(self, *places: int) -> list[Listing]:
        status = StatusList(self.state)
        try:
            status.refresh()
            return [status.consult(place) for place in places]
        finally:
            status.close()

    @property
    def version(self) -> int | None:
        status = StatusList(self.state)
        try:
            status.refresh()
            return status.state.version
        finally:
            status.close()

    def copy_of_public(self, name: str) -> Path:
        """What a mirror has that got everything up to now."""
        shutil.copytree(self.public, self.folder / name)
        return self.folder / name

    @contextmanager
    def answering(self) -> Iterator[None]:
        """A lane that looks people up all the while; fails when it ever got another answer than it should."""
        problems: list[str] = []
        looked, done = threading.Event(), threading.Event()
        thread = threading.Thread(target=self._look_up, args=(problems, looked, done))
        thread.start()
        try:
            assert looked.wait(10)
            looked.clear()
            yield
            assert looked.wait(10), problems
        finally:
            done.set()
            thread.join()
        assert problems == []

    def _look_up(self, problems: list[str], looked: threading.Event, done: threading.Event) -> None:
        status = StatusList(self.state)
        while not done.is_set():
            try:
                status.refresh()
                if (answer := status.consult(WITNESS)) is not Listing.GREEN:
                    problems.append(f"the list said {answer.name}")
            except OutdatedError:
                continue
            except Exception as error:  # noqa: BLE001 - whatever it is, the lane would have refused
                problems.append(repr(error))
                break
            looked.set()
            done.wait(0.002)
        looked.set()
        status.close()
