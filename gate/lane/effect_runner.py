"""Carries out the effects of the lane's machine: each is done or fails, and none is dropped."""

from collections.abc import Callable

from gate.core.journal_event import JournalEvent
from gate.core.lane.effects import (
    Alarmed,
    Amnesty,
    Effect,
    EndGrant,
    Note,
    OrderRefused,
    Release,
    Secure,
    SetStance,
    StoreOrders,
)
from gate.core.lane.state import BARRIER, LaneState
from gate.errors import DeviceError
from gate.lane.barrier_slot import BarrierSlot
from gate.lane.devices import LaneDevices
from gate.lane.judge_thread import JudgeThread
from gate.lane.outlet import Outlet
from gate.lane.presence import Presence
from gate.lane.verdicts import Verdicts
from gate.store.standing_orders import StandingOrders


class EffectRunner:
    """The runner of one lane; belongs to its event loop.  `outcome` is called with the outcome of each release."""

    def __init__(
        self,
        judges: JudgeThread,
        barrier: BarrierSlot,
        devices: LaneDevices,
        outlet: Outlet,
        verdicts: Verdicts,
        presence: Presence,
        outcome: Callable[[DeviceError | None], None],
    ) -> None:
        self._judges, self._barrier, self._devices = judges, barrier, devices
        self._outlet, self._verdicts, self._presence = outlet, verdicts, presence
        self._outcome = outcome

    async def carry_out(self, effect: Effect, state: LaneState, actor: str | None = None) -> None:
        """Carry out one effect.  `state`: of the lane after the event.  `actor`: who ordered it, for the
        journal."""
        match effect:
            case Secure():
                await self._barrier.secure()
            case Release(direction, extended):
                await self._barrier.release(direction, self._outcome, extended=extended)
            case SetStance(stance):
                self._outlet.stands(stance, state)
                await self._barrier.set_stance(stance)
            case EndGrant():
                await self._end_grant(effect)
            case Note():
                await self._note(effect, actor)
            case OrderRefused(event, refusal, direction):
                await self._note(Note(event, f"refused: {refusal.why}", direction), actor)
            case Alarmed(alarm, on):
                self._outlet.alarm(effect, state)
                await self._judges.call(
                    lambda judge, at: judge.note(JournalEvent.ALARM, at, alarm if on else f"{alarm} over")
                )
            case StoreOrders(orders, fire, terms):
                standing = StandingOrders(orders, fire, terms)
                await self._judges.call(lambda judge, at: judge.store_orders(standing, at))
            case Amnesty():
                await self._judges.call(lambda judge, at: judge.forget_inside(at))
        self._outlet.facts.effects += 1

    async def _end_grant(self, end: EndGrant) -> None:
        self._presence.going = None
        opened_us = self._verdicts.take_opened()
        ended = await self._judges.call(
            lambda judge, at: judge.end_grant(end.seq, end.passed, at, moved=end.moved, opened_us=opened_us)
        )
        cause = end.cause or self._devices.problems.get(BARRIER, "")
        self._verdicts.announce_pending(0.0, through=False, cause=cause)
        self._outlet.grant_ended(ended)

    async def _note(self, note: Note, actor: str | None) -> None:
        await self._judges.call(
            lambda judge, at: judge.note(note.event, at, note.detail, note.direction, counts=note.counts, actor=actor)
        )
