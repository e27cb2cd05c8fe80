"""The demo with a camera of this computer: a real phone, a pass that the demo serves, a real gate."""

import asyncio
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gate.authority.wallet import Wallet
from gate.core.model import Listing, Status
from gate.demo.codes import Codes
from gate.demo.contact import DemoContact, contact_at
from gate.demo.controls import DemoButtons
from gate.demo.daemon import DemoDaemon, Wiring, journal_ok, synced
from gate.demo.follow import Follower, StreamEvent
from gate.demo.frame_proxy import FrameProxy
from gate.demo.mirror import MirrorServer
from gate.demo.page import webcam_page
from gate.demo.phone import PhonePage, lan_address
from gate.demo.play import Addresses, serving, unless_dead, unless_stopped, until_enough
from gate.demo.ports import LOOPBACK, free_port
from gate.demo.stage import DemoStage
from gate.demo.turnstile import Turnstile
from gate.demo.world import VISITS, Tempo
from gate.errors import UsageError
from gate.ports.clock import Clock

AUTO = "auto"  # of --lan: find the address
REUSE_AFTER = 10.0  # seconds: people try again at once
WALKS_AFTER = 1.0  # seconds from the arm's release to the person in it
OPENING = 2.0  # seconds that an admitted person waits for the arm
_PLACES = {"green": 7, "red": 8}
_LISTINGS = {7: Listing.GREEN, 8: Listing.RED}


@dataclass(frozen=True, slots=True)
class WebcamPlan:
    camera: str  # as in [[reader]] device
    lan: str | None  # address for the phone's page, AUTO to find it; None: this computer only
    ports: tuple[int, ...]  # for the kiosk page: the first that is free; 0 is any
    folder: Path  # for all files


@dataclass(slots=True)
class WebcamReport:
    """What happened, seen from outside the gate."""

    answers: Counter[str] = field(default_factory=Counter)
    passed: int = 0
    opened: int = 0
    journal_ok: bool = False
    journal_output: str = ""


@dataclass(frozen=True, slots=True)
class WebcamAudience:
    """Callbacks, on the event loop: for the addresses, that of the phone's page and whether only this computer opens it
    too, and for every answer."""

    opened: Callable[[Addresses, str, bool], None]
    answered: Callable[[str], None]


async def play_webcam(plan: WebcamPlan, clock: Clock, audience: WebcamAudience) -> WebcamReport:
    """Play until Ctrl-C.  Raises GateError when the gate does not start, or ends by itself."""
    enough, loop = asyncio.Event(), asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, enough.set)
    try:
        async with AsyncExitStack() as stack:
            return await _Webcam(plan, clock, enough).play(stack, audience)
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


class _Webcam:
    def __init__(self, plan: WebcamPlan, clock: Clock, enough: asyncio.Event) -> None:
        self._plan = plan
        self._clock = clock
        self._enough = enough
        self._tempo = Tempo.at(1.0)
        self._report = WebcamReport()
        self._visits: list[dict[str, str]] = []
        self._through = False

    async def play(self, stack: AsyncExitStack, audience: WebcamAudience) -> WebcamReport:
        plan, folder = self._plan, self._plan.folder
        port, config, log = free_port(plan.ports), folder / "gate.toml", folder / "gate.log"
        codes, wallets = await asyncio.to_thread(self._authority)
        address = LOOPBACK if plan.lan is None else lan_address() if plan.lan == AUTO else plan.lan
        phone = stack.enter_context(PhonePage(address, wallets, self._clock.now))
        mirror = stack.enter_context(MirrorServer(folder / "publication"))
        turnstile = await stack.enter_async_context(Turnstile(folder / "turnstile"))
        contact = stack.enter_context(contact_at(folder / "passage"))
        fire = stack.enter_context(contact_at(folder / "fire"))
        follower = await stack.enter_async_context(Follower(port))
        daemon = DemoDaemon(log)
        controls = DemoButtons(turnstile, fire, daemon, config)
        frame, kiosk = stack.enter_context(FrameProxy(port)), f"http://{LOOPBACK}:{port}/"
        page = webcam_page(kiosk, frame.address, phone.address, phone.drawn())
        stage = stack.enter_context(DemoStage(None, lambda: self._state(turnstile, controls), page, controls.press))
        frame.allow(stage.address)
        config.write_text(self._wiring(codes, mirror.address.rstrip("/"), turnstile.device, port).text())
        await unless_stopped(synced(config), self._enough)
        await stack.enter_async_context(daemon.running(config))
        await unless_dead(daemon, unless_stopped(serving(follower), self._enough))
        audience.opened(Addresses(kiosk, stage.address), phone.address, phone.is_local)
        async with controls.working():
            work = self._answer(follower, turnstile, contact, audience)
            await unless_dead(daemon, until_enough(work, self._enough))
        await daemon.stop()
        self._report.opened = len(turnstile.openings)
        self._report.journal_ok, self._report.journal_output = await journal_ok(config, log)
        return self._report

    def _authority(self) -> tuple[Codes, dict[str, Wallet]]:
        codes = Codes(self._plan.folder / "authority", (), int(self._clock.now()), _LISTINGS)
        codes.publish(self._plan.folder / "publication")
        return codes, {name: codes.phone(place, Status[name.upper()]) for name, place in _PLACES.items()}

    def _wiring(self, codes: Codes, mirror: str, port: str, kiosk: int) -> Wiring:
        folder = self._plan.folder
        return Wiring(
            state=folder / "state",
            mirror=mirror,
            root=codes.root,
            camera=self._plan.camera,
            port=port,
            fifo=folder / "passage",
            fire=folder / "fire",
            kiosk=kiosk,
            pulse=3.0,
            passage_timeout=6.0,
            reuse_after=REUSE_AFTER,
        )

    async def _answer(
        self, follower: Follower, turnstile: Turnstile, contact: DemoContact, audience: WebcamAudience
    ) -> None:
        """Note every answer, and go through the arm when it is free."""
        while True:
            known = len(turnstile.openings)
            event = await follower.next("decided")
            self._note(event, audience)
            if event.data["let_through"]:
                with suppress(TimeoutError):
                    async with asyncio.timeout(OPENING):
                        await turnstile.opened(known)
                    await self._walk(turnstile, contact)

    def _note(self, event: StreamEvent, audience: WebcamAudience) -> None:
        reason = str(event.data["reason"])
        self._report.answers[reason] += 1
        self._visits = [*self._visits, {"shows": "your phone", "answer": reason}][-VISITS:]
        audience.answered(reason)

    async def _walk(self, turnstile: Turnstile, contact: DemoContact) -> None:
        await asyncio.sleep(WALKS_AFTER)
        if not turnstile.turn():
            return
        self._through = True
        contact.set(active=True)
        await asyncio.sleep(self._tempo.through)
        contact.set(active=False)
        self._through = False
        self._report.passed += 1

    def _state(self, turnstile: Turnstile, controls: DemoButtons) -> dict[str, Any]:
        """Return the state for the stage page.  From any thread."""
        answers = self._report.answers
        admitted, people = answers["admitted"], answers.total()
        return {
            "shows": "",
            "visits": self._visits,
            "plugged": turnstile.plugged,
            "free": turnstile.free,
            "through": self._through,
            "people": people,
            "admitted": admitted,
            "refused": people - admitted,
            "passed": self._report.passed,
            "ms": None,
            "frames": 0,
            "late": 0,
            **controls.state(),
        }


def check_camera(camera: str) -> str:
    """Return the camera's name for the configuration: a path is made absolute.  Raises UsageError for a device that is
    not there."""
    if "://" in camera:
        return camera
    path = Path(f"/dev/video{camera}" if camera.isdigit() else camera).absolute()
    if not path.exists():
        raise UsageError(
            f"there is no camera {path}", hint="Name one: --webcam /dev/video0, or an address (`ls /dev/v4l/by-id`)"
        )
    return str(path)
