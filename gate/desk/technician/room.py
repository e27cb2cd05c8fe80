"""What the technician's pages keep beside the lane's answers: samples, an acceptance run, one report at a time."""

import asyncio
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from gate.desk.lane_link import LaneLink
from gate.desk.technician.acceptance import AcceptanceRun, as_kept, from_kept
from gate.desk.technician.machine import machine_state
from gate.desk.technician.samples import SAVE_EVERY, SampleFile, Samples
from gate.errors import DeviceError
from gate.logs import Log
from gate.ports.clock import Clock
from gate.store.durable import write_whole

LOOK_EVERY = 15.0  # seconds between two looks at lane and computer
REPORT_WITHIN = 90.0  # seconds for the doctor, on a slow board that serves a lane
LARGEST_REPORT = 1 << 20  # bytes
_OWN = frozenset({"PYTHONMALLOC", "MALLOC_PERTURB_"})  # of a process through which an IIN passes: slow
DESK_USER = "GATE_DESK_USER"  # that gate.doctor reads, which lies above
_LARGEST = 1 << 16  # bytes of what is kept of a run

log = Log(part="desk")


class TechnicianRoom:
    """Belongs to the desk's event loop.  `config`: the configuration file; `folder`: the desk's own."""

    def __init__(self, config: Path, folder: Path, link: LaneLink, clock: Clock) -> None:
        self.config, self.folder, self._link, self._clock = config, folder, link, clock
        self._file, self._run_file = SampleFile(folder), folder / "acceptance.json"
        self.record_file = folder / "acceptance.html"
        self.samples = Samples(self._file.load())
        self.run: AcceptanceRun | None = self._kept_run()
        self._report: asyncio.Task[str] | None = None

    async def sample(self) -> None:
        """Take samples until cancelled."""
        taken = 0
        try:
            while True:
                machine = await asyncio.to_thread(machine_state, self.folder)
                status = self._link.status if self._link.is_up else None
                if self.samples.look(self._clock.now(), status, machine):
                    taken += 1
                    if taken % SAVE_EVERY == 0:
                        await self._save()
                await asyncio.sleep(LOOK_EVERY)
        finally:
            with suppress(OSError):
                self._file.save(list(self.samples.ring))

    async def _save(self) -> None:
        try:
            await asyncio.to_thread(self._file.save, list(self.samples.ring))
        except OSError as error:
            log.warning("the samples of the charts cannot be written", problem=error.strerror or str(error))

    def begin_report(self, user: str) -> None:
        """Begin the doctor's report for a ticket, without secrets and people, unless one is being made.  It may take
        longer than a connection waits for an answer."""
        if self._report is None or self._report.done():
            self._report = asyncio.create_task(self._make_report(user))
            self._report.add_done_callback(lambda task: task.cancelled() or task.exception())  # nobody may ask for it

    def report(self) -> str | None:
        """Return the report that was begun, None while it is made; once.  Raises DeviceError."""
        if self._report is None:
            raise DeviceError("no report was begun", hint="Begin it again")
        if not self._report.done():
            return None
        made, self._report = self._report, None
        return made.result()

    async def _make_report(self, user: str) -> str:
        with TemporaryDirectory(dir=self.folder) as folder:
            return await self._doctor(Path(folder, "report.txt"), user)

    async def _doctor(self, file: Path, user: str) -> str:
        words = ("doctor", "--config", str(self.config), "--report", str(file))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "gate", *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={**{name: value for name, value in os.environ.items() if name not in _OWN}, DESK_USER: user},
        )
        await asyncio.to_thread(_end_first, process.pid)
        try:
            async with asyncio.timeout(REPORT_WITHIN):
                await process.wait()
        except TimeoutError:
            raise DeviceError("the doctor takes too long", hint="Call `gate doctor --report` on the device") from None
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        return await asyncio.to_thread(_text_of, file)

    async def keep_run(self, run: AcceptanceRun | None) -> None:
        """Keep a run over a power cut; None: there is none any more.  Raises DeviceError."""
        self.run = run
        content = json.dumps(None if run is None else as_kept(run)).encode()
        await self._write(self._run_file, content)

    async def keep_record(self, record: str) -> None:
        """Keep the last record, for a browser that lost it.  Raises DeviceError."""
        await self._write(self.record_file, record.encode())

    async def _write(self, file: Path, content: bytes) -> None:
        try:
            await asyncio.to_thread(write_whole, file, content, 0o600)
        except OSError as error:
            what = f"{file}: it cannot be written ({error.strerror})"
            raise DeviceError(what, hint="Look at the card: `gate doctor`") from error

    def _kept_run(self) -> AcceptanceRun | None:
        try:
            with self._run_file.open("rb") as opened:
                kept = json.loads(opened.read(_LARGEST))
            return None if kept is None else from_kept(kept)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None


def _end_first(pid: int) -> None:
    """Let the kernel end this process first where memory is short: that costs a report, and not the desk."""
    with suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text("500")


def _text_of(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST_REPORT).decode("utf-8", "replace")
    except OSError as error:
        raise DeviceError("the doctor made no report", hint="Call `gate doctor` on the device") from error
