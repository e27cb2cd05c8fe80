"""`systemctl` of a root in a test: it starts, watches and stops `gate run` as a unit of Type=notify does.

Its folder is FAKE_SYSTEMD: units.json (unit -> configuration), and a file for each unit's state.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ["FAKE_SYSTEMD"])
WRONG_CONFIG = 78


def state_file(unit: str) -> Path:
    return FOLDER / f"{unit}.json"


def read(unit: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(state_file(unit).read_text())
    except FileNotFoundError:
        return {"active": "inactive", "restarts": 0, "supervisor": 0}
    return found


def write(unit: str, **facts: object) -> None:
    staged = state_file(unit).with_suffix(f".{os.getpid()}")
    staged.write_text(json.dumps({**read(unit), **facts}))
    staged.replace(state_file(unit))


def lives(pid: int) -> bool:
    try:
        return pid > 0 and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def show(units: dict[str, str]) -> None:
    for unit in units:
        facts = read(unit)
        print(f"Id={unit}\nActiveState={facts['active']}\nNRestarts={facts['restarts']}\n")


def stop(unit: str) -> None:
    pid = read(unit)["supervisor"]
    if lives(pid):
        os.kill(pid, signal.SIGTERM)
        while lives(pid):
            time.sleep(0.02)
    write(unit, active="inactive", supervisor=0)


def start(unit: str) -> None:
    if lives(read(unit)["supervisor"]):
        return
    write(unit, active="activating")
    with (FOLDER / "units.log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, __file__, "--supervise", unit],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    write(unit, supervisor=child.pid)


class Supervisor:
    """What systemd is for one service."""

    def __init__(self, unit: str, config: str) -> None:
        self.unit = unit
        self.command = [os.environ["FAKE_COMMAND"], "run", "--config", config]
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = FOLDER / f"{unit}.notify"
        path.unlink(missing_ok=True)
        self.socket.bind(str(path))
        self.socket.settimeout(0.05)
        self.environment = {**os.environ, "NOTIFY_SOCKET": str(path)}
        self.child: subprocess.Popen[bytes] | None = None

    def end(self, *_: object) -> None:
        if self.child is not None:
            self.child.terminate()
            self.child.wait()
        sys.exit(0)

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self.end)
        while True:
            self.child = subprocess.Popen(self.command, env=self.environment)
            while self.child.poll() is None:
                try:
                    if b"READY=1" in self.socket.recv(4096):
                        write(self.unit, active="active")
                except TimeoutError:
                    continue
            if self.child.returncode == WRONG_CONFIG:
                write(self.unit, active="failed")
                return
            write(self.unit, active="activating", restarts=read(self.unit)["restarts"] + 1)
            time.sleep(0.2)


def main(words: list[str]) -> int:
    units: dict[str, str] = json.loads((FOLDER / "units.json").read_text())
    named = [word for word in words[1:] if word in units]
    match words[0]:
        case "show":
            show(units)
        case "stop":
            for unit in named:
                stop(unit)
        case "reset-failed":
            for unit in named:
                write(unit, restarts=0)
        case "start":
            for unit in named:
                start(unit)
        case "--supervise":
            Supervisor(words[1], units[words[1]]).run()
        case _:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
