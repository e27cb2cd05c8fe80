"""One Chromium for all tests of the page."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from tests.browser.rig import open_chrome


@pytest.fixture(scope="session")
def chrome() -> Iterator[Chrome]:
    with open_chrome() as driver:
        yield driver
