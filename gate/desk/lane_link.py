"""The link to the lane: one watch for all browsers, and an order at a time for each caller.

Nothing of a request or an answer is logged: one may hold an IIN.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from gate.control.client import SOCKET, RefusedOrderError
from gate.control.requests import LONGEST_ANSWER, Request, WatchRequest, as_json
from gate.errors import DeviceError

# Seconds.
ANSWER_WITHIN = 6.0  # the lane itself gives a barrier 3 s
SILENCE = 7.0  # without a line on the watch, which the lane sends every 5 s at least
AGAIN_AFTER = 1.0  # a lane that is not there is tried again

MOST_ORDERS = 3  # connections beside the watch: the lane takes 6 of one account


class LaneSilentError(DeviceError):
    """No lane answers."""

    def __init__(self) -> None:
        super().__init__("the lane does not answer", hint="See `systemctl status gate`")


class LaneLink:
    """The link of one desk; belongs to its event loop.  `watcher`: the user in whose name the lane is watched."""

    def __init__(self, run_dir: Path, watcher: str, monotonic: Callable[[], float]) -> None:
        self._path, self._watcher, self._monotonic = run_dir / SOCKET, watcher, monotonic
        self._places = asyncio.Semaphore(MOST_ORDERS)
        self._heard: float | None = None
        self._is_up = False
        self._status: dict[str, Any] | None = None
        self._changed = asyncio.Event()

    @property
    def status(self) -> dict[str, Any] | None:
        """The last status that the lane sent, and None before the first."""
        return self._status

    @property
    def is_up(self) -> bool:
        return self._is_up

    @property
    def heard_ago(self) -> float | None:
        """Seconds since the lane last spoke; None when it never did."""
        return None if self._heard is None else self._monotonic() - self._heard

    async def ask(self, request: Request) -> dict[str, Any]:
        """Return the lane's answer.  Raises RefusedOrderError, and LaneSilentError when there is none."""
        async with self._places:
            try:
                async with asyncio.timeout(ANSWER_WITHIN):
                    reader, writer = await self._open()
                    try:
                        writer.write(_line(request))
                        return _good(await reader.readline())
                    finally:
                        writer.close()
            except (OSError, ValueError, KeyError, TypeError) as error:  # TimeoutError is an OSError
                raise LaneSilentError from error

    async def run(self) -> None:
        """Watch the lane until cancelled."""
        while True:
            with suppress(OSError, ValueError, KeyError, TypeError, RefusedOrderError):
                await self._watch()
            self._is_up = False
            self._announce()
            await asyncio.sleep(AGAIN_AFTER)

    async def change(self, within: float) -> None:
        """Wait for the next news of the lane, or `within` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._changed.wait()

    async def _watch(self) -> None:
        reader, writer = await self._open()
        try:
            writer.write(_line(WatchRequest(user=self._watcher)))
            while True:
                async with asyncio.timeout(SILENCE):
                    line = await reader.readline()
                self._status, self._heard, self._is_up = _good(line), self._monotonic(), True
                self._announce()
        finally:
            writer.close()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_unix_connection(str(self._path), limit=LONGEST_ANSWER)

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _line(request: Request) -> bytes:
    return json.dumps(as_json(request)).encode() + b"\n"


def _good(line: bytes) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(line)
    if not answer["ok"]:
        raise RefusedOrderError(str(answer.get("problem", "")), str(answer.get("code", "")))
    return answer
