"""A person at the desk in Chromium: keys are counted, for a task's time is theirs."""

import time
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from tests.desk.rig import PINS, RunningDesk

A_KEY = 0.28  # seconds a keystroke of an average typist: Card, Moran and Newell's keystroke-level model
THINKING = 1.35  # seconds of the same model, for each decision that a person makes
PATIENCE = 8.0  # seconds after which something hangs
AXE = (files("selenium_axe_python") / "axe-core" / "axe.min.js").read_text()


@dataclass
class Person:
    """A person at a screen.  `keys`: pressed since the task began."""

    driver: Chrome
    desk: RunningDesk
    keys: int = 0
    log: list[str] = field(default_factory=list)

    def sign_in(self, user: str, language: str = "ru", first: str = "lane") -> None:
        self.driver.delete_all_cookies()
        self.driver.get(f"{self.desk.url}/desk/?lang={language}")
        self.driver.execute_script("sessionStorage.clear()")
        self.type(user, Keys.ENTER, PINS[user], Keys.ENTER)
        self.wait(f"location.pathname === '/desk/{first}' && document.readyState === 'complete'")
        if first == "lane":
            self.wait("document.getElementById('chips')?.children.length > 0")
        self.keys = 0

    def type(self, *texts: str) -> None:
        """Press keys, one after the other, wherever the focus is."""
        for text in texts:
            for key in [text] if text in vars(Keys).values() else text:
                ActionChains(self.driver).send_keys(key).perform()
                self.keys += 1

    def seconds(self, decisions: int) -> float:
        """The time of the task for an average person, by the keystroke-level model."""
        return self.keys * A_KEY + decisions * THINKING

    def wait(self, condition: str) -> None:
        """Wait until a condition in the page's own language holds."""
        WebDriverWait(self.driver, PATIENCE, 0.05).until(
            lambda driver: driver.execute_script(f"return Boolean({condition})"), f"never: {condition}"
        )

    def asked(self, do: str, **values: Any) -> dict[str, Any]:
        """Wait for the lane to be asked this; return the request."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for request in reversed(self.desk.lane.requests(do)):
                found: dict[str, Any] = request
                if all(request.get(name) == value for name, value in values.items()):
                    return found
            time.sleep(0.05)
        raise AssertionError(f"the lane was not asked {do} {values}: {self.desk.lane.asked}")

    def text(self, identifier: str) -> str:
        return self.driver.find_element(By.ID, identifier).text

    def findings(self) -> list[str]:
        """Return what keeps people from using the page, serious and critical, as axe-core sees it."""
        self.driver.execute_script(AXE)
        result = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(done)"
        )
        return [
            f"{found['id']}: {found['nodes'][0]['html'][:120]}"
            for found in result["violations"]
            if found["impact"] in ("serious", "critical")
        ]
