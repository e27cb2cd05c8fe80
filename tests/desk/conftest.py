"""One desk and one played lane for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.desk.rig import Browser, RunningDesk, browser, running_desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    with running_desk(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture
def stranger(desk: RunningDesk) -> Iterator[Browser]:
    with browser(desk) as one:
        yield one


@pytest.fixture(scope="module")
def signed_in(desk: RunningDesk) -> Iterator[dict[str, Browser]]:
    """A browser of each role, by role."""
    users = {"guard": "guard-07", "supervisor": "chief", "technician": "tech"}
    with browser(desk) as guard, browser(desk) as chief, browser(desk) as tech:
        found = dict(zip(users, (guard, chief, tech), strict=True))
        for role, one in found.items():
            assert one.sign_in(users[role]).json()["role"] == role
        yield found
