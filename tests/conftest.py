"""Shared by all tests."""

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# No limits of time: on a busy machine they fail what is right.  `scripts/endurance` tries other examples each time.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
settings.register_profile("steady", UNHURRIED, derandomize=True)
settings.register_profile("endurance", UNHURRIED, max_examples=1000, print_blob=True)
settings.load_profile("steady")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what runs behind `&`; children inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long.  Leave endurance to `-m endurance`, and to a call that names a test by its id."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    if "endurance" in config.option.markexpr or any("::" in word for word in config.args):
        return
    left = [item for item in items if item.get_closest_marker("endurance")]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in set(left)]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _umask_restored() -> Iterator[None]:
    """A command that runs in the test's own process keeps its files private, for good."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)
