"""Shared by all tests."""

import os
import signal
from collections.abc import Iterator

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what runs behind `&`; children inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
