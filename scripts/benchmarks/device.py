"""An authority that publishes a nation's list, the web server that serves it, and devices that sync from there."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from people import MIX, Form, write_csv
from spending import Spent, gate, module

from gate.core.model import Listing
from gate.demo.mirror import MirrorServer
from gate.store.takeover_messages import TAKEOVER

PACE = Path(__file__).with_name("pace.py")
CONFIG = """
[device]
id = "bench-1"
state_dir = {state}
[venue]
id = "bench"
category = "fitness"
zone = "almaty"
timezone = "Asia/Almaty"
[sync]
mirrors = [{mirror}]
root = {root}
"""
NO_CAMERA = """
[[reader]]
driver = "fake"
"""


def described(state: Path, mirror: str, root: Path, devices: str) -> str:
    """Return a gate.toml; `devices`: its tables of readers and the rest."""
    named = {"state": state, "mirror": mirror, "root": root}
    return CONFIG.format_map({name: json.dumps(str(value)) for name, value in named.items()}) + devices


class Nation:
    """An authority below `folder`: `people` with the statuses of the mix."""

    def __init__(self, folder: Path, people: int) -> None:
        self.people = people
        self.path = folder / "authority"
        self._csv = folder / "people.csv"
        gate("authority", "init", self.path)
        gate("authority", "add-issuer", self.path, "bench")

    def take_in(self, form: Form) -> Spent:
        """Write the people's CSV and import it; return the import's resources."""
        write_csv(self._csv, form, self.people)
        return self._import()

    def change(self, share: float) -> None:
        """Give that share of the places, random ones, another colour, drawn from the mix until it differs."""
        random = np.random.default_rng(7)
        places = random.choice(self.people, max(1, round(self.people * share)), replace=False)
        before = np.array([Listing(value).name.lower() for value in np.load(self.path / "status.npy")[places]])
        words = before.copy()
        while (same := words == before).any():
            words[same] = random.choice(list(MIX), int(same.sum()), p=list(MIX.values()))
        rows = (f"{place},{word}\n" for place, word in zip(places, words, strict=True))
        self._csv.write_text("idx,status\n" + "".join(rows))
        self._import()

    def publish(self) -> Spent:
        return gate("authority", "publish", self.path)[0]

    def file_mb(self, name: str) -> float:
        """Return the size of the published file whose name contains `name`."""
        (path,) = (self.path / "public" / "targets" / "status").glob(f"*.{name}-*.zst")
        return path.stat().st_size / 1e6

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve it by HTTP on loopback; yield the address."""
        with MirrorServer(self.path / "public") as server:
            yield server.address

    def _import(self) -> Spent:
        spent, _ = gate("authority", "import", self.path, self._csv)
        self._csv.unlink()
        return spent


@dataclass(frozen=True, slots=True)
class Admitted:
    began: float  # Unix s
    took: float  # seconds
    waited: float  # seconds of these while other processes had the processors


@dataclass(frozen=True, slots=True)
class SyncedDevice:
    spent: Spent
    way: str
    applied_in: float  # seconds


class BenchDevice:
    """A device that syncs from `mirror`; its state is a folder that can be restored."""

    def __init__(self, folder: Path, nation: Nation, mirror: str) -> None:
        self.state = folder / "state"
        self._people = nation.people
        self._root = nation.path / "root.json"
        self._kept = folder / "kept"
        self._config = folder / "gate.toml"
        folder.mkdir()
        self._config.write_text(described(self.state, mirror, self._root, NO_CAMERA))

    @property
    def list_db(self) -> Path:
        return self.state / "list.db"

    def sync(self, way: str) -> SyncedDevice:
        """Run `gate sync --once` in a process of its own, by that way only."""
        spent, said = gate("sync", "--config", self._config, "--once", "--json")
        outcome = json.loads(said)
        if outcome["way"] != way:
            raise RuntimeError(f"the sync went another way than {way!r}: {said}")
        return SyncedDevice(spent, way, outcome["applied_in"])

    def take_over(self) -> Spent:
        """Verify the list of a sync and write the lane's own, as the lane's child does."""
        settings = {"state_dir": str(self.state), "list_dir": str(self.state), "root": str(self._root)}
        spent, said = module(TAKEOVER.module, said=json.dumps(settings) + "\n")
        if '"changed": true' not in said:
            raise RuntimeError(f"the list of the sync was not taken: {said}")
        return spent

    def forget(self) -> None:
        """Drop the whole state: a new device."""
        shutil.rmtree(self.state, ignore_errors=True)

    def keep(self) -> None:
        """Keep the present lists, for `put_back`."""
        shutil.rmtree(self._kept, ignore_errors=True)
        shutil.copytree(self.state, self._kept, symlinks=True, ignore=shutil.ignore_patterns("lane*"))

    def put_back(self) -> None:
        """Restore the lists of `keep`; the lane's journal stays.  No process may have list.db open."""
        self.state.mkdir(exist_ok=True)
        for folder in ("tuf", "verified"):
            shutil.rmtree(self.state / folder, ignore_errors=True)
        for path in self.state.glob("list.db*"):
            path.unlink()
        shutil.copytree(self._kept, self.state, symlinks=True, dirs_exist_ok=True)
        os.sync()  # so that the copies are not flushed during a measurement

    @contextmanager
    def lane(self) -> Iterator[Callable[[], list[Admitted]]]:
        """Run a lane at a steady pace beside it; yield a function that stops it and returns every admission."""
        command = [sys.executable, str(PACE), str(self.state), str(self._people)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
            try:
                assert process.stdout  # noqa: S101 - it is a pipe
                if process.stdout.readline() != "ready\n":
                    raise RuntimeError("the lane did not start")

                def stop() -> list[Admitted]:
                    said, _ = process.communicate()
                    if process.returncode:
                        raise RuntimeError("the lane failed")
                    return [Admitted(*figures) for figures in json.loads(said)]

                yield stop
            finally:
                process.kill()
