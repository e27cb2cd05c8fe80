"""The gate itself, as its own process with an ordinary configuration file."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gate.errors import GateError

STOP_TIMEOUT = 5.0  # seconds from SIGTERM to SIGKILL
COMMAND_TIMEOUT = 30.0
LAST_LINES = 12

CONFIG = """\
# Written by `gate demo`: an ordinary configuration, with the demo's camera, turnstile and contact.
[device]
id = "demo"
state_dir = {state}

[venue]
id = "demo-station"
category = "station"
zone = "almaty"
timezone = "Asia/Almaty"

[lane]
passage_timeout = "{passage_ms}ms"
reuse_after = "{reuse_s}s"

[sync]
mirrors = [{mirror}]
root = {root}

[[reader]]
driver = "camera"
device = {camera}

[barrier]
driver = "serial_frames"
profile = "lcus"
port = {port}
channel = 1
pulse = "{pulse_ms}ms"

[[input]]
driver = "fake"
role = "passage"
path = {fifo}

[[input]]
driver = "fake"
role = "fire"
path = {fire}

[kiosk]
listen = "127.0.0.1:{kiosk}"
"""


OLD_LIST = """
[list] # so that a list of some seconds is too old
warn_after = "1s"
restrict_after = "2s"
refuse_after = "3s"
"""


@dataclass(frozen=True, slots=True)
class Wiring:
    """The values of the demo gate's configuration."""

    state: Path
    mirror: str  # address of the authority's files
    root: Path  # root.json
    camera: str  # address of the Motion JPEG stream, or a camera of this machine
    port: str  # serial port of the turnstile
    fifo: Path  # named pipe of the passage contact
    fire: Path  # named pipe of the fire contact
    kiosk: int  # port of the page
    pulse: float  # seconds
    passage_timeout: float  # seconds
    reuse_after: float = 600.0  # seconds

    def text(self) -> str:
        return CONFIG.format(  # a JSON string of ASCII is a TOML string
            state=json.dumps(str(self.state)),
            mirror=json.dumps(self.mirror),
            root=json.dumps(str(self.root)),
            camera=json.dumps(self.camera),
            port=json.dumps(self.port),
            fifo=json.dumps(str(self.fifo)),
            fire=json.dumps(str(self.fire)),
            kiosk=self.kiosk,
            pulse_ms=round(self.pulse * 1000),
            passage_ms=round(self.passage_timeout * 1000),
            reuse_s=round(self.reuse_after),
        )


class DemoDaemon:
    """`gate run`, which can be started again in other circumstances.  Its output is appended to the file `log`."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._restarting = asyncio.Lock()

    async def start(self, config: Path, *, behind: float = 0.0) -> None:
        """Start it.  `behind`: seconds by which its clock is behind."""
        with self._log.open("ab") as file:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "gate.demo.tethered", str(os.getpid()), str(behind)),
                *("run", "--config", str(config)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                process_group=0,  # Ctrl-C goes to the demo, which ends the gate in order
            )

    @asynccontextmanager
    async def running(self, config: Path) -> AsyncIterator[None]:
        """Run it within this block."""
        await self.start(config)
        try:
            yield
        finally:
            await asyncio.shield(self.stop())

    async def restart(self, config: Path, *, behind: float = 0.0) -> None:
        """End it, and start it again."""
        async with self._restarting:
            await self.stop()
            await self.start(config, behind=behind)

    async def died(self) -> GateError:
        """Wait until the process ends by itself, which it should not; return the error to report."""
        while True:
            process = self._process
            if process is None:
                raise RuntimeError("it was not started")
            code = await process.wait()
            async with self._restarting:
                if process is self._process:
                    break
        text = await asyncio.to_thread(self._log.read_text, errors="replace")
        lines = [line for line in text.splitlines() if line.strip()]
        return GateError(
            f"the gate ended by itself (exit code {code})",
            hint="\n  ".join(["The last it said:", *(lines[-LAST_LINES:] or ["nothing"])]),
        )

    async def stop(self) -> bool:
        """Send SIGTERM, and SIGKILL after STOP_TIMEOUT; return whether it ended in time."""
        process = self._process
        if process is None or process.returncode is not None:
            return False
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_TIMEOUT):
                return await process.wait() == 0
        except TimeoutError:
            process.kill()
            await process.wait()
            return False


async def synced(config: Path) -> None:
    """Run `gate sync --once`: the list is held when it returns.  Raises GateError."""
    code, output = await _run_command("sync", "--config", str(config), "--once")
    if code != 0:
        raise GateError(f"the gate could not get its list: {output}", hint="Run the demo again with --keep DIR")


async def journal_ok(config: Path, log: Path) -> tuple[bool, str]:
    """Run `gate journal verify`; return whether the journal is whole, and the command's output."""
    checkpoint = await asyncio.to_thread(_last_checkpoint, log)
    proof = ("--checkpoint", checkpoint) if checkpoint else ()
    code, output = await _run_command("journal", "verify", "--config", str(config), *proof)
    return code == 0, output


async def reset(config: Path) -> None:
    """Run `gate lane reset`: staff reset an alarm that is over."""
    await _run_command("lane", "reset", "--config", str(config))


async def _run_command(*arguments: str) -> tuple[int | None, str]:
    """Return exit code and output of a command of the gate's; None when it did not end in time."""
    process = await asyncio.create_subprocess_exec(
        *_gate(*arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        process_group=0,
    )
    try:
        async with asyncio.timeout(COMMAND_TIMEOUT):
            output, _ = await process.communicate()
    except TimeoutError:
        return None, f"no answer in {COMMAND_TIMEOUT:.0f} s"
    finally:
        if process.returncode is None:  # it takes too long, or the demo is stopped
            process.kill()
            await process.wait()
    return process.returncode, output.decode(errors="replace").strip()


def _last_checkpoint(log: Path) -> str | None:
    """Return the last checkpoint in the gate's log: with it a truncated journal is detected too."""
    found = re.findall(r"\bcheckpoint=(\d+:[0-9a-f]+)", log.read_text(errors="replace"))
    return found[-1] if found else None


def _gate(*arguments: str) -> tuple[str, ...]:
    return sys.executable, "-P", "-m", "gate", *arguments
