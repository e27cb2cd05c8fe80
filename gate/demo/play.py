"""The demo around a real gate: set-up, play, and teardown on every way out.

authority --files--> mirror, HTTP --> gate sync --> list.db
                                            people --drawn camera, HTTP--> gate run --serial--> turnstile
                                            gate run --its page's events--> the answers
                                            passage contact --named pipe--> gate run
"""

import asyncio
import shutil
import signal
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate.demo.camera import DemoCamera, Latest
from gate.demo.cast import Person
from gate.demo.codes import Codes
from gate.demo.contact import contact_at
from gate.demo.controls import DemoButtons
from gate.demo.daemon import DemoDaemon, Wiring, journal_ok, synced
from gate.demo.follow import Follower
from gate.demo.frame_proxy import FrameProxy
from gate.demo.mirror import MirrorServer
from gate.demo.page import stage_page
from gate.demo.ports import LOOPBACK, free_port
from gate.demo.report import Ending, Report, Seen
from gate.demo.stage import DemoStage
from gate.demo.turnstile import Turnstile
from gate.demo.world import Tempo, World
from gate.errors import GateError, UsageError
from gate.ports.clock import Clock

START_TIMEOUT = 30.0  # seconds until the gate is in service


class DemoStoppedError(GateError):
    """Somebody ended the demo while it started."""

    exit_code = 130  # as after Ctrl-C


@dataclass(frozen=True, slots=True)
class Plan:
    people: Sequence[Person]
    seed: int
    speed: float
    ports: Sequence[int]  # for the kiosk page: the first that is free; 0 is any
    folder: Path  # for all files
    endless: bool  # until stopped by hand, for any size of the cast
    watched: bool = False  # by a person, on the stage


@dataclass(frozen=True, slots=True)
class Addresses:
    kiosk: str
    stage: str


@dataclass(frozen=True, slots=True)
class Audience:
    """Callbacks for the addresses and for every visit when it is over.  Called on the event loop."""

    opened: Callable[[Addresses], None]
    seen: Callable[[Seen], None]


async def play(plan: Plan, clock: Clock, audience: Audience) -> Report:
    """Play the demo.  Raises GateError when the gate does not start, or ends by itself."""
    enough = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, enough.set)
    try:
        return await _play(plan, clock, audience, enough)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.remove_signal_handler(number)


async def _play(plan: Plan, clock: Clock, audience: Audience, enough: asyncio.Event) -> Report:
    port = free_port(plan.ports)
    config, log = plan.folder / "gate.toml", plan.folder / "gate.log"
    tempo = Tempo.at(plan.speed)
    codes = await asyncio.to_thread(_published, plan, int(clock.now()))
    async with AsyncExitStack() as stack:
        mirror = stack.enter_context(MirrorServer(plan.folder / "publication"))
        latest = Latest()
        camera = stack.enter_context(DemoCamera(latest, plan.seed))
        turnstile = await stack.enter_async_context(Turnstile(plan.folder / "turnstile"))
        contact = stack.enter_context(contact_at(plan.folder / "passage"))
        fire = stack.enter_context(contact_at(plan.folder / "fire"))
        follower = await stack.enter_async_context(Follower(port))
        daemon = DemoDaemon(log)
        controls = DemoButtons(turnstile, fire, daemon, config)
        world = World(codes, camera, turnstile, contact, follower, tempo, clock, controls, watched=plan.watched)
        kiosk = f"http://{LOOPBACK}:{port}/"
        frame = stack.enter_context(FrameProxy(port))
        stage = stack.enter_context(DemoStage(latest, world.state, stage_page(kiosk, frame.address), controls.press))
        frame.allow(stage.address)
        wiring = Wiring(
            state=plan.folder / "state",
            mirror=mirror.address.rstrip("/"),
            root=codes.root,
            camera=stage.camera,
            port=turnstile.device,
            fifo=plan.folder / "passage",
            fire=plan.folder / "fire",
            kiosk=port,
            pulse=tempo.pulse,
            passage_timeout=tempo.passage_timeout,
        )
        config.write_text(wiring.text())
        await unless_stopped(synced(config), enough)
        await stack.enter_async_context(daemon.running(config))
        await unless_dead(daemon, unless_stopped(serving(follower), enough))
        audience.opened(Addresses(kiosk, stage.address))
        async with controls.working():
            await unless_dead(daemon, until_enough(world.play(plan.people, audience.seen, enough), enough))
        stopped_well = await daemon.stop()
        whole, output = await journal_ok(config, log)
        ending = Ending(
            len(turnstile.openings),
            turnstile.strange_bytes,
            whole,
            output,
            stopped_well,
            follower.ms,
            camera.frames,
            camera.late,
        )
        return Report(len(plan.people), world.seen, ending, plan.endless)


def _published(plan: Plan, now: int) -> Codes:
    """Publish the authority's files for the mirror."""
    codes = Codes(plan.folder / "authority", plan.people, now)
    codes.publish(plan.folder / "publication")
    return codes


async def serving(follower: Follower) -> None:
    try:
        async with asyncio.timeout(START_TIMEOUT):
            await follower.in_service()
    except TimeoutError:
        problems = follower.page.get("problems") or ["its page does not answer"]
        raise GateError(
            f"the gate was not ready within {START_TIMEOUT:.0f} s: {'; '.join(map(str, problems))}",
            hint="Run the demo again with --keep DIR and read gate.log there",
        ) from None


async def unless_stopped(work: Coroutine[Any, Any, None], enough: asyncio.Event) -> None:
    """Run `work`, a part of the start.  Raises DemoStoppedError when `enough` is set meanwhile."""
    await until_enough(work, enough)
    if enough.is_set():
        raise DemoStoppedError("stopped before anybody came", hint="")


async def until_enough(work: Coroutine[Any, Any, None], enough: asyncio.Event) -> None:
    """Run `work`; end it when `enough` is set."""
    task, stop = asyncio.ensure_future(work), asyncio.ensure_future(enough.wait())
    await _first_of(task, stop)
    if task.done() and not task.cancelled():
        task.result()


async def unless_dead(daemon: DemoDaemon, work: Coroutine[Any, Any, None]) -> None:
    """Run `work`.  Raises GateError when the gate ends meanwhile."""
    task, death = asyncio.ensure_future(work), asyncio.ensure_future(daemon.died())
    await _first_of(task, death)
    if task.done() and not task.cancelled():
        task.result()
    else:
        raise death.result()


async def _first_of(task: "asyncio.Future[Any]", other: "asyncio.Future[Any]") -> None:
    """Wait for either; then, and on every way out, cancel the rest and wait for it."""
    try:
        await asyncio.wait((task, other), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in (task, other):
            one.cancel()
        await asyncio.wait((task, other))


@contextmanager
def workplace(keep: Path | None) -> Iterator[Path]:
    """Yield a folder for the demo's files: `keep`, which must be new or empty, or one that is removed again."""
    if keep is None:
        folder = Path(tempfile.mkdtemp(prefix="gate-demo-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    try:
        keep.mkdir(parents=True, exist_ok=True)
        taken = any(keep.iterdir())
    except OSError as error:
        raise UsageError(f"{keep}: {error.strerror}", hint="Name a new folder with --keep") from error
    if taken:
        raise UsageError(f"{keep} is not empty", hint="Name a new folder with --keep")
    yield keep.resolve()
