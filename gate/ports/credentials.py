"""Secrets that a configuration refers to instead of holding them: `{credential:NAME}` within a text or as a path.

systemd keeps the secret as the credential `gate.NAME` (systemd.exec(5), "Credentials") and gives it to the service as
a file that no other user can read.  A text gets the file's content; a path that is a reference becomes the file's path.
"""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import TypeVar

from gate.errors import DeviceError
from gate.ports.driver import DriverConfig

PREFIX = "gate."  # of the names of systemd's credentials
STORE = Path("/etc/credstore")  # where systemd looks for credentials; only root may read it
SEALED_STORE = Path("/etc/credstore.encrypted")  # likewise, encrypted by the device's own key
OPENING = "{credential:"
NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,46}[a-z0-9])?")
REFERENCE = re.compile(r"\{credential:([^{}]*)\}")
_MOST = 8192  # bytes of a secret
_WITHIN = 30.0  # seconds for systemd-creds
_MAKE = "Write it into [provision.secrets] on the card, or as root into {} (rights 0600), and start the service again"

Device = TypeVar("Device", bound=DriverConfig)


def reference(name: str) -> str:
    """Return the text that refers to a secret."""
    return f"{OPENING}{name}}}"


def names_in(text: str) -> list[str]:
    """Return the names that a text refers to, in order.  Raises ValueError for one that is no name."""
    names = REFERENCE.findall(text)
    if text.count(OPENING) != len(names) or not all(NAME.fullmatch(name) for name in names):
        raise ValueError(text)
    return names


def fill(text: str) -> str:
    """Return the text with its secrets.  Blocks.  Raises DeviceError for a secret that cannot be read."""
    return REFERENCE.sub(lambda found: _read(found[1]), text) if OPENING in text else text


def filled(config: Device) -> Device:
    """Return a device's settings with their secrets.  Blocks.  Raises DeviceError for one that cannot be read."""
    update = {key: _filled(value) for key, value in config if _refers(value)}
    return config.model_copy(update=update) if update else config


def refers(config: DriverConfig) -> bool:
    """Return whether a device's settings refer to a secret."""
    return any(_refers(value) for _, value in config)


def _refers(value: object) -> bool:
    if isinstance(value, tuple):
        return any(_refers(item) for item in value)
    return isinstance(value, str | Path) and OPENING in str(value)


def _filled(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(_filled(item) for item in value)
    if isinstance(value, Path):
        found = REFERENCE.fullmatch(value.name)
        return _place(found[1]) if found else value
    return fill(value) if isinstance(value, str) else value


def _place(name: str) -> Path:
    """Return the path of a secret: as the service has it, else as the store has it, for commands that root runs."""
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    inside = Path(given, PREFIX + name) if given else None
    if inside and inside.exists():
        return inside
    plain, sealed = STORE / (PREFIX + name), SEALED_STORE / (PREFIX + name)
    if given is None and os.geteuid() == 0 and sealed.exists() and not plain.exists():
        return _unsealed(sealed) or plain
    return plain


def decrypt(sealed: Path) -> bytes | None:
    """Return the content of an encrypted credential of this computer, for root; None where systemd cannot decrypt
    it."""
    program = shutil.which("systemd-creds")
    if program is None:
        return None
    command = [program, "decrypt", f"--name={sealed.name}", str(sealed), "-"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_WITHIN, check=False)  # noqa: S603 - a fixed program
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


@cache
def _unsealed(sealed: Path) -> Path | None:
    """Return the path of a secret's content in memory, for as long as this process lives; None where systemd cannot
    decrypt it."""
    content = decrypt(sealed)
    if content is None:
        return None
    kept = os.memfd_create(sealed.name, os.MFD_CLOEXEC)
    os.write(kept, content)
    return Path(f"/proc/self/fd/{kept}")


def _read(name: str) -> str:
    path = _place(name)
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST + 1)
        text = raw.decode().rstrip("\r\n")
    except OSError as error:
        what = f"the secret {name} cannot be read ({path}: {error.strerror})"
        raise DeviceError(what, hint=_MAKE.format(STORE / (PREFIX + name)), moved=False) from error
    except UnicodeDecodeError as error:
        raise DeviceError(f"the secret {name} is not UTF-8 text", hint="Write it again", moved=False) from error
    if len(raw) > _MOST or not text.isprintable():
        raise DeviceError(f"the secret {name} is not one line of text", hint="Write it again", moved=False)
    return text
