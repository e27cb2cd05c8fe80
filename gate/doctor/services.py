"""The doctor's checks of what runs around the lane: its unit, the page, the sync, the log."""

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from gate.doctor.examined import ExaminedGate
from gate.doctor.lines import CheckLine, Mark, failure
from gate.errors import GateError
from gate.kiosk.notices import age_in_words
from gate.state import answered_in, places_in, trusted_clock
from gate.store.last_sync import last_sync

HARDENED = {
    "Type": "notify",
    "User": "gate",
    "Restart": "always",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "DevicePolicy": "closed",
    "MemoryDenyWriteExecute": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "ProtectKernelModules": "yes",
    "ProtectControlGroups": "yes",
}
"""Properties of the shipped gate.service as `systemctl show` prints them: without one of them it is another unit."""

_ASKED = (
    *HARDENED,
    "LoadState",
    "ActiveState",
    "UnitFileState",
    "NRestarts",
    "WatchdogUSec",
    "IPAddressDeny",
    "ExecStopPost",
)
PAGE_WITHIN = 5.0  # seconds for connection, request and whole answer
_MOST_ANSWERED = 1000  # bytes of the body; the page's has some ten
_MISSED = 4  # visits: one may find no mirror, four in a row are a fault
_RESTARTED = 3  # times since the unit was loaded: a device that was pulled ends no lane
_JOURNALD = ("etc/systemd/journald.conf", "usr/lib/systemd/journald.conf")
_DROP_INS = ("usr/lib", "usr/local/lib", "run", "etc")  # later folders replace files of one name


def service(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Check that the lane is run by the unit that was shipped, as it was shipped."""
    unit, lane = examined.unit, examined.lane
    if not examined.has_systemd:
        yield CheckLine("service", Mark.UNKNOWN, "this computer is not run by systemd", "Start the lane by a unit")
        return
    if not unit:
        found = f"{examined.file} is no file that a unit runs"
        advice = "On a device it is /etc/gate/gate.toml, or /etc/gate/lanes/NAME.toml"
        yield CheckLine("service", Mark.UNKNOWN, found, advice)
        return
    shown = unit_properties(examined, unit)
    if shown is None:
        yield CheckLine("service", Mark.UNKNOWN, f"systemd does not answer about {unit}", "Call it as root")
        return
    yield _judged(unit, shown)
    group = examined.text(f"proc/{lane.pid}/cgroup") if lane.pid else None
    if lane.holds_devices and group is not None and unit not in group:
        advice = f"Stop it there, and `systemctl enable --now {unit.removesuffix('.service')}`"
        found = f"the lane does not run under {unit}: nothing restarts it, and its rights are not bounded"
        yield CheckLine("service", Mark.FAIL, found, advice)


def _judged(unit: str, shown: Mapping[str, str]) -> CheckLine:
    name = unit.removesuffix(".service")
    if shown.get("LoadState") != "loaded":
        return CheckLine("service", Mark.FAIL, f"{unit} is not installed", "`gate install`: systemd/README.md")
    lax = [f"{key}={shown.get(key, '')}" for key, value in HARDENED.items() if shown.get(key) != value]
    lax += [] if "safe-outputs" in shown.get("ExecStopPost", "") else ["ExecStopPost= without `gate safe-outputs`"]
    lax += [] if shown.get("IPAddressDeny") else ["IPAddressDeny="]
    lax += ["WatchdogSec="] if shown.get("WatchdogUSec", "0") in ("0", "infinity") else []
    if lax:
        advice = f"Look for drop-ins: `systemctl cat {name}`; the shipped unit is in systemd/"
        return CheckLine("service", Mark.FAIL, f"{unit} is laxer than it was shipped: {', '.join(lax)}", advice)
    active, enabled = shown.get("ActiveState", ""), shown.get("UnitFileState", "")
    found = f"{unit} is {active} and {enabled}, as hardened as it was shipped"
    if active not in ("active", "activating", "reloading") or enabled != "enabled":
        return CheckLine("service", Mark.WARN, found, f"`systemctl enable --now {name}`: else the door stays shut")
    if (restarts := int(shown.get("NRestarts") or 0)) >= _RESTARTED:
        found += f", and was restarted {restarts} times"
        return CheckLine("service", Mark.WARN, found, f"See why: `journalctl -u {name} -g 'Main process|Watchdog'`")
    return CheckLine("service", Mark.PASS, found)


def page(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Check that the page answers; without a lane, that its port is free."""
    kiosk = examined.settings.kiosk
    if kiosk is None:
        yield CheckLine("page", Mark.PASS, "none is wanted: there is no [kiosk]")
    elif kiosk.port == 0:
        advice = "Name a port in [kiosk] listen: a screen needs one that stays"
        yield CheckLine("page", Mark.UNKNOWN, "it takes any free port, a new one at each start", advice)
    elif problem := examined.lane.answer.get("problems", {}).get("page"):
        what, _, advice = problem.partition(". ")
        yield CheckLine("page", Mark.FAIL, f"the lane runs without its page: {what}", advice)
    elif examined.lane.holds_devices:
        yield _answering(kiosk.host, kiosk.port)
    else:
        yield _free(kiosk.host, kiosk.port)


def _answering(host: str, port: int) -> CheckLine:
    try:
        good = _is_well(host, port)
    except (OSError, HTTPException, ValueError, AttributeError, RecursionError):
        return CheckLine("page", Mark.FAIL, f"it does not answer on {host}:{port}", "See `journalctl -u gate -g kiosk`")
    if good:
        return CheckLine("page", Mark.PASS, f"it answers on {host}:{port}, and what it shows is fresh")
    return CheckLine("page", Mark.FAIL, f"what it shows on {host}:{port} stands still", "See `journalctl -u gate`")


class _TimedSocket(socket.socket):
    """A socket whose reads end together at `deadline`, by time.monotonic(): a timeout alone begins again with each
    byte."""

    deadline = 0.0

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.settimeout(left)
        return super().recv_into(buffer, nbytes, flags)


def _is_well(host: str, port: int) -> bool:
    """Return whether the page is well, by its own answer.  Raises OSError, HTTPException, ValueError, AttributeError
    and RecursionError: another program may have the port, and answer anything."""
    deadline = time.monotonic() + PAGE_WITHIN
    opened = socket.create_connection((host, port), PAGE_WITHIN)
    with _TimedSocket(fileno=opened.detach()) as timed, closing(HTTPConnection(host, port)) as line:
        timed.deadline = deadline
        timed.settimeout(PAGE_WITHIN)
        line.sock = timed
        line.request("GET", "/healthz")
        with line.getresponse() as answer:
            return answer.status == 200 and json.loads(answer.read(_MOST_ANSWERED)).get("ok") is True


def _free(host: str, port: int) -> CheckLine:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            line.bind((host, port))
    except OSError as error:
        advice = f"See who has it: `ss -ltnp sport = :{port}`; or name another in [kiosk] listen"
        return CheckLine("page", Mark.FAIL, f"{host}:{port} cannot be had ({error.strerror})", advice)
    return CheckLine("page", Mark.PASS, f"{host}:{port} is free for it; no lane runs that would serve it")


def sync(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Check that the lists are fetched: the unit, and the age of the last visit that succeeded."""
    settings = examined.settings
    if settings.sync is None:
        yield CheckLine("sync", Mark.PASS, "none is wanted: lists come by hand, without [sync]")
        return
    shown = unit_properties(examined, "gate-sync.service") if examined.has_systemd else None
    active = shown.get("ActiveState", "") if shown else None
    unit = f"gate-sync.service is {active}" if active is not None else "whether it runs cannot be asked"
    if active is not None and active not in ("active", "activating", "reloading"):
        yield CheckLine("sync", Mark.FAIL, f"{unit}: lists grow old", "`systemctl enable --now gate-sync`")
        return
    try:
        visited = last_sync(places_in(settings.paths))
        now = trusted_clock(answered_in(settings.paths), settings.clock.untrusted_for).now()
    except GateError as error:
        yield failure("sync", error)
        return
    advice = "See `journalctl -u gate-sync`, or try: `sudo gate sync --once`"
    if visited is None:
        yield CheckLine("sync", Mark.WARN, f"it never succeeded; {unit}", advice)
        return
    age = max(now - visited.at, 0.0)
    found = f"the last visit that succeeded was {age_in_words(age, 'en')} ago; {unit}"
    if age > _MISSED * settings.sync.every:
        yield CheckLine("sync", Mark.WARN, found, advice)
    elif active is None:
        yield CheckLine(
            "sync", Mark.UNKNOWN, found, "Where systemd is not at work, look for the process of `gate sync`"
        )
    else:
        yield CheckLine("sync", Mark.PASS, found)


def log(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Check that the log outlives a power cut: the journal's checkpoints are in it."""
    if not (examined.root / "run/systemd/journal").is_dir():
        advice = "Keep what the lane writes to stderr: the journal's checkpoints are in it"
        yield CheckLine("log", Mark.UNKNOWN, "there is no journald here: where the log goes is not known", advice)
        return
    try:
        storage = _storage(examined.root)
    except OSError as error:
        found = f"the settings of journald cannot be read ({error.strerror})"
        yield CheckLine("log", Mark.UNKNOWN, found, "Call it as root: `sudo gate doctor`")
        return
    folder = (examined.root / "var/log/journal").is_dir()
    if storage == "persistent" or (storage == "auto" and folder):
        yield CheckLine("log", Mark.PASS, "journald keeps the log on disk")
        return
    advice = "Install systemd/gate.journald, then `systemctl restart systemd-journald`"
    found = f"journald keeps the log in memory (Storage={storage}): checkpoints of the journal die with the power"
    yield CheckLine("log", Mark.WARN, found, advice)


def _storage(root: Path) -> str:
    """Return journald's setting as journald.conf(5) reads it: main file, then drop-ins in order of their names.  Raises
    OSError."""
    files = {path.name: path for base in _DROP_INS for path in (root / base / "systemd/journald.conf.d").glob("*.conf")}
    main = next((root / path for path in _JOURNALD if (root / path).is_file()), None)
    storage = "auto"
    for path in (*((main,) if main else ()), *(files[name] for name in sorted(files))):
        for line in path.read_text("utf-8", "replace").splitlines():
            key, found, value = line.partition("=")
            if found and key.strip() == "Storage":
                storage = value.strip() or "auto"
    return storage


def unit_properties(examined: ExaminedGate, unit: str) -> dict[str, str] | None:
    """Return the properties of a unit, as systemd has them; None where it does not answer."""
    text = examined.run(("systemctl", "show", unit, f"--property={','.join(_ASKED)}"))
    if not text:
        return None
    return {key: value for key, _, value in (row.partition("=") for row in text.splitlines())}
