"""A release's own report on itself, a configuration and the device: by its command, never by its code."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from gate.device.layout import DeviceLayout
from gate.device.releases import InstalledRelease
from gate.errors import ConfigError, GateError

# Seconds after which a command counts as hanging.  A cold start takes 10 s from a slow card, 30 s in an emulated
# computer, and a doctor looks at each camera for up to 30 s.
_VERSION_WITHIN = 180.0
_CHECK_WITHIN = 300.0
_DOCTOR_WITHIN = 900.0


def config_of(layout: DeviceLayout, unit: str) -> Path:
    """Return the configuration of a service, as its unit names it."""
    instance = unit.removesuffix(".service").partition("@")[2]
    return layout.lanes / f"{instance}.toml" if instance else layout.config


def ask(
    release: InstalledRelease, *words: str | Path, within: float = _CHECK_WITHIN, output: IO[bytes] | None = None
) -> tuple[int, str, str]:
    """Run `gate WORDS` of that release; return its exit code and what it printed.  `output`: where stdout goes
    instead.  Raises GateError when it cannot be run, or does not end in time."""
    command = [str(release.command), *map(str, words)]
    try:
        done = subprocess.run(  # noqa: S603 - a release that root installed
            command,
            stdin=subprocess.DEVNULL,
            stdout=output or subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=within,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise GateError(f"`{' '.join(command)}` did not end within {within:.0f} s", hint="") from error
    except OSError as error:
        hint = "Install that release again"
        raise GateError(f"{release.command} cannot be run ({error.strerror or error})", hint=hint) from error
    return done.returncode, (done.stdout or b"").decode(errors="replace"), done.stderr.decode(errors="replace")


def check_version(release: InstalledRelease) -> None:
    """Check that the release starts, and is the one that its folder names.  Raises GateError."""
    code, output, problem = ask(release, "--version", within=_VERSION_WITHIN)
    if code:
        raise GateError(f"{release.command} does not start: {_in_one_line(problem)}", hint="Install that release again")
    if release.version not in output.split():
        raise GateError(f"{release.path} holds another release ({output.strip()})", hint="Install that release again")


def check_config(release: InstalledRelease, config: Path) -> None:
    """Check that a configuration holds under the release.  Raises ConfigError with what the release prints."""
    code, _, problem = ask(release, "config", "check", config)
    if code:
        hint = f"Correct it: `{release.command} config check {config}`"
        raise ConfigError(
            f"under {release.version} the configuration does not hold: {_in_one_line(problem)}", hint=hint
        )


@dataclass(frozen=True, slots=True)
class Complaint:
    """A line of a doctor whose state is `fail`."""

    check: str
    found: str


def complaints(release: InstalledRelease, config: Path) -> list[Complaint]:
    """Return the lines of the release's doctor whose state is `fail`.  Raises GateError for a doctor that does not
    come to its end."""
    code, output, problem = ask(release, "doctor", "--config", config, "--json", within=_DOCTOR_WITHIN)
    try:
        lines: list[dict[str, Any]] = [json.loads(line) for line in output.splitlines() if line.strip()]
        found = [Complaint(str(line["check"]), str(line["found"])) for line in lines if line["state"] == "fail"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise GateError(f"the doctor of {release.version} prints nothing that can be read", hint="") from error
    if code not in (0, 1) or (code == 1 and not found):
        what = f"the doctor of {release.version} did not come to its end: {_in_one_line(problem)}"
        raise GateError(what, hint=f"See `{release.command} doctor --config {config}`")
    return found


def check_doctor(release: InstalledRelease, before: InstalledRelease | None, config: Path) -> None:
    """Check that the release's doctor finds nothing wrong that the doctor of the release before does not: a camera
    that is broken anyway, or that the running lane holds, counts against no release.  Lines are compared by the
    name of their check.  Raises GateError."""
    found = complaints(release, config)
    if not found:
        return
    try:
        known = {line.check for line in complaints(before, config)} if before else set()
    except GateError:
        known = set()
    new = [f"{line.check}: {line.found}" for line in found if line.check not in known]
    if new:
        hint = f"See `{release.command} doctor --config {config}`"
        raise GateError(f"the doctor of {release.version} is not content: {'; '.join(new)}", hint=hint)


def state_dir_of(release: InstalledRelease, config: Path) -> Path | None:
    """Return the state directory that a configuration names, as the release understands it; None where it cannot
    say."""
    code, output, _ = ask(release, "config", "show", config, "--json")
    if code:
        return None
    try:
        rows = [json.loads(line) for line in output.splitlines()]
        found = next(str(row["value"]) for row in rows if row["key"] == "device.state_dir")
    except (ValueError, KeyError, TypeError, RecursionError, StopIteration):
        return None
    return (config.parent / found).absolute()


def can_read(release: InstalledRelease, state_dir: Path) -> bool:
    """Return whether the release can read the lane's database."""
    code, _, _ = ask(release, "journal", "tail", "-n", "1", "--state-dir", state_dir)
    return code == 0


def _in_one_line(text: str) -> str:
    """Return the last lines that a command printed: the first of a traceback do not name the error."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "; ".join(lines[-3:])[:600] or "it prints nothing"
