"""An unpacked image with a card in it, as a technician has them before the first start."""

import json
import os
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from gate.cli.provision import provision
from tests.commands.inside import invoke
from tests.commands.process import run_gate

ROOT_JSON = b'{"signatures": [], "signed": {"_type": "root", "version": 1}}'
SECRETS = ("wifi-s3cret", "c4mera-pw", "m1rror-pw", "00112233445566778899aabbccddeeff")
TEXT = f"""\
# The door at Abay street.
[device]
id = "fit-abay-1"

[venue]
id = "fit-abay"
category = "fitness"
zone = "almaty"
timezone = "Asia/Almaty"

[provision]
root_sha256 = "{sha256(ROOT_JSON).hexdigest()}"

[provision.wifi]
ssid = "Gates"
password = "{SECRETS[0]}"
country = "KZ"

[provision.secrets]
osdp = "{SECRETS[3]}"

# Where the lists come from.
[sync]
mirrors = ["https://gate:{SECRETS[2]}@lists.example.kz/gate", "file:///media/usb"]

[[reader]]
driver = "camera"
device = "rtsp://admin:{SECRETS[1]}@192.0.2.17/1"  # above the door

[barrier]
driver = "osdp"
port = "/dev/serial/by-path/x"
address = 1
key_file = "{{credential:osdp}}"
pulse = "1s"
"""
TIMES = ("gate-result.txt", "provisioned.json", "page.html", "journal.end")
"""Files that hold the moment of the run, or are made by chance."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image at `root`, whose card is mounted at boot/firmware."""

    root: Path

    @property
    def card(self) -> Path:
        return self.root / "boot/firmware"

    @property
    def file(self) -> Path:
        return self.card / "gate.toml"

    @property
    def config(self) -> Path:
        return self.root / "etc/gate/gate.toml"

    @property
    def result(self) -> str:
        """What the card reports, as Notepad shows it."""
        text = (self.card / "gate-result.txt").read_bytes().decode("utf-8-sig")
        assert text.count("\r\n") == text.count("\n")
        return text.replace("\r\n", "\n")

    def write(self, text: str = TEXT) -> None:
        self.file.write_text(text, encoding="utf-8")

    def provision(self, *arguments: object, user: int | None = None) -> subprocess.CompletedProcess[str]:
        command = ["provision", str(self.file), "--root", str(self.root), *map(str, arguments)]
        return run_gate(*command) if user is None else _as_user(user, command)

    def tree(self, but: tuple[str, ...] = ()) -> dict[str, Any]:
        """Every file below the root: its rights and content, or what it links to."""
        found: dict[str, Any] = {}
        for path in sorted(self.root.rglob("*")):
            if path.is_symlink():
                found[str(path.relative_to(self.root))] = str(path.readlink())
            elif path.is_file() and path.name not in but:
                found[str(path.relative_to(self.root))] = oct(path.stat().st_mode & 0o7777), path.read_bytes()
        return found

    def holders(self) -> dict[str, list[str]]:
        """Secret -> the files that hold it."""
        files = [path for path in self.root.rglob("*") if path.is_file() and not path.is_symlink()]
        return {
            secret: sorted(str(path.relative_to(self.root)) for path in files if secret.encode() in path.read_bytes())
            for secret in SECRETS
        }


def unpacked(root: Path) -> Image:
    """Return an image of a system with NetworkManager and the gate's users, its file on the card."""
    for folder in ("boot/firmware", "etc", "usr/sbin", "usr/share/zoneinfo/Asia", "var/lib"):
        (root / folder).mkdir(parents=True)
    for name in ("usr/sbin/NetworkManager", "usr/share/zoneinfo/Asia/Almaty"):
        (root / name).touch()
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n127.0.1.1 raspberrypi\n192.0.2.9 mirror\n")
    (root / "etc/group").write_text("root:x:0:\ngate:x:991:\n")
    (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\ngate:x:992:991::/:/usr/sbin/nologin\n")
    image = Image(root)
    (image.card / "root.json").write_bytes(ROOT_JSON)
    image.write()
    return image


def _as_user(user: int, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command as another user, who may not read the tests' Python: what it takes is loaded already."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            result = invoke(provision, command[1:])
            error = "" if isinstance(result.exception, SystemExit) else str(result.exception or "")
            os.write(writer, json.dumps([result.exit_code, result.stdout, error]).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answers:
        code, stdout, stderr = json.loads(answers.read())
    os.waitpid(child, 0)
    return subprocess.CompletedProcess(command, code, stdout, stderr)
