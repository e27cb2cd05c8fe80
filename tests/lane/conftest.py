"""Fixtures of the lane's tests."""

from pathlib import Path

import pytest

from gate.core.model import Listing
from gate.testing.builders import load


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Make a state directory whose list knows 7 and 9 as green and 8 as red."""
    load(tmp_path, {7: Listing.GREEN, 8: Listing.RED, 9: Listing.GREEN})
    return tmp_path
