"""Builds a lane from its configuration and runs it: the one place that imports all the parts."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial

from gate import registry
from gate.core.journal_event import JournalEvent
from gate.core.kept_time import Kept
from gate.core.lane.state import BARRIER, Equipment
from gate.core.model import Direction
from gate.core.trusted_time import Ntp
from gate.errors import DeviceError, GateError, StoreError
from gate.kiosk.about import About, HelpLine, ScreenPlace
from gate.kiosk.outlet import show_page
from gate.lane.config import LaneConfig
from gate.lane.controller import Lane
from gate.lane.intake import Intake
from gate.lane.interlock import DoorInterlock
from gate.lane.list_taker import ListTaker
from gate.lane.staff.control_socket import serve_control
from gate.lane.staff.desk import StaffDesk
from gate.lane.staff.orders import StaffOrders
from gate.lane.staff.rights import StaffRights
from gate.lane.staff.status import Site
from gate.lane.staff.subjects import SubjectFinder
from gate.lane.staff_judge import StaffJudge
from gate.lane.sync_watch import SyncWatch
from gate.lane.timers import Every
from gate.logs import Log
from gate.ports.abilities import ONE_PULSE, Abilities
from gate.ports.camera_view import CameraView
from gate.ports.driver import DriverConfig
from gate.ports.feedback import Feedback
from gate.ports.inputs import Role
from gate.registry import DriverKind, Fitted
from gate.runtime.bus import Bus
from gate.runtime.clock import GateClock, SystemClock
from gate.runtime.notify import Notifier
from gate.runtime.ntp import read_ntp
from gate.runtime.supervisor import as_device_error, keep_running
from gate.settings.kiosk import Kiosk
from gate.settings.model import Settings
from gate.store.lane_file import last_time
from gate.store.places import Places
from gate.store.time_floor import read_kept, read_signed, read_synced
from gate.texts.catalogue import check_wording

log = Log(part="lane")

_NEEDED = frozenset({Role.PASSAGE, Role.DOOR, Role.LOCK, Role.LOCKDOWN, Role.INTERLOCK, Role.FIRE})
"""Contacts without which no pass is served: their state cannot be guessed."""

FIRST_WITHIN = 15.0
"""Seconds that a start waits for the first list to be verified: half of what a start asks systemd for at a time."""

WATCHDOG_EVERY = 1.0  # seconds between two signs of life to systemd, at most


@dataclass(frozen=True, slots=True)
class FittedDevices:
    """The devices that a configuration names."""

    readers: tuple[Fitted, ...]
    barrier: Fitted | None
    inputs: tuple[Fitted, ...]
    feedback: tuple[Fitted, ...]
    abilities: Abilities  # of the barrier

    @property
    def every(self) -> tuple[Fitted, ...]:
        return (*self.readers, *((self.barrier,) if self.barrier else ()), *self.inputs, *self.feedback)

    @property
    def simulated(self) -> tuple[str, ...]:
        """Return the names of devices that move nothing real: the page warns of them."""
        return tuple(f"{fitted.name} {fitted.spec.name}" for fitted in self.every if fitted.spec.simulated)


def fit(settings: Settings) -> FittedDevices:
    """Look the drivers up, before the event loop starts.  Raises ConfigError."""

    def row(kind: DriverKind, configs: tuple[DriverConfig, ...]) -> tuple[Fitted, ...]:
        return tuple(
            Fitted(f"{kind}[{number}]", registry.driver(kind, config.driver), config)
            for number, config in enumerate(configs)
        )

    barrier, abilities = None, ONE_PULSE
    if settings.barrier:
        barrier = Fitted(BARRIER, registry.driver(DriverKind.BARRIER, settings.barrier.driver), settings.barrier)
        abilities = barrier.spec.abilities(settings.barrier)
    return FittedDevices(
        row(DriverKind.READER, settings.readers),
        barrier,
        row(DriverKind.INPUT, settings.inputs),
        row(DriverKind.FEEDBACK, settings.feedback),
        abilities,
    )


def lane_config(settings: Settings, devices: FittedDevices) -> LaneConfig:
    """Return the lane's identity and equipment: contacts, and the abilities of the barrier itself."""
    roles = {fitted.name: config.role for fitted, config in zip(devices.inputs, settings.inputs, strict=True)}
    needed = {name for name, role in roles.items() if role in _NEEDED}
    if devices.barrier:
        needed.add(BARRIER)
    if len(devices.readers) == 1:
        needed.add(devices.readers[0].name)
    return LaneConfig(
        settings.device.id,
        settings.lane.mode,
        _equipment(settings, devices.abilities, roles),
        settings.list.limits,
        frozenset(needed),
        roles,
        settings.schedule.build(settings.venue.timezone),
    )


def _equipment(settings: Settings, abilities: Abilities, roles: Mapping[str, Role]) -> Equipment:
    lane = settings.lane
    passages = {contact.direction for contact in settings.inputs if contact.role is Role.PASSAGE}
    watchers = {name for name, role in roles.items() if role in (Role.PASSAGE, Role.DOOR)}
    return Equipment(
        hold=lane.hold,
        passage_timeout=lane.passage_timeout,
        sensed=frozenset(passages) | abilities.passages,
        extended=lane.extended_time,
        always_extended=lane.always_extended,
        watchers=frozenset(watchers | ({BARRIER} if abilities.passages or abilities.door else set())),
        stances=abilities.stances,
        fire_frees=lane.fire_frees,
        door=settings.door.equipment(
            contact=abilities.door or Role.DOOR in roles.values(),
            feedback=abilities.lock or Role.LOCK in roles.values(),
        ),
    )


def run_lane(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT.  Raises GateError when the lane cannot start or continue."""
    devices = fit(settings)
    if settings.kiosk and settings.kiosk.texts:
        check_wording(settings.kiosk.texts)
    taker = _taker(settings)
    if taker is not None and not os.path.lexists(listed(settings).list_db):
        asyncio.run(_take_first(taker))
    try:
        asyncio.run(_LaneProcess(settings, devices, taker).run())
    except BaseExceptionGroup as group:  # not except*: Python 3.11.2 wraps an exception raised there in a group again
        errors, others = group.split(GateError)
        if errors is None or others is not None:
            raise
        raise _first(errors) from None


def _about_page(settings: Settings, simulated: tuple[str, ...]) -> About:
    page, venue = settings.kiosk or Kiosk(), settings.venue
    words = [getattr(venue.help, language) for language in venue.languages] if venue.help else []
    directions = {reader.direction for reader in settings.readers}
    side = page.side or (directions.pop() if len(directions) == 1 else Direction.ENTRY)
    return About(
        device_id=settings.device.id,
        venue_id=venue.id,
        category=venue.category,
        languages=venue.languages,
        mode=settings.lane.mode,
        simulated=simulated,
        wording=str(page.texts or ""),
        timezone=venue.timezone,
        lanes=venue.lanes,
        help=HelpLine(venue.help.phone if venue.help else "", tuple(words)),
        screen=ScreenPlace(page.camera or "", page.go or "", side.value, page.voice, page.quiet_hours),
    )


def _offered(settings: Settings) -> Places:
    """Return the places of the lists that the sync leaves, or that a person loaded."""
    return Places(settings.device.state_dir, settings.device.lists)


def listed(settings: Settings) -> Places:
    """Return the places of the lists that the lane answers by: its own, verified by [sync] root; without that table
    those that a person loaded."""
    places = _offered(settings)
    return places.verified if settings.sync is not None else places


def _taker(settings: Settings) -> ListTaker | None:
    if settings.sync is None:
        return None
    return ListTaker(_offered(settings), settings.sync.root)


async def _take_first(taker: ListTaker) -> None:
    """Wait a while for the first list to be verified, in a lane without one, so that it is ready with it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(FIRST_WITHIN):
            await taker.check()


def _first(group: BaseExceptionGroup[GateError]) -> GateError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, GateError)  # noqa: S101 - the group holds nothing else
    return error


def _kept(places: Places) -> Kept:
    """Return the start of the trusted clock; where lane.db is lost or cannot be read, the time of its last known
    row."""
    try:
        kept = read_kept(places)
    except StoreError:  # the lane reports it
        kept = Kept(as_of=read_signed(places), synced=read_synced(places))
    if kept.floor is None and not kept.resets:
        with suppress(StoreError):
            return replace(kept, floor=last_time(places.state_dir))
    return kept


class _LaneProcess:
    def __init__(self, settings: Settings, devices: FittedDevices, taker: ListTaker | None = None) -> None:
        self._settings = settings
        self._taker = taker
        self._devices = devices
        self._bus = Bus()
        self._places = listed(settings)
        kept = _kept(self._places)
        synchronised = read_ntp() is Ntp.SYNCHRONISED
        self._clock = GateClock(SystemClock(), kept, settings.clock.untrusted_for, synchronised=synchronised)
        self._notifier = Notifier()
        self._watchdog_due = Every(WATCHDOG_EVERY)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        async with AsyncExitStack() as stack:
            lane = await self._lane(stack)
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(work) for work in self._work(lane)]
                await stop.wait()
                self._notifier.stopping()
                log.info("stopping")
                for task in tasks:
                    task.cancel()

    async def _lane(self, stack: AsyncExitStack) -> Lane:
        settings, policy = self._settings, self._settings.policy
        lamps: dict[str, Feedback] = {}
        dead: dict[str, str] = {}  # why
        for fitted in self._devices.feedback:
            try:
                lamps[fitted.name] = await stack.enter_async_context(fitted.open())
            except (DeviceError, OSError) as error:  # a dead lamp never stops a lane
                dead[fitted.name] = str(as_device_error(error))
                log.error(dead[fitted.name], device=fitted.name)
        request_list = self._taker.request if self._taker else lambda: None
        open_judge = partial(StaffJudge, self._places, policy, settings.verifier, settings.journal.keep, request_list)
        interlock = DoorInterlock(settings.lane.interlock) if settings.lane.interlock else None
        if interlock:
            stack.callback(interlock.close)
        config = lane_config(settings, self._devices)
        lane = Lane(config, open_judge, self._clock, self._bus.publish, lamps, interlock)
        for fitted in self._devices.every:
            lane.parts.fit(fitted.name, fitted.spec.name)
        for fitted in self._devices.feedback:
            lane.parts.report(fitted.name, fitted.spec.name, dead.get(fitted.name, ""))
        return lane

    def _work(self, lane: Lane) -> list[Coroutine[None, None, None]]:
        work = [lane.run(self._ready, self._ping_watchdog)]
        work += [self._reader(lane, fitted) for fitted in self._devices.readers]
        work += [self._input(lane, fitted) for fitted in self._devices.inputs]
        if self._devices.barrier:
            work.append(self._barrier(lane, self._devices.barrier))
        if self._taker:
            work.append(self._taker.run(partial(lane.device, "list", "sync")))
        work.append(serve_control(self._desk(lane), self._settings.device.runs))
        if self._settings.kiosk:
            work.append(self._kiosk(lane, self._settings.kiosk.host, self._settings.kiosk.port))
        if sync := self._settings.sync:
            visits = partial(lane.part, JournalEvent.SYNC, "mirrors")
            work.append(SyncWatch(_offered(self._settings), sync.every, self._clock.now).run(visits))
        return work

    def _desk(self, lane: Lane) -> StaffDesk:
        settings, places = self._settings, _offered(self._settings)
        site = Site(
            settings.venue.timezone,
            settings.list.limits,
            places.subject_index if settings.staff.iin_check else None,
            places if settings.sync else None,
        )
        users = {user.name: user.role for user in settings.desk.user}
        finder = SubjectFinder(places, settings.sync.root if settings.sync else None)
        find = finder.find if settings.staff.iin_check else None
        return StaffDesk(StaffOrders(lane), site, StaffRights(users), find, lambda: self._bus.tally)

    async def _reader(self, lane: Lane, fitted: Fitted) -> None:
        report = self._reporter(lane, fitted)

        intake = Intake(fitted.name, lane, self._clock.monotonic)

        async def read() -> None:
            async with fitted.open() as reader:
                report("")
                if isinstance(reader, CameraView):
                    lane.parts.views[fitted.name] = reader
                await reader.run(intake.present)

        await keep_running(fitted.name, _advising(lane, fitted, read), report)
        log.info("the recording has ended", device=fitted.name)

    async def _input(self, lane: Lane, fitted: Fitted) -> None:
        report = self._reporter(lane, fitted)

        async def listen() -> None:
            async with fitted.open() as contact:
                report("")
                await contact.run(partial(lane.report, source=fitted.name))

        await keep_running(fitted.name, _advising(lane, fitted, listen), report)

    async def _barrier(self, lane: Lane, fitted: Fitted) -> None:
        report = self._reporter(lane, fitted)

        async def hold() -> None:
            async with fitted.open() as barrier:
                on_level = partial(lane.report, source=fitted.name)
                await lane.barrier.hold(barrier, ready=partial(report, ""), report=on_level)

        await keep_running(fitted.name, _advising(lane, fitted, hold), report)

    def _reporter(self, lane: Lane, fitted: Fitted) -> Callable[[str], None]:
        return partial(lane.device, fitted.name, fitted.spec.name)

    async def _kiosk(self, lane: Lane, host: str, port: int) -> None:
        """Serve the page.  Best effort: a page that cannot be served is logged, and the lane continues."""
        about = _about_page(self._settings, self._devices.simulated)
        on_problem = partial(lane.part, JournalEvent.PAGE, "")
        try:
            await show_page(self._bus, about, self._clock, host, port, on_problem)
        except GateError as error:
            on_problem(str(error))
            log.error(str(error), part="kiosk")

    def _ready(self) -> None:
        log.info("ready", gate=self._settings.device.id, mode=self._settings.lane.mode.value)
        self._notifier.ready()

    def _ping_watchdog(self) -> None:
        if self._watchdog_due.due(self._clock.monotonic()):
            self._notifier.ping_watchdog()


def _advising(lane: Lane, fitted: Fitted, work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Return the work on a device that also keeps the advice of its error, for the technician."""

    async def attempt() -> None:
        try:
            await work()
        except (DeviceError, OSError) as error:
            lane.parts.advise(fitted.name, as_device_error(error).hint)
            raise

    return attempt
