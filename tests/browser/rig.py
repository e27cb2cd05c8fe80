"""A real page server in a thread of its own, and a real Chromium looking at it."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from gate.core.lane.modes import Mode, Phase
from gate.core.outlet_events import Event, PhaseChanged
from gate.kiosk.about import About
from gate.kiosk.server import create_app, serve
from gate.runtime.bus import Bus
from gate.runtime.clock import SystemClock

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--autoplay-policy=no-user-gesture-required",
)


@dataclass
class Lane:
    """What stands behind the page: a bus that tests publish on."""

    url: str
    bus: Bus
    loop: asyncio.AbstractEventLoop
    task: asyncio.Task[None]

    def publish(self, *events: Event) -> None:
        for event in events:
            self.loop.call_soon_threadsafe(self.bus.publish, event)

    def hang(self, seconds: float) -> None:
        """The whole process stands still, as a hung daemon would, with its connections open."""
        self.loop.call_soon_threadsafe(time.sleep, seconds)


ABOUT = About("ala-t2-07", "ala-t2", "airport", ("kk", "ru", "en"), Mode.ENFORCE)


@contextmanager
def running(described: About, port: int = 0) -> Iterator[Lane]:
    up = threading.Event()
    lanes: list[Lane] = []

    async def main() -> None:
        bus, loop = Bus(), asyncio.get_running_loop()
        bus.publish(PhaseChanged(0, Phase.READY))

        def started(url: str) -> None:
            lanes.append(Lane(url, bus, loop, task))
            up.set()

        task = asyncio.create_task(serve(create_app(bus, described, SystemClock()), "127.0.0.1", port, started))
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    try:
        assert up.wait(10)
        yield lanes[0]
    finally:
        if lanes and thread.is_alive():
            lanes[0].loop.call_soon_threadsafe(lanes[0].task.cancel)
        thread.join(10)
    assert not thread.is_alive()


@contextmanager
def open_chrome() -> Iterator[Chrome]:
    with TemporaryDirectory(prefix="kiosk-chrome-", ignore_cleanup_errors=True) as profile:
        options = ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in (*FLAGS, f"--user-data-dir={Path(profile)}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        try:
            driver.set_script_timeout(60)
            yield driver
        finally:
            driver.quit()


def set_screen(driver: Chrome, width: int, height: int) -> None:
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)


def log_of(driver: Chrome, kind: str) -> list[dict[str, Any]]:
    """What was logged since the last call: "browser" (its console) or "performance" (its requests)."""
    return list(driver.get_log(kind))  # type: ignore[no-untyped-call]  # selenium leaves it untyped
