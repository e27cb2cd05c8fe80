"""The command of a release in a test: this checkout, with a fault of its own.

python -m tests.device.fake_release FAULT WORDS...
"""

import os
import sqlite3
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from gate.cli.main import main
from gate.core.model import Direction
from gate.errors import GateError
from gate.lane.orders import AdmitRequest, send_request
from gate.registry import config_of
from gate.settings.load import load_settings
from gate.store import database

NEWER = 10  # the schema of the fault "newer"


def alter(config: Path) -> None:
    """Alter lane.db to the schema of a later release, which this one then accepts."""
    path = load_settings(config, config_of).device.state_dir / "lane.db"
    if path.exists():
        with sqlite3.connect(path) as connection:
            connection.execute(f"PRAGMA user_version = {NEWER}")
        connection.close()


def admit(config: Path) -> None:
    """Let somebody in as soon as the lane can, by order of staff, and die."""
    while True:
        time.sleep(0.2)
        with suppress(GateError):
            send_request(load_settings(config, config_of).device.runs, AdmitRequest(direction=Direction.ENTRY))
            time.sleep(1.5)
            os._exit(3)


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
    if fault in ("dies", "newer-dies"):
        threading.Timer(6.0, os._exit, [3]).start()
    if fault == "newer-admits-dies":
        threading.Thread(target=admit, args=(config,), daemon=True).start()


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2:])
