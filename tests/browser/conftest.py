"""One Chromium for all tests of the page."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from tests.browser.rig import ABOUT, Lane, open_chrome, running


@pytest.fixture(scope="session")
def chrome() -> Iterator[Chrome]:
    with open_chrome() as driver:
        yield driver


@pytest.fixture(scope="module")
def lane() -> Iterator[Lane]:
    with running(ABOUT) as there:
        yield there


@pytest.fixture
def still(chrome: Chrome, lane: Lane) -> Iterator[Chrome]:
    """The page without motion, so that what is measured is what stays."""
    reduce = {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", reduce)
    chrome.get(lane.url)
    yield chrome
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
