"""A kiosk server on a free port, and clients of it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from blockbuster import blockbuster_ctx
from starlette.applications import Starlette

from gate.core.lane.modes import Phase
from gate.core.language import LANGUAGES
from gate.core.outlet_events import PhaseChanged
from gate.kiosk.about import About
from gate.kiosk.server import create_app, serve
from gate.runtime.bus import Bus
from tests.unit.kiosk_page import ABOUT

PATIENCE = 30.0  # seconds after which something hangs


@dataclass
class Hands:
    """A clock moved by hand."""

    at: float = 1_800_000_000.0

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


@dataclass
class Kiosk:
    url: str
    bus: Bus
    clock: Hands
    app: Starlette
    task: asyncio.Task[None]
    client: httpx.AsyncClient

    @property
    def port(self) -> int:
        return httpx.URL(self.url).port or 0


@asynccontextmanager
async def kiosk(
    about: About = ABOUT, host: str = "127.0.0.1", is_lane_alive: Callable[[], bool] = lambda: True
) -> AsyncIterator[Kiosk]:
    bus, clock, url = Bus(), Hands(), asyncio.get_running_loop().create_future()
    bus.publish(PhaseChanged(0, Phase.READY))
    app = create_app(bus, about, clock, is_lane_alive)
    task = asyncio.create_task(serve(app, host, 0, url.set_result))
    await asyncio.wait([task, url], return_when=asyncio.FIRST_COMPLETED)
    plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loads no certificates: none are needed
    async with httpx.AsyncClient(base_url=await url, timeout=PATIENCE, trust_env=False, verify=plain) as client:
        try:
            yield Kiosk(await url, bus, clock, app, task, client)
        finally:
            task.cancel()
            await asyncio.wait([task])


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(30):
            await scenario()
        assert asyncio.all_tasks() == {asyncio.current_task()}  # nothing is left behind

    for language in LANGUAGES:  # read once, before the page serves anybody; alone, a test would read them in the loop
        ABOUT.texts(language)
    assert ABOUT.zone.key == "UTC"
    with blockbuster_ctx():
        asyncio.run(main())
