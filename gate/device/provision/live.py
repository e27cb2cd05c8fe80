"""Effects of a change on a running system: systemd, the computer's name, the network."""

import shutil
import subprocess
from collections.abc import Collection, Iterator
from pathlib import Path

from gate.device.provision import network

_WITHIN = 45.0  # seconds for one command
_OF_CONFIG = ("gate.service", "gate-sync.service", "gate-desk.service")  # what reads gate.toml as long as it runs
SYSTEMD_RUNS = Path("/run/systemd/system")


def tell_system(changed: Collection[str], hostname: str) -> Iterator[str]:
    """Make the changed files count on this computer, and yield what failed.  `changed`: paths below the root."""
    if not SYSTEMD_RUNS.is_dir():
        return
    if any(path.startswith("etc/systemd/") for path in changed):
        yield from _run("systemctl", "daemon-reload")
    if "etc/hostname" in changed:
        yield from _run("hostnamectl", "set-hostname", hostname)
    if any(path.startswith(network.FOLDER) for path in changed):
        yield from _network(changed)
    # Without waiting: at boot the services wait for this command to end.
    yield from _run("systemctl", "--no-block", "restart", *_OF_CONFIG)


def _network(changed: Collection[str]) -> Iterator[str]:
    if network.REGULATORY in changed:
        yield from _run("nmcli", "radio", "wifi", "on")
    yield from _run("nmcli", "connection", "reload")
    for name in (network.WIFI, network.ETHERNET):
        if network.profile(name) in changed and Path("/", network.profile(name)).exists():
            yield from _run("nmcli", "--wait", "30", "connection", "up", name)


def _run(program: str, *arguments: str) -> Iterator[str]:
    found = shutil.which(program)
    line = " ".join((program, *arguments))
    if found is None:
        yield f"{program} is not installed: `{line}` was left out"
        return
    try:
        done = subprocess.run((found, *arguments), capture_output=True, text=True, timeout=_WITHIN, check=False)  # noqa: S603 - fixed programs
    except (OSError, subprocess.TimeoutExpired) as error:
        yield f"`{line}`: {error}. Start the computer again"
        return
    if done.returncode != 0:
        why = " ".join(done.stderr.split())[:200] or f"exit {done.returncode}"
        yield f"`{line}`: {why}. Start the computer again"
