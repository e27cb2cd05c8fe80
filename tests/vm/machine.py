"""A virtual Raspberry Pi whose plug can be pulled: qemu, with stand-ins for the Pi's devices."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.vm.volatile_disk import BLOCK, data_blocks

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
PATIENCE = float(os.environ.get("VM_PATIENCE", "1"))  # factor of all limits of time: more where others use the host
BOOTS_WITHIN = 300.0 * PATIENCE  # seconds: a host that needs longer is too slow to say anything about the gate
READY_WITHIN = 400.0 * PATIENCE  # seconds from a boot until a gate asks for a code, emulated
PYTHONS = {"bookworm": "3.11", "trixie": "3.13"}  # Python of each release of Debian
PIECE = "import time; t = time.monotonic(); sum(i * i for i in range(300_000)); print(time.monotonic() - t)"
SLOWEST_PACE = 1.0 * PATIENCE
"""Seconds for PIECE in a guest that says something about the gate.  Emulation on a quiet host takes 0.3 s."""
SHARE_SIZE = "1G"
CARD_SIZE = 64 << 20  # bytes of the card's boot partition
RUNS = {"amd64": ["qemu-system-x86_64", "-M", "q35"], "arm64": ["qemu-system-aarch64", "-M", "virt"]}
EMULATED = {"amd64": "max", "arm64": "cortex-a72"}  # the processor that is imitated
CONSOLES = {"amd64": "ttyS0", "arm64": "ttyAMA0"}


@dataclass(frozen=True)
class Image:
    """What `build-image` has made; `disk` may be another that was made of it."""

    folder: Path
    arch: str
    disk: Path

    def kernel(self) -> list[str]:
        return ["-kernel", str(self.folder / "vmlinux"), "-initrd", str(self.folder / "initrd")]

    def append(self, *words: str) -> list[str]:
        return ["-append", " ".join((f"console={CONSOLES[self.arch]}", *words))]


@cache
def accelerator(image: Image) -> tuple[str, ...]:
    """Return qemu's options: the processor's own virtualization where the image's kernel runs on it, else
    emulation, which is some twenty times slower."""
    own, emulated = (
        ("-accel", "kvm", "-cpu", "host"),
        ("-accel", "tcg,thread=multi,tb-size=512", "-cpu", EMULATED[image.arch]),
    )
    if {"amd64": "x86_64", "arm64": "aarch64"}[image.arch] != os.uname().machine or not os.access("/dev/kvm", os.W_OK):
        return emulated
    # A kernel without a disk panics within a second or two, and the machine ends.  Some hosts have a /dev/kvm on
    # which no ordinary kernel runs.
    panic = [*image.kernel()[:2], *image.append("panic=-1"), "-no-reboot", "-nodefaults", "-display", "none"]
    try:
        subprocess.run([*RUNS[image.arch], *own, "-m", "256", *panic], check=True, timeout=20, capture_output=True)
    except (subprocess.SubprocessError, OSError):
        return emulated
    return own


def is_emulated(image: Image) -> bool:
    """Return whether this host imitates the processor: what takes too long may then be the host's fault."""
    return accelerator(image)[1] != "kvm"


class GuestError(Exception):
    """A command in the guest failed."""


class Machine:
    """One virtual machine: its disk's changes, its card and what its outside saw lie in `folder`.

    `share` is a folder that the guest finds at /share; `frozen` a folder that `freeze` has filled."""

    def __init__(self, image: Image, folder: Path, share: Path, frozen: Path | None = None) -> None:
        self.image, self.folder = image, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.delta = folder / "disk.delta"
        self._share, self.card = folder / "share.img", folder / "card.img"
        self._memory = frozen / "memory" if frozen else None  # to begin with
        if frozen:
            copy_sparse(frozen / self.delta.name, self.delta)
            copy_sparse(frozen / self.card.name, self.card)
        subprocess.run(
            ["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", share, self._share, SHARE_SIZE], check=True
        )
        if not self.card.exists():
            with self.card.open("wb") as file:
                file.truncate(CARD_SIZE)
            subprocess.run(["mkfs.vfat", "-n", "bootfs", self.card], check=True, stdout=subprocess.DEVNULL)
        self._outside, self._console = folder / "outside.log", folder / "console.log"
        self._port = 0
        self._disk: subprocess.Popen[bytes] | None = None
        self._qemu: subprocess.Popen[bytes] | None = None

    def boot(self, patience: float) -> float:
        """Boot, and wait until the guest takes commands; return the seconds that took."""
        began = time.monotonic()
        thaws = self._memory is not None
        self._start_disk()
        self._start_qemu()
        end = began + patience
        while not thaws and "login:" not in self.console():  # before that, each try costs an emulated processor seconds
            self._check_starting(end, patience)
            time.sleep(0.2)
        while True:
            with suppress(GuestError, subprocess.TimeoutExpired):
                self.run("true", patience=60)
                return time.monotonic() - began
            self._check_starting(end, patience)

    def _check_starting(self, end: float, patience: float) -> None:
        if not self.is_on():
            raise GuestError(f"the machine ended; its console: {self.console()[-2000:]}")
        if time.monotonic() > end:
            raise GuestError(f"no command within {patience} s; its console: {self.console()[-2000:]}")

    def run(self, command: str, *, patience: float = 600, stdin: bytes = b"") -> str:
        """Run a shell command as root in the guest; return its output.  Raises GuestError where it fails."""
        done = self.try_run(command, patience=patience, stdin=stdin)
        if done.returncode:
            raise GuestError(f"{command}: {done.returncode}\n{done.stdout.decode()}\n{done.stderr.decode()}")
        return done.stdout.decode()

    def try_run(self, command: str, *, patience: float = 600, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "ConnectTimeout=60", "LogLevel=ERROR")
        ssh = ["ssh", "-q", "-i", str(self.image.folder / "id"), "-p", str(self._port)]
        words = [*ssh, *(word for option in options for word in ("-o", option)), "root@127.0.0.1", command]
        return subprocess.run(words, input=stdin, capture_output=True, timeout=patience, check=False)

    def pace(self) -> float:
        """Return the seconds that the guest takes now for a small piece of work: the median of three."""
        took = sorted(float(self.run(f"python3 -c '{PIECE}'")) for _ in range(3))
        return took[1]

    def put(self, path: str, content: bytes) -> None:
        self.run(f"mkdir -p $(dirname {path}) && cat > {path}.new && mv {path}.new {path}", stdin=content)

    def put_on_card(self, files: Mapping[str, bytes]) -> None:
        """Write files onto the card's boot partition, as a reader of cards on a technician's laptop does.  The machine
        is off."""
        for name, content in files.items():
            copy = self.folder / "for-card"
            copy.write_bytes(content)
            subprocess.run(["mcopy", "-o", "-i", self.card, copy, f"::{name}"], check=True)
            copy.unlink()

    def card_file(self, name: str) -> str:
        """Return a file of the card.  The machine is off."""
        found = subprocess.run(["mtype", "-i", self.card, f"::{name}"], capture_output=True, check=True)
        return found.stdout.decode("utf-8-sig")

    def cut(self) -> None:
        """Pull the plug: what the guest has not flushed is lost."""
        for process in (self._qemu, self._disk):
            if process:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
        for process in (self._qemu, self._disk):
            if process:
                process.wait()
        self._qemu = self._disk = None

    def power_off(self) -> None:
        """Shut down as a person does."""
        if self._qemu:
            with suppress(GuestError):
                self.run("systemctl poweroff")
            with suppress(subprocess.TimeoutExpired):
                self._qemu.wait(120)
        self.cut()

    def freeze(self, to: Path) -> None:
        """Save the running machine, and end it; others may begin with it, in seconds instead of a boot."""
        to.mkdir(parents=True)
        self.run("sync")
        self.monitor(f'migrate "exec:cat > {to / "memory"}"', patience=300)
        self.cut()
        copy_sparse(self.delta, to / self.delta.name)
        copy_sparse(self.card, to / self.card.name)

    def is_on(self) -> bool:
        return self._qemu is not None and self._qemu.poll() is None

    def console(self) -> str:
        return self._console.read_text(errors="replace") if self._console.exists() else ""

    def outside(self, since: int = 0) -> list[dict[str, Any]]:
        """Return what the outside reported, from the `since`-th report on; also after a cut."""
        if not self._outside.exists():
            return []
        lines = self._outside.read_text().split("\n")[:-1]
        return [json.loads(line) for line in lines[since:]]

    def wait_outside(
        self, wanted: Callable[[dict[str, Any]], bool], since: int, patience: float
    ) -> dict[str, Any] | None:
        """Return the first report from `since` on that is wanted; None when it does not come in time."""
        end = time.monotonic() + patience
        while True:
            for report in self.outside(since):
                if wanted(report):
                    return report
            if time.monotonic() > end or not self.is_on():
                return None
            time.sleep(0.02)

    def monitor(self, command: str, patience: float = 10) -> None:
        """Give qemu's monitor a command, and wait until it is done."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(patience)
            link.connect(str(self.folder / "monitor"))
            for line in (command, "info status"):  # the second answer says that the first was done
                self._until_prompt(link)
                link.sendall(line.encode() + b"\n")
            self._until_prompt(link)

    @staticmethod
    def _until_prompt(link: socket.socket) -> None:
        answer = b""
        while not answer.endswith(b"(qemu) "):
            answer += link.recv(4096)

    def _start_disk(self) -> None:
        place = self.folder / "disk.sock"
        place.unlink(missing_ok=True)
        plugin = ["python", str(HERE / "volatile_disk.py"), f"base={self.image.disk}", f"delta={self.delta}"]
        self._disk = subprocess.Popen(["nbdkit", "-f", "-U", str(place), *plugin])
        while not place.exists():
            if self._disk.poll() is not None:
                raise GuestError("nbdkit did not start")
            time.sleep(0.02)

    def _start_qemu(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._console.unlink(missing_ok=True)
        drives = (
            ("-blockdev", f"driver=nbd,node-name=root,server.type=unix,server.path={self.folder}/disk.sock"),
            ("-device", "virtio-blk-pci,drive=root"),
            ("-drive", f"file={self._share},format=raw,readonly=on,if=none,id=share"),
            ("-device", "virtio-blk-pci,drive=share"),
            ("-drive", f"file={self.card},format=raw,if=none,id=card,cache=directsync"),
            ("-device", "virtio-blk-pci,drive=card"),
        )
        others = (
            ("-netdev", f"user,id=host,restrict=on,hostfwd=tcp:127.0.0.1:{self._port}-:22"),
            ("-device", "virtio-net-pci,netdev=host,mac=52:54:00:00:00:01"),
            ("-device", "virtio-serial"),
            ("-chardev", f"file,id=outside,path={self._outside},append=on"),
            ("-device", "virtserialport,chardev=outside,name=outside"),
            ("-device", "virtio-rng-pci"),
            ("-device", "i6300esb"),
            ("-action", "watchdog=reset"),
            ("-monitor", f"unix:{self.folder}/monitor,server,nowait"),
            ("-serial", f"file:{self._console}"),
        )
        kernel = [*self.image.kernel(), *self.image.append("root=/dev/vda rw quiet mitigations=off")]
        options = [*kernel, *(word for pair in (*drives, *others) for word in pair)]
        size = ["-nodefaults", "-display", "none", "-m", "1024", "-smp", "1"]
        if self._memory:
            options += ["-incoming", f"exec:cat {self._memory}"]
            self._memory = None  # a later start is a boot
        with (self.folder / "qemu.log").open("wb") as log:
            self._qemu = subprocess.Popen(
                [*RUNS[self.image.arch], *accelerator(self.image), *size, *options], stderr=log
            )


def state_on_disk(machine: Machine, to: Path) -> Path:
    """Return a copy of /var/lib/gate as the next boot of a machine that was cut would find it."""
    whole = to / "disk.img"
    copy_sparse(machine.image.disk, whole)
    with machine.delta.open("rb") as delta, whole.open("r+b") as disk:
        for number in data_blocks(delta.fileno()):
            disk.seek(number * BLOCK)
            disk.write(os.pread(delta.fileno(), BLOCK, number * BLOCK))
    repaired = subprocess.run(["e2fsck", "-fp", whole], capture_output=True, check=False)
    assert repaired.returncode < 4, repaired.stdout.decode()  # 4: errors left uncorrected, e2fsck(8)
    subprocess.run(["debugfs", "-R", f"rdump /var/lib/gate {to}", whole], capture_output=True, check=True)
    whole.unlink()
    for place in (to / "gate", *(to / "gate").rglob("*")):
        os.chown(place, 0, 0)  # the guest's users are not this host's
    return to / "gate"


def make_bundle(checkout: Path, suite: str, arch: str, file: Path) -> None:
    """Make the bundle of a checkout for a release of Debian."""
    words = ("--arch", arch, "--python", PYTHONS[suite], "--output", file)
    subprocess.run([checkout / "scripts/bundle", *words], check=True)


def copy_sparse(source: Path, to: Path) -> None:
    subprocess.run(["cp", "--sparse=always", source, to], check=True)
