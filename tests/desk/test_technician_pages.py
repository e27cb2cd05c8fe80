"""The technician's work in a browser, by the keyboard alone, at a real gate that runs on."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from gate.control.client import send_request
from gate.control.requests import StatusRequest
from gate.core.model import Listing
from gate.testing.relay_board import RelayBoard
from tests.browser.rig import log_of, open_chrome, set_screen
from tests.commands.process import run_gate
from tests.contract.camera_rigs import put
from tests.desk.rig import HASHES, PINS, ROLES, address_of
from tests.system.rig import Site, camera, eventually, lcus, running

pytestmark = pytest.mark.slow  # a gate, a desk and a browser: 20 s
COLOURS = """
const pixels = document.getElementById("picture").getContext("2d").getImageData(0, 0, 640, 300).data;
return new Set(pixels).size;
"""


@contextmanager
def desk_of(site: Site) -> Iterator[str]:
    """Run the desk of a site; yield its address."""
    log = site.folder / "desk.log"
    with log.open("w") as sink:
        command = [sys.executable, "-m", "gate", "desk", "--config", str(site.config)]
        process = subprocess.Popen(command, stdout=sink, stderr=sink, text=True)
        try:
            yield address_of(process, log, 0)
        finally:
            process.terminate()
            process.wait(60)


class Technician:
    """A person at a keyboard."""

    def __init__(self, chrome: Chrome, url: str) -> None:
        self.chrome, self.url = chrome, url

    def press(self, *keys: str) -> None:
        for key in keys:
            ActionChains(self.chrome).send_keys(key).perform()

    def tab_to(self, holds: Callable[[str], bool]) -> None:
        """Press Tab until the focus is where it should be, as a person looks for it."""
        for _ in range(60):
            if holds(self.focus):
                return
            self.press(Keys.TAB)
        raise AssertionError(f"Tab never comes there; last at {self.focus!r}")

    @property
    def focus(self) -> str:
        found: str = self.chrome.execute_script(
            "const one = document.activeElement; return one.id || one.dataset.tab || one.textContent"
        )
        return found

    def text(self, name: str) -> str:
        return self.chrome.find_element(By.ID, name).text

    def wait(self, holds: Callable[[], object], what: str) -> None:
        eventually(lambda: bool(holds()), what, 20)

    def sign_in(self) -> None:
        self.chrome.get(f"{self.url}/desk/?lang=en")
        self.tab_to(lambda at: at == "name")
        self.press("tech", Keys.TAB, PINS["tech"], Keys.ENTER)
        self.wait(lambda: "/desk/status" in self.chrome.current_url, "the technician's first page")


def test_the_technician_needs_no_mouse_and_stops_nothing(tmp_path: Path) -> None:
    site = Site(tmp_path, {1: Listing.GREEN})
    site.load_list()
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    put(pictures, "1.png", "HELLO")
    user = f'[[desk.user]]\nname = "tech"\nrole = "{ROLES["tech"]}"\npin = "{HASHES["tech"]}"\n'
    with RelayBoard(tmp_path / "relay") as board, open_chrome() as chrome:
        site.configure(camera(pictures), lcus(board), '[desk]\nlisten = "127.0.0.1:0"\n', user)
        with running(site), desk_of(site) as url:
            set_screen(chrome, 800, 1280)
            person = Technician(chrome, url)
            person.sign_in()
            person.wait(lambda: "All well" in person.text("sum"), "the parts")
            person.tab_to(lambda at: at == "overview")
            person.press(Keys.ARROW_RIGHT)
            person.wait(lambda: "fresh" in person.text("list-facts"), "the age of the list")
            person.tab_to(lambda at: at == "Test")
            person.press(Keys.ENTER)
            _tests(person, board, site)
            _accepts(person, site)
            said = [row["message"] for row in log_of(chrome, "browser") if row["level"] == "SEVERE"]
            assert said == []


def _tests(person: Technician, board: RelayBoard, site: Site) -> None:
    person.wait(lambda: "/desk/test" in person.chrome.current_url, "the page of tests")
    person.wait(lambda: "Read of the last" in person.text("reading"), "facts about reading")
    assert _colours(person) < 10  # no picture outside of maintenance
    person.tab_to(lambda at: at == "maintenance")
    person.press(Keys.ENTER)
    person.wait(lambda: "Nobody is served" in person.text("order-words"), "maintenance")
    assert send_request(site.state, StatusRequest())["mode"] == "maintenance"
    person.wait(lambda: person.text("hint") == "The code is read", "the picture with its code")
    assert _colours(person) > 10
    person.tab_to(lambda at: at == "camera")
    person.press(Keys.ARROW_RIGHT)
    person.tab_to(lambda at: at == "entry")
    person.press(Keys.ENTER)
    person.wait(lambda: "locked" in person.text("result") and "measuring" not in person.text("result"), "the measure")
    assert board.openings == 1


def _accepts(person: Technician, site: Site) -> None:
    person.press(Keys.HOME)
    person.tab_to(lambda at: at == "maintenance")
    person.tab_to(lambda at: at == "contacts")
    person.press(Keys.ARROW_RIGHT)
    person.wait(lambda: "Begin" in person.text("run"), "the beginning")
    person.tab_to(lambda at: at.startswith("Begin"))
    person.press(Keys.ENTER)
    for left in range(7, 0, -1):  # all but the fire loop, which is not fitted
        person.wait(partial(_has_left, person, left), f"{left} steps")
        person.tab_to(lambda at: at == "Leave out")
        person.press(Keys.ENTER)
    person.wait(lambda: "waiting" not in person.text("run"), "all steps")
    person.tab_to(lambda at: at == "customer-name")
    person.press("Ерлан")
    person.tab_to(lambda at: at == "Make the record")
    person.press(Keys.ENTER)
    record = site.state / "desk" / "acceptance.html"
    person.wait(record.exists, "the record")
    done = run_gate("journal", "accepted", record, "--config", site.config)
    assert done.returncode == 0, done.stderr
    assert "Ерлан" in done.stdout
    record.write_text(record.read_text().replace("skipped", "done"))
    done = run_gate("journal", "accepted", record, "--config", site.config)
    assert (done.returncode, "holds no such record" in done.stderr) == (1, True)


def _has_left(person: Technician, left: int) -> bool:
    return person.text("run").count("waiting") == left


def _colours(person: Technician) -> int:
    found: int = person.chrome.execute_script(COLOURS)
    return found
