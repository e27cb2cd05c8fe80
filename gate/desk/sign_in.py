"""Signing in by number and PIN.

A hash costs memory and a processor, so one is computed at a time, away from the event loop, and few may wait.  Tries
are limited for each client and in all, beside the lock of a name after five wrong PINs.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from gate.desk.memory import DeskMemory
from gate.desk.pins import is_pin_of
from gate.ports.clock import Clock
from gate.settings.desk import DeskUser

WRONG_OF_CLIENT, ALL = RateLimitItemPerMinute(12), RateLimitItemPerMinute(60)
"""Tries in a minute: wrong ones of a client, for a guard who mistypes shares an address with others; and of all."""

MOST_WAITING = 8  # tries, for a hash


@dataclass(frozen=True, slots=True)
class TriedPin:
    """The outcome of a try: the user, or the seconds to wait, or the tries that are left."""

    user: DeskUser | None = None
    wait: float = 0.0
    left: int = 0
    is_new_lock: bool = False
    locked: str = ""  # the user whose name is locked now; empty for a name that nobody has
    is_busy: bool = False  # too many tries, of this client or in all


class SignIn:
    """The door of the desk; belongs to its event loop."""

    def __init__(self, users: Sequence[DeskUser], memory: DeskMemory, clock: Clock) -> None:
        self._users = {user.name.lower(): user for user in users}
        self._memory, self._clock = memory, clock
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._hashing, self._waiting = asyncio.Lock(), 0

    async def attempt(self, name: str, pin: str, client: str) -> TriedPin:
        """Try a PIN for a name.  `client`: the address that asks."""
        user = self._users.get(name.strip().lower())
        name = user.name if user else name.strip().lower()
        if wait := self._memory.locked_for(name, self._clock.now()):
            return TriedPin(wait=wait)
        if self._waiting >= MOST_WAITING or not self._is_within_limits(client):
            return TriedPin(is_busy=True, wait=60.0)
        self._waiting += 1
        try:
            async with self._hashing:
                if wait := self._memory.locked_for(name, self._clock.now()):  # by tries that were before it
                    return TriedPin(wait=wait)
                is_right = await asyncio.to_thread(is_pin_of, pin, user.pin if user else None)
                if not is_right:
                    self._limiter.hit(WRONG_OF_CLIENT, client)
                return await self._answer(name, user, is_right=is_right)
        finally:
            self._waiting -= 1

    async def _answer(self, name: str, user: DeskUser | None, *, is_right: bool) -> TriedPin:
        if user and is_right:
            self._memory.right(name)
            await self._memory.keep()
            return TriedPin(user=user)
        left = self._memory.wrong(name, self._clock.now())
        await self._memory.keep()
        wait = 0.0 if left else self._memory.locked_for(name, self._clock.now())
        return TriedPin(left=left, wait=wait, is_new_lock=not left, locked=user.name if user else "")

    def _is_within_limits(self, client: str) -> bool:
        return self._limiter.test(WRONG_OF_CLIENT, client) and self._limiter.hit(ALL, "all")
