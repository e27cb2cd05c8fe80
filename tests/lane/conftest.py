"""Fixtures of the lane's tests."""

from pathlib import Path
from typing import Any

import pytest

from gate.core.model import Listing
from gate.testing.builders import load
from gate.testing.virtual_time import VirtualTimeLoop


@pytest.fixture
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """Waiting takes no time, but where threads and sockets of a test's own are waited for."""
    real = request.node.get_closest_marker("real_time")
    return "asyncio", {} if real else {"loop_factory": VirtualTimeLoop}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Make a state directory whose list knows 7 and 9 as green and 8 as red."""
    load(tmp_path, {7: Listing.GREEN, 8: Listing.RED, 9: Listing.GREEN})
    return tmp_path
