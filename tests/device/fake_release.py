"""The command of a release in a test: this checkout, with a fault of its own.

python -m tests.device.fake_release FAULT WORDS...
"""

import os
import sqlite3
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

from gate.cli.main import main
from gate.control.client import send_request
from gate.control.requests import AdmitRequest
from gate.core.model import Direction
from gate.errors import GateError
from gate.registry import config_of
from gate.settings.load import load_settings
from gate.store import database

NEWER = 100  # the schema of the fault "newer"


def alter(config: Path) -> None:
    """Alter lane.db to the schema of a later release, which this one then accepts."""
    path = load_settings(config, config_of).device.state_dir / "lane.db"
    if path.exists():
        with sqlite3.connect(path) as connection:
            connection.execute(f"PRAGMA user_version = {NEWER}")
        connection.close()


def decisions(state: Path) -> int:
    try:
        with closing(sqlite3.connect(f"{(state / 'lane.db').as_uri()}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM journal WHERE event = 'decision'").fetchone()[0])
    except sqlite3.Error:
        return 0


def die(state: Path, known: int) -> None:
    """Die once the lane has decided."""
    while decisions(state) <= known:
        time.sleep(0.1)
    os._exit(3)


def admit_and_die(state: Path, known: int) -> None:
    """Let somebody in as soon as the lane can, by order of staff, and die."""
    while decisions(state) <= known:
        time.sleep(0.1)
    while True:
        with suppress(GateError):
            send_request(state, AdmitRequest(direction=Direction.ENTRY))
            os._exit(3)
        time.sleep(0.1)


def run(fault: str, words: list[str]) -> None:
    if words[:2] == ["config", "check"] and fault == "config":
        print("gate.toml:3: [lane] hold: no such key any more. Remove it", file=sys.stderr)
        sys.exit(78)
    if fault.startswith("newer"):
        database._refuse_newer = lambda *_: None
    if words[0] == "run":
        begin(fault, Path(words[2]))
    sys.argv = ["gate", *words]
    main()


def begin(fault: str, config: Path) -> None:
    if fault.startswith("newer"):
        alter(config)
    if fault == "mute":
        time.sleep(600)
    end = {"newer-dies": die, "newer-admits-dies": admit_and_die}.get(fault)
    if end is not None:
        state = load_settings(config, config_of).device.state_dir
        threading.Thread(target=end, args=(state, decisions(state)), daemon=True).start()


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2:])
