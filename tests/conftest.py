"""Shared by all tests."""

import asyncio
import functools
import inspect
import signal
import sqlite3
from collections.abc import Generator, Iterator
from importlib.metadata import distributions, version
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.holdings import SETTLES, Holdings, left_since

# No limits of time: on a busy machine they fail what is right.  The same examples each time, so that no change fails by
# another's defect; `--hypothesis-profile random` tries others.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
settings.register_profile("steady", UNHURRIED, derandomize=True)
settings.register_profile("endurance", UNHURRIED, derandomize=True, max_examples=1000)
settings.register_profile("random", UNHURRIED, max_examples=1000, print_blob=True)
settings.load_profile("steady")

OWN_COMMAND = ("endurance", "vm")  # markers of tests that scripts/test leaves to scripts of their own

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what runs behind `&`; children inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> str:
    """Name what decides most often whether another machine sees the same."""
    opencv = sorted({f"{each.name} {each.version}" for each in distributions() if each.name.startswith("opencv-")})
    return ", ".join([f"SQLite {sqlite3.sqlite_version}", f"zxing-cpp {version('zxing-cpp')}", *opencv])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long.  Leave what has a command of its own to `-m MARKER`, and to a call that names a test
    by its id."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    if any("::" in word for word in config.args):
        return
    others = [marker for marker in OWN_COMMAND if marker not in config.option.markexpr]
    left = [item for item in items if any(item.get_closest_marker(marker) for marker in others)]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in set(left)]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that leaves a thread, a process, a file or a setting behind fails, and not the one after it."""
    sockets = request.node.get_closest_marker("browser") is None  # which connects to a server of several tests
    before = Holdings.now(sockets=sockets)
    yield
    assert left_since(before, sockets=sockets) == ""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """A coroutine that leaves a task behind fails: its loop would cancel it without a word."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return (yield)
    test = pyfuncitem.obj

    @functools.wraps(test)
    async def watched(**arguments: Any) -> None:
        before = asyncio.all_tasks()
        await test(**arguments)
        async with asyncio.timeout(SETTLES):
            while left := [task for task in asyncio.all_tasks() - before if not task.done()]:
                await asyncio.wait(left)

    pyfuncitem.obj = watched
    try:
        return (yield)
    finally:
        pyfuncitem.obj = test
