"""A real daemon for tests: its process, its files, and the far end of its serial port."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gate.authority.authority import Authority
from gate.core.model import Listing, Status
from gate.passes.aq1_encode import credential_text
from gate.store.database import File, open_for_reading
from gate.sync.sync import ListSource, Outcome, sync
from gate.testing.builders import rules_json
from gate.testing.relay_board import RelayBoard
from tests.commands.process import Running, start_gate

PATIENCE = 60.0  # seconds any single thing may take on a busy machine


def eventually(holds: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    end = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < end, f"waited {patience} s in vain for {what}"
        time.sleep(0.02)


class Site:
    """A folder with an authority, a state directory and a configuration.

    `ahead`: seconds by which the authority's clock is ahead of this machine's; to the gate it is then as
    if its own had been set back."""

    def __init__(self, folder: Path, people: Mapping[int, Listing], *, ahead: int = 0) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.config = folder / "gate.toml"
        self.passage = folder / "passage"
        self.now = int(time.time()) + ahead  # noqa: TID251 - the daemon under test asks the system too
        self.authority = Authority.create(folder / "authority", at=self.now - 3600)
        self.authority.add_issuer("ashyq", at=self.now - ahead - 3600)
        self.authority.set_statuses(people)
        (folder / "authority" / "rules.json").write_bytes(rules_json())  # the same on every day of the week
        self.publish()

    def publish(self) -> None:
        self.authority.publish(self.authority.public, self.now)

    @property
    def root(self) -> Path:
        """What a device believes."""
        return self.authority.path / "root.json"

    def load_list(self) -> None:
        self.sync(self.authority.public.as_uri())

    def sync(self, *mirrors: str) -> Outcome:
        return sync(ListSource(mirrors, self.root, self.state, stale_after=3600), self.now)

    def issue(self, idx: int, status: Status = Status.GREEN) -> str:
        return credential_text(self.authority.issue("ashyq", idx, status, issued_at=self.now - 60, lifetime=12 * 3600))

    def configure(self, *tables: str, **lane: str) -> None:
        keys = "\n".join(f"{key} = {json.dumps(value)}" for key, value in ({"hold": "300ms"} | lane).items())
        own = f"""
[device]
id = "test-1"
state_dir = "{self.state}"
[venue]
id = "test"
category = "fitness"
zone = "almaty"
timezone = "Asia/Almaty"
[lane]
{keys}
"""
        self.config.write_text(own + "\n".join(tables))

    def rows(self, where: str = "1") -> list[dict[str, Any]]:
        connection = open_for_reading(File.LANE, self.state)
        if connection is None:  # the daemon has not made it yet
            return []
        try:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(f"SELECT * FROM journal WHERE {where} ORDER BY seq")]
        finally:
            connection.close()

    def reasons(self) -> list[str]:
        return [row["reason"] for row in self.rows("event = 'decision'")]


class Daemon:
    """`gate run` as its own process."""

    def __init__(self, site: Site, *, program: tuple[str, ...] = ()) -> None:
        """`program`: arguments of a Python that is started instead."""
        self.log = site.folder / "daemon.log"
        self._file = self.log.open("ab")
        self.process: Running
        if program:
            command = [sys.executable, *program, "--config", str(site.config)]
            self.process = subprocess.Popen(
                command, stderr=self._file, stdin=subprocess.DEVNULL, start_new_session=True
            )
        else:
            self.process = start_gate("run", "--config", site.config, stderr=self._file)

    def said(self) -> str:
        return self.log.read_text()

    def child(self, module: str) -> int:
        """The pid of its process that runs this module, as far as its name is told."""
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        pids = [int(pid) for thread in threads for pid in (thread / "children").read_text().split()]
        (found,) = (pid for pid in pids if module in Path(f"/proc/{pid}/cmdline").read_text())
        return found

    def wait_ready(self) -> None:
        eventually(lambda: "event=ready" in self.said() or self.process.poll() is not None, "the daemon to be ready")
        assert self.process.poll() is None, self.said()

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self._file.close()


@contextmanager
def running(site: Site) -> Iterator[Daemon]:
    daemon = Daemon(site)
    try:
        daemon.wait_ready()
        yield daemon
    finally:
        daemon.stop()


def lcus(board: RelayBoard, pulse: str = "100ms") -> str:
    return f'[barrier]\ndriver = "serial_frames"\nprofile = "lcus"\nport = "{board.link}"\npulse = "{pulse}"\n'


def camera(device: Path | str) -> str:
    return f'[[reader]]\ndriver = "camera"\ndevice = "{device}"\n'


def replay(folder: Path, *texts: str) -> str:
    file = folder / "codes.txt"
    file.write_text("".join(f"{json.dumps({'text': text})}\n" for text in texts))
    return f'[[reader]]\ndriver = "replay"\nfile = "{file}"\n'
