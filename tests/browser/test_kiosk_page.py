"""The page as a person before the gate sees it, in Chromium."""

import json
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from gate.core.lane.effects import Passed
from gate.core.lane.modes import Mode, Phase
from gate.core.model import Direction
from gate.core.outlet_events import (
    ClockChanged,
    CodeSeen,
    Decided,
    DeviceChanged,
    GrantEnded,
    ListChanged,
    PhaseChanged,
)
from gate.core.reason import ADMITTING, Reason
from gate.core.staleness import Freshness
from gate.core.trusted_time import ClockTrust, Ntp
from gate.kiosk.about import HelpLine, ScreenPlace
from gate.texts.catalogue import reason_words
from tests.browser.rig import ABOUT, Lane, log_of, running, set_screen

pytestmark = pytest.mark.browser

NO_SIGNAL_WITHIN = 4.0  # seconds


def decided(reason: Reason, let_through: bool | None = None) -> Decided:
    admitted = reason in ADMITTING
    let = admitted if let_through is None else let_through
    return Decided(0, "reader[0]", Direction.ENTRY, reason, admitted, let, Mode.ENFORCE, 12.5)


@pytest.fixture
def screen(chrome: Chrome, lane: Lane) -> Chrome:
    """The page of a lane that stands idle."""
    set_screen(chrome, 800, 480)
    lane.publish(PhaseChanged(0, Phase.OUT_OF_SERVICE), PhaseChanged(0, Phase.READY))
    chrome.get(lane.url)
    wait_for_scene(chrome, "idle")
    return chrome


def wait_for_scene(driver: Chrome, scene: str, within: float = 8.0) -> None:
    """The page may be loaded anew between the two questions: then they are asked again."""
    WebDriverWait(driver, within, 0.05, ignored_exceptions=[StaleElementReferenceException]).until(
        lambda d: d.find_element(By.TAG_NAME, "body").get_attribute("data-scene") == scene
    )


def headlines(driver: Chrome) -> list[tuple[str, str]]:
    lines = driver.find_elements(By.CSS_SELECTOR, "#words .line")
    return [
        (
            line.get_attribute("lang") or "",
            line.find_element(By.CLASS_NAME, "headline").get_attribute("textContent") or "",
        )
        for line in lines
    ]


def signs(driver: Chrome) -> list[str]:
    found = driver.find_elements(By.CSS_SELECTOR, ".sign svg")
    return [sign.get_attribute("data-for") or "" for sign in found if sign.is_displayed()]


def test_a_passage_from_prompt_to_green_and_back(screen: Chrome, lane: Lane) -> None:
    assert headlines(screen) == [("kk", "Кодты көрсетіңіз"), ("ru", "Покажите код"), ("en", "Show your code")]
    assert signs(screen) == ["idle seen coach"]
    lane.publish(CodeSeen(0, "reader[0]"))
    wait_for_scene(screen, "seen")
    lane.publish(decided(Reason.ADMITTED), PhaseChanged(0, Phase.RELEASED))
    wait_for_scene(screen, "admitted")
    assert headlines(screen) == [("kk", "Өтіңіз"), ("ru", "Проходите"), ("en", "Go ahead")]
    assert signs(screen) == ["admitted"]
    lane.publish(GrantEnded(0, Passed.PASSED), PhaseChanged(0, Phase.READY))
    wait_for_scene(screen, "idle")


def test_a_refusal_says_why_and_what_to_do(screen: Chrome, lane: Lane) -> None:
    lane.publish(decided(Reason.PRESENTATION_STALE))
    wait_for_scene(screen, "refused")
    assert signs(screen) == ["refused"]
    said = screen.find_element(By.ID, "words").get_attribute("textContent") or ""
    for language in ABOUT.languages:
        words = reason_words(Reason.PRESENTATION_STALE, language)
        assert words.headline in said
        assert words.advice in said


COUNT = """
window.told = 0;
new MutationObserver(() => told++).observe(document.getElementById("words"), {childList: true});
"""


def told(times: int) -> Callable[[Chrome], bool]:
    return lambda driver: driver.execute_script("return told") == times


def test_what_a_screen_reader_is_told(screen: Chrome, lane: Lane) -> None:
    box = screen.find_element(By.ID, "words")
    assert (box.get_attribute("role"), box.get_attribute("aria-live")) == ("status", "assertive")
    assert screen.find_element(By.TAG_NAME, "html").get_attribute("lang") == "kk"
    screen.execute_script(COUNT)
    for times in (1, 2):  # the same verdict for the next person is announced again
        lane.publish(decided(Reason.EXPIRED))
        WebDriverWait(screen, 3, 0.05).until(told(times))  # before it goes away by itself
    signs = screen.find_elements(By.CSS_SELECTOR, "svg")
    assert signs
    for sign in signs:
        assert sign.get_attribute("aria-hidden") or sign.find_element(By.XPATH, "..").get_attribute("aria-hidden")


def test_the_technicians_strip(screen: Chrome, lane: Lane) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    lane.publish(DeviceChanged(0, "barrier", "serial_frames", hostile), ListChanged(0, None, None, Freshness.MISSING))
    lane.publish(ClockChanged(0, ClockTrust.BEHIND, 9000.0, Ntp.UNKNOWN))
    WebDriverWait(screen, 5, 0.05).until(lambda d: d.find_element(By.ID, "list").is_displayed())
    WebDriverWait(screen, 5, 0.05).until(lambda d: d.find_element(By.ID, "clock").is_displayed())
    assert screen.find_element(By.ID, "list").text == "Тізім жоқ"
    assert screen.find_element(By.ID, "clock").text == "Құрылғы сағаты 2 сағ қалып тұр: уақытты түзетіңіз"
    assert screen.find_element(By.ID, "codes").text == "E22 E31"
    assert hostile not in screen.page_source  # what is wrong is for staff and technician
    strip = screen.find_element(By.CSS_SELECTOR, ".strip").text
    assert "Ashyq Gate" in strip
    assert "ala-t2 / ala-t2-07" in strip
    assert not screen.find_element(By.ID, "trial").is_displayed()
    assert not screen.find_element(By.ID, "simulated").is_displayed()
    lane.publish(DeviceChanged(0, "barrier", "serial_frames", ""), ListChanged(0, 1, 1, Freshness.FRESH))
    lane.publish(ClockChanged(0, ClockTrust.TRUSTED, 0.0, Ntp.UNKNOWN))
    WebDriverWait(screen, 5, 0.05).until(lambda d: not d.find_element(By.ID, "list").is_displayed())
    WebDriverWait(screen, 5, 0.05).until(lambda d: not d.find_element(By.ID, "clock").is_displayed())


def test_a_gate_that_can_let_nobody_in_asks_nobody_for_a_code(screen: Chrome, lane: Lane) -> None:
    lane.publish(ListChanged(0, 1, 1, Freshness.REFUSE))
    wait_for_scene(screen, "unavailable")
    assert headlines(screen)[2] == ("en", "Cannot check now")
    assert signs(screen) == ["unavailable"]
    lane.publish(ListChanged(0, 2, 1, Freshness.FRESH))
    wait_for_scene(screen, "idle")


def test_a_pilot_and_simulated_hardware_are_unmistakable(chrome: Chrome) -> None:
    pilot = replace(
        ABOUT, mode=Mode.PILOT, languages=("ru", "kk", "en"), simulated=("reader[0]: replay", "barrier: fake")
    )
    with running(pilot) as there:
        chrome.get(there.url)
        wait_for_scene(chrome, "idle")
        assert "Пробный режим: пропускаем всех" in chrome.find_element(By.ID, "trial").text
        banner = chrome.find_element(By.ID, "simulated").text
        assert "SIMULATED HARDWARE" in banner
        assert "reader[0]: replay, barrier: fake" in banner
        there.publish(decided(Reason.EXPIRED, let_through=True))
        wait_for_scene(chrome, "let_through")
        assert headlines(chrome)[0] == ("ru", "Проходите")
        assert signs(chrome) == ["let_through"]
        assert "«Срок истёк»" in chrome.find_element(By.CSS_SELECTOR, ".words > .line .advice").text


def test_a_hung_gate_is_shown_as_no_signal_and_its_verdict_does_not_come_back(screen: Chrome, lane: Lane) -> None:
    lane.publish(decided(Reason.ADMITTED))
    wait_for_scene(screen, "admitted")
    lane.hang(5)  # longer than all that is read meanwhile; the connection stays open, nothing comes
    wait_for_scene(screen, "no_signal", NO_SIGNAL_WITHIN)
    assert headlines(screen)[2] == ("en", "Out of order")
    assert signs(screen) == ["out_of_service no_signal"]
    lane.publish(PhaseChanged(0, Phase.OUT_OF_SERVICE), PhaseChanged(0, Phase.READY))
    wait_for_scene(screen, "idle")


def test_a_gate_that_died_is_no_signal_until_it_is_back_with_a_new_page(chrome: Chrome) -> None:
    with running(ABOUT) as there:
        chrome.get(there.url)
        wait_for_scene(chrome, "idle")
        port = int(there.url.rstrip("/").rsplit(":", 1)[1])
    wait_for_scene(chrome, "no_signal", NO_SIGNAL_WITHIN)
    with running(replace(ABOUT, languages=("en",)), port):
        wait_for_scene(chrome, "idle")
        WebDriverWait(chrome, 5, 0.05).until(lambda d: headlines(d) == [("en", "Show your code")])
        WebDriverWait(chrome, 5, 0.05).until(
            lambda d: d.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"
        )


ARROW = "return document.querySelector('.pointer').getBoundingClientRect().toJSON()"


@pytest.mark.parametrize("size", [(800, 480), (480, 800)], ids=["broad", "high"])
def test_the_arrow_to_the_camera_is_large_and_near_its_edge(screen: Chrome, lane: Lane, size: tuple[int, int]) -> None:
    assert screen.execute_script(ARROW)["width"] == 0
    set_screen(screen, *size)
    for side in ("above", "below", "left", "right"):
        screen.get(f"{lane.url}?camera={side}")
        wait_for_scene(screen, "idle")
        arrow, phone = screen.execute_script(
            "return ['.pointer', '.phone'].map((part) => document.querySelector(part).getBoundingClientRect().toJSON())"
        )
        assert min(arrow["width"], arrow["height"]) > 0.15 * min(size), side
        beyond = {
            "above": phone["top"] - arrow["top"],
            "below": arrow["bottom"] - phone["bottom"],
            "left": phone["left"] - arrow["left"],
            "right": arrow["right"] - phone["right"],
        }
        if size[0] > size[1] or side in ("left", "right"):  # on a high screen the arrow stands beside the phone
            assert beyond[side] > 20, side


def test_a_venue_says_where_the_camera_is_and_where_to_go_once(chrome: Chrome) -> None:
    number = HelpLine("+7 727 250 00 00", ("", "", ""))
    venue = replace(ABOUT, screen=ScreenPlace(camera="above", go="left"), help=number)
    with running(venue) as there:
        chrome.get(there.url)
        wait_for_scene(chrome, "idle")
        shown = (
            "return ['.pointer', '.go', '#help'].map((part) => document.querySelector(part).getClientRects().length)"
        )
        assert chrome.execute_script(shown) == [1, 0, 0]
        there.publish(decided(Reason.ADMITTED), PhaseChanged(0, Phase.RELEASED))
        wait_for_scene(chrome, "admitted")
        assert chrome.execute_script(shown) == [0, 1, 0]
        there.publish(GrantEnded(0, Passed.PASSED), PhaseChanged(0, Phase.READY), decided(Reason.EXPIRED))
        wait_for_scene(chrome, "refused")
        assert chrome.execute_script(shown) == [0, 0, 1]
        assert chrome.find_element(By.ID, "help").text == "+7 727 250 00 00"


def test_the_page_is_quiet_and_asks_nobody_else(chrome: Chrome) -> None:
    with running(ABOUT) as there:
        chrome.get("about:blank")
        log_of(chrome, "browser"), log_of(chrome, "performance")
        chrome.get(f"{there.url}?sound=on&camera=above")
        wait_for_scene(chrome, "idle")
        for reason, scene in ((Reason.EXPIRED, "refused"), (Reason.ADMITTED, "admitted")):
            there.publish(CodeSeen(0, "reader[0]"), decided(reason))
            wait_for_scene(chrome, scene)
        assert log_of(chrome, "browser") == []
        messages = [json.loads(entry["message"])["message"] for entry in log_of(chrome, "performance")]
        urls = {m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"}
        static = ("kiosk.css", "words.css", "kiosk.js", "sound.js", "mark.svg", "inter.woff2")
        files = (*(f"static/{name}" for name in static), "events")
        assert urls == {there.url + path for path in ("?sound=on&camera=above", *files)}


LISTEN = """
window.heard = [];
const Real = OscillatorNode;
window.OscillatorNode = class extends Real {
  constructor(audio, options) { super(audio, options); heard.push(options.frequency); }
};
"""


def test_sounds_only_when_asked_for(screen: Chrome, lane: Lane) -> None:
    script = screen.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": LISTEN})
    try:
        heard: dict[str, Any] = {}
        for option in ("", "?sound=on"):
            lane.publish(PhaseChanged(0, Phase.OUT_OF_SERVICE), PhaseChanged(0, Phase.READY))
            screen.get(f"{lane.url}{option}")
            wait_for_scene(screen, "idle")
            lane.publish(CodeSeen(0, "reader[0]"))
            wait_for_scene(screen, "seen")
            lane.publish(decided(Reason.EXPIRED))
            wait_for_scene(screen, "refused")
            lane.publish(decided(Reason.ADMITTED))
            wait_for_scene(screen, "admitted")
            heard[option] = screen.execute_script("return heard")
        assert heard[""] == []
        tick, no_first, no_then, yes_first, yes_then = heard["?sound=on"]
        assert no_then < no_first < yes_first < yes_then < tick
    finally:
        screen.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


SPOKEN = """
window.clips = [];
const Real = AudioBufferSourceNode;
window.AudioBufferSourceNode = class extends Real {
  start(at, offset, length) { clips.push(offset); super.start(at, offset, length); }
};
"""


def test_a_verdict_is_spoken_in_the_venues_languages_and_not_in_quiet_hours(chrome: Chrome) -> None:
    recordings = json.loads((files("gate.kiosk") / "static" / "voices.json").read_text("utf-8"))
    said = {language: {key: start for key, (_, start, _) in clips.items()} for language, clips in recordings.items()}
    script = chrome.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": SPOKEN})
    try:
        for quiet, expected in ((None, ["ru", "kk"]), (("00:00", "23:59"), [])):
            place = ScreenPlace(voice="speech", quiet=quiet)
            with running(replace(ABOUT, languages=("ru", "kk"), screen=place)) as there:
                chrome.get(there.url)
                wait_for_scene(chrome, "idle")
                WebDriverWait(chrome, 20, 0.05).until(
                    lambda driver: driver.execute_script("return document.body.dataset.voices") == "2"
                )
                there.publish(decided(Reason.EXPIRED))
                wait_for_scene(chrome, "refused")
                starts = [said[language]["reasons.expired"] for language in expected]
                assert chrome.execute_script("return clips") == starts
    finally:
        chrome.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
