"""A real gate behind the page: its daemon reads a network camera, and Chromium shows what a person sees.

The page keeps a history of its scenes, so that nothing that was shown for a moment is missed.
"""

import itertools
import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from gate.core.model import Listing, Status
from gate.testing.relay_board import RelayBoard
from tests.browser.rig import set_screen
from tests.contract.camera_rigs import BLANK, NetworkCamera, Picture, drawn, jpeg
from tests.system.rig import Daemon, Site, eventually, lcus
from tests.system.rig import running as daemon

pytestmark = pytest.mark.browser

WATCH = """
window.scenes = [document.body.dataset.scene];
new MutationObserver(() => scenes.push(document.body.dataset.scene))
  .observe(document.body, {attributeFilter: ["data-scene"]});
"""


class Person:
    """Before the camera of a real lane, with the page in view."""

    def __init__(self, camera: NetworkCamera, chrome: Chrome, gate: Daemon) -> None:
        self.camera = camera
        self.gate = gate
        self._chrome = chrome

    def shows(self, *texts: str) -> None:
        self.camera.frames = noisy(drawn(*texts) if texts else BLANK)

    def sees(self, scene: str, within: float = 20.0) -> None:
        self._until(
            lambda chrome: chrome.find_element(By.TAG_NAME, "body").get_attribute("data-scene") == scene, within
        )

    def reads(self, text: str, within: float = 20.0, where: str = "words") -> None:
        self._until(lambda chrome: text in str(chrome.find_element(By.ID, where).get_property("textContent")), within)

    def scripts_read(self, text: str, within: float = 20.0) -> None:
        """Wait until `/state` has it: what is wrong is not for visitors to read."""
        script = "fetch('/state').then((answer) => answer.text()).then(arguments[0])"
        self._until(lambda chrome: text in chrome.execute_async_script(script), within)

    @property
    def saw(self) -> list[str]:
        """Every change of scene since the page was there, but for the reaction before a verdict."""
        return changes(scene for scene in self._chrome.execute_script("return scenes") if scene != "seen")

    def _until(self, holds: Callable[[Chrome], bool], within: float) -> None:
        WebDriverWait(self._chrome, within, 0.05).until(holds)


def changes(scenes: Iterable[str]) -> list[str]:
    return [scene for scene, _ in itertools.groupby(scenes)]


def noisy(picture: Picture) -> list[bytes]:
    """Frames as a sensor makes them: no two alike."""
    noise = np.random.default_rng(1)
    return [jpeg(np.clip(picture + noise.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)) for _ in range(5)]


@contextmanager
def standing_before(site: Site, chrome: Chrome, **lane: str) -> Iterator[Person]:
    with RelayBoard(site.folder / "relay") as board, blank_camera() as camera:
        reader = f'[[reader]]\ndriver = "camera"\ndevice = "{camera.url}"\n'
        site.configure(reader, lcus(board), '[kiosk]\nlisten = "127.0.0.1:0"\n', **lane)
        with daemon(site) as gate:
            eventually(lambda: "the page answers" in gate.said(), "the page")
            (url,) = re.findall(r"url=(http\S+)", gate.said())
            set_screen(chrome, 800, 480)
            chrome.get(url)
            person = Person(camera, chrome, gate)
            person.sees("idle")
            chrome.execute_script(WATCH)
            yield person


@contextmanager
def blank_camera() -> Iterator[NetworkCamera]:
    camera = NetworkCamera(noisy(BLANK), fps=15)
    try:
        yield camera
    finally:
        camera.stop()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path, {1: Listing.GREEN, 2: Listing.GREEN, 3: Listing.RED})
    made.load_list()
    return made


def test_a_code_gets_a_reaction_before_the_verdict_is_there(site: Site, chrome: Chrome) -> None:
    with standing_before(site, chrome) as person, closing(sqlite3.connect(site.state / "lane.db")) as busy:
        busy.execute("BEGIN IMMEDIATE")  # somebody else writes: the verdict cannot be recorded yet
        person.shows(site.issue(1))
        person.sees("seen")
        assert site.reasons() == []
        busy.rollback()
        person.sees("admitted")
    assert site.reasons() == ["admitted"]


def test_a_reason_stays_for_as_long_as_the_refused_code_is_held_up(site: Site, chrome: Chrome) -> None:
    with standing_before(site, chrome) as person:
        person.shows(site.issue(3, Status.RED))
        person.reads("See in the app what you need, or ask the staff")
        person.reads("Take the phone away. The next person can show a code now")
        person.sees("refused")
        person.shows()
        person.sees("idle")
        assert person.saw == ["idle", "refused", "idle"]
    assert site.reasons() == ["status_not_admitted"]


def test_who_was_admitted_and_stands_there_still_is_asked_for_nothing(site: Site, chrome: Chrome) -> None:
    with standing_before(site, chrome, hold="3s") as person:
        person.shows(site.issue(1))
        person.sees("held")
        person.reads("Take the phone away")
        person.shows()
        person.sees("idle")
        assert person.saw == ["idle", "admitted", "held", "idle"]
    assert site.reasons() == ["admitted"]


def test_the_next_person_waits_and_is_then_served(site: Site, chrome: Chrome) -> None:
    with standing_before(site, chrome, hold="6s") as person:
        person.shows(site.issue(1))
        person.sees("admitted")
        person.shows(site.issue(2))
        person.sees("wait")
        person.sees("admitted")
        person.shows()
        person.sees("idle")
        assert person.saw == ["idle", "admitted", "wait", "admitted", "idle"]
    assert site.reasons() == ["admitted", "admitted"]


def test_two_phones_at_once_are_let_in_one_after_the_other(site: Site, chrome: Chrome) -> None:
    with standing_before(site, chrome, hold="2s") as person:
        person.shows(site.issue(1), site.issue(2))
        person.sees("held")
        person.shows()
        person.sees("idle")
        saw = changes(scene for scene in person.saw if scene != "wait")  # for a moment between the two
        assert saw == ["idle", "admitted", "held", "idle"]
    assert site.reasons() == ["admitted", "admitted"]


def test_whoever_goes_through_may_show_the_code_once_more(site: Site, chrome: Chrome) -> None:
    code = site.issue(1)
    with standing_before(site, chrome, hold="8s") as person:
        person.shows(code)
        person.sees("admitted")
        person.shows()
        time.sleep(2.5)  # long enough to count as away
        person.shows(code)
        time.sleep(1.0)
        person.shows()
        person.sees("idle")
        assert person.saw == ["idle", "admitted", "idle"]
    assert site.reasons() == ["admitted"]


def kill(number: signal.Signals) -> Callable[[Person], None]:
    def worker(person: Person) -> None:
        os.kill(person.gate.child("camera"), number)

    return worker


def stall(person: Person) -> None:
    person.camera.frames = [None]


def cover(person: Person) -> None:
    person.camera.frames = noisy(BLANK // 60)


def unplug(person: Person) -> None:
    person.camera.stop()


def freeze(person: Person) -> None:
    person.camera.frames = person.camera.frames[:1]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (kill(signal.SIGSEGV), "its worker process ended by itself"),
        (kill(signal.SIGSTOP), "no new frame for 1500ms. Check its cable"),
        (stall, "no new frame for 1500ms. Check its cable"),
        (unplug, "no more pictures come. Check its cable"),
        (cover, "delivers only black pictures. Take the cover off the lens"),
        (freeze, "delivers the same picture again and again"),
    ],
    ids=["crash", "hang", "stall", "unplug", "black", "frozen"],
)
def test_a_lost_camera_is_said_and_heals(
    site: Site, chrome: Chrome, fault: Callable[[Person], None], words: str
) -> None:
    with standing_before(site, chrome) as person:
        fault(person)
        person.sees("out_of_service")  # nobody is asked for a code that nothing can see
        person.scripts_read(words)
        person.reads("E21", where="codes")
        person.shows()
        if fault is unplug:
            person.camera.start()
        person.sees("idle")
        person.shows(site.issue(1))
        person.sees("admitted")
    assert site.reasons() == ["admitted"]
