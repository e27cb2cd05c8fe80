"""The tasks of a guard, a supervisor and a technician in Chromium, by the keyboard alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from gate.core.language import LANGUAGES
from tests.browser.desk_rig import Person
from tests.browser.rig import log_of, set_screen
from tests.desk.played_lane import NOW, decision, status
from tests.desk.rig import PINS, RunningDesk, running_desk

pytestmark = pytest.mark.browser

GOOD_IIN, BAD_IIN = "900101300126", "900101300123"
REST = {key: value for key, value in status().items() if key not in ("ok", "at", "last")}


def verdict(**changes: Any) -> dict[str, Any]:
    return {
        "ok": True,
        "check": "c1",
        "status": "green",
        "may_enter": True,
        "reason": "admitted",
        "used_at": None,
    } | changes


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    with running_desk(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture
def person(chrome: Chrome, desk: RunningDesk) -> Iterator[Person]:
    set_screen(chrome, 800, 1280)
    desk.lane.asked.clear()
    desk.lane.decisions = [decision(7, "presentation_stale", 12, detail={"age_s": 75})]
    desk.lane.set(**REST)
    desk.lane.decide(desk.lane.decisions.pop())
    parts = {"ok": True, "at": NOW(), "parts": [], "inputs": [], "outputs": [], "cameras": {}, "sync": None}
    desk.lane.answers = {"check": lambda _: verdict(), "parts": lambda _: parts | {"maintenance": False, "test": None}}
    log_of(chrome, "browser")
    yield Person(chrome, desk)
    # No error of a script, nothing that the policy has refused; refusals of calls are said on the page.
    assert [line for line in log_of(chrome, "browser") if line["source"] != "network"] == []


def test_a_person_without_a_phone_is_checked_and_let_in(person: Person) -> None:
    person.sign_in("guard-07")
    person.type(Keys.F1, GOOD_IIN)
    person.wait("document.getElementById('let-in')")
    assert "Вход разрешён" in person.text("verdict")
    person.type(Keys.ENTER)

    assert person.asked("check")["iin"] == GOOD_IIN
    assert person.asked("admit")["check"] == "c1"
    assert person.keys == 14
    assert person.seconds(decisions=2) <= 10.0
    person.wait("document.body.dataset.view === 'lane'")
    person.wait("[...document.querySelectorAll('.toast')].some((one) => one.textContent === 'Прошёл')")


def test_a_person_who_was_wrongly_refused_is_let_in(person: Person) -> None:
    person.sign_in("guard-07")
    person.wait("document.getElementById('last').textContent.includes('Код устарел')")
    assert "Коду 75 с" in person.text("last")
    assert "пусть откроет приложение снова" in person.text("last")
    person.type(Keys.F2, "3")

    assert person.asked("admit") == {
        "do": "admit",
        "user": "guard-07",
        "direction": "entry",
        "why": "wrong_refusal",
    }
    assert person.seconds(decisions=2) <= 8.0


def test_the_entrance_is_closed_by_one_key_twice(person: Person) -> None:
    person.sign_in("guard-07")
    person.type(Keys.F9)
    person.wait("document.getElementById('lockdown').classList.contains('armed')")
    assert person.desk.lane.requests("order") == []  # a slip of the hand closes nothing
    person.type(Keys.F9)

    assert person.asked("order", mode="locked_down", on=True)
    assert person.seconds(decisions=1) <= 3.0
    person.wait("document.getElementById('band').dataset.scene === 'refused'")
    person.wait("!document.getElementById('order-card').hidden")
    assert "guard-07" in person.text("order-card")
    assert not person.driver.find_element(By.ID, "lockdown").is_enabled()


def test_a_mistyped_iin_goes_nowhere_and_is_seen_for_two_seconds(person: Person) -> None:
    person.sign_in("guard-07")
    person.type(Keys.F1, BAD_IIN)
    person.wait("document.getElementById('iin-problem').textContent.includes('Неверный ИИН')")
    shown = "document.getElementById('iin').value"
    assert person.driver.execute_script(f"return {shown}") in (BAD_IIN, "•" * 12)
    person.wait(f"{shown} === '{'•' * 12}'")
    person.type(Keys.BACKSPACE, "6")  # the last digit again

    assert person.asked("check")["iin"] == GOOD_IIN
    assert [request["iin"] for request in person.desk.lane.requests("check")] == [GOOD_IIN]
    for place in ("location.href", "JSON.stringify({...localStorage})", "JSON.stringify({...sessionStorage})", shown):
        assert GOOD_IIN not in person.driver.execute_script(f"return {place}")
    assert GOOD_IIN not in person.driver.page_source


def test_a_scanner_types_the_iin_wherever_the_focus_is(person: Person) -> None:
    person.sign_in("guard-07")
    person.type(Keys.F1, Keys.TAB, Keys.TAB)
    person.type(GOOD_IIN, Keys.ENTER)  # the scanner's own Enter may come before the answer

    assert person.asked("check")["iin"] == GOOD_IIN
    person.wait("document.getElementById('let-in') || document.body.dataset.view === 'lane'")


def test_a_verdict_goes_away_by_itself(person: Person) -> None:
    person.sign_in("guard-07")
    person.desk.lane.answers["check"] = lambda _: verdict(
        may_enter=False, status="yellow", reason="status_not_admitted", used_at=NOW() - 600
    )
    person.type(Keys.F1, GOOD_IIN)
    person.wait("!document.getElementById('verdict').hidden")
    assert "Вход не разрешён" in person.text("verdict")
    assert "жёлтый" in person.text("verdict")
    assert "10 мин назад" in person.text("verdict")
    assert person.driver.find_elements(By.ID, "let-in") == []  # a supervisor decides
    assert "Исчезнет через" in person.text("clears")
    person.type(Keys.ESCAPE)
    person.wait("document.getElementById('verdict').hidden && document.body.dataset.view === 'lane'")
    assert "жёлтый" not in person.driver.page_source.split("</script>")[-1]


def test_more_time_is_armed_shown_and_taken_back(person: Person) -> None:
    person.sign_in("guard-07")
    person.type(Keys.F3)
    person.wait("document.getElementById('extend').getAttribute('aria-pressed') === 'true'")
    assert "ещё" in person.text("extend")
    person.type(Keys.F3)
    person.wait("document.getElementById('extend').getAttribute('aria-pressed') === 'false'")
    assert [request["on"] for request in person.desk.lane.requests("extend")] == [True, False]


def test_a_fire_alarm_is_reset_once_the_loop_is_closed(person: Person) -> None:
    person.sign_in("guard-07")
    person.desk.lane.set(phase="fire", fire="open")
    person.wait("document.body.classList.contains('burning')")
    assert "Шлейф разомкнут" in person.text("fire-state")
    person.type(Keys.F8, Keys.F8)
    person.desk.lane.set(fire="closed")
    person.wait("!document.getElementById('reset').disabled")
    assert person.desk.lane.requests("reset") == []
    person.type(Keys.F8, Keys.F8)
    assert person.asked("reset")
    person.wait("!document.body.classList.contains('burning')")
    person.desk.lane.set(phase="fire", fire="lost")
    person.wait("document.getElementById('fire-state').textContent.includes('вызовите техника')")
    assert not person.driver.find_element(By.ID, "reset").is_enabled()


def test_a_lane_whose_camera_is_lost_lets_people_in_by_hand(person: Person) -> None:
    person.sign_in("guard-07")
    person.desk.lane.set(phase="ready", cannot=["read"], list={"age_s": 200_000, "grade": "refuse", "people": 1})
    person.wait("document.getElementById('chips').textContent.includes('Коды не читаются')")
    assert person.driver.find_element(By.ID, "admit").is_enabled()
    person.type(Keys.F2, "1")
    assert person.asked("admit")["why"] == "no_phone"


def test_a_lane_that_does_not_answer_is_framed_and_takes_no_order(person: Person) -> None:
    person.sign_in("guard-07")
    person.desk.lane.leave()
    person.wait("document.body.classList.contains('silent')")
    assert "Нет связи с проходом: последний сигнал" in person.text("link-lost")
    assert not person.driver.find_element(By.ID, "admit").is_enabled()
    person.type(Keys.F2)
    assert person.driver.find_elements(By.CSS_SELECTOR, "dialog[open]") == []
    person.desk.lane.start()
    person.wait("!document.body.classList.contains('silent')")
    assert person.driver.find_element(By.ID, "admit").is_enabled()


def test_a_supervisor_orders_until_a_time_and_counts(person: Person) -> None:
    person.sign_in("chief")
    person.driver.get(f"{person.desk.url}/desk/orders")
    person.wait(
        "document.querySelectorAll('#modes .card').length === 3 && document.getElementById('prevails').textContent"
    )
    free = "[aria-labelledby=mode-free]"
    person.driver.execute_script(f"document.querySelector('{free} .ends button').focus()")
    person.type(Keys.ENTER)
    order = person.asked("order", mode="free", on=True)
    assert 14 * 60 < order["until"] - NOW() < 16 * 60
    person.wait(f"document.querySelector('{free}').classList.contains('on')")
    assert "chief" in person.driver.find_element(By.CSS_SELECTOR, free).text
    person.driver.execute_script("document.getElementById('plus').focus()")
    person.type(Keys.ENTER, Keys.TAB, Keys.ENTER)
    assert person.asked("inside")["count"] == 43


def test_a_technician_sees_the_lane_and_orders_maintenance_only(person: Person) -> None:
    person.sign_in("tech", first="status")
    person.driver.get(f"{person.desk.url}/desk/lane")
    person.wait("document.getElementById('chips').children.length > 0")
    assert [
        button
        for button in ("admit", "lockdown", "go-check")
        if person.driver.find_element(By.ID, button).is_displayed()
    ] == []
    person.type(Keys.F9, Keys.F9, Keys.F2, Keys.F1)
    person.driver.get(f"{person.desk.url}/desk/orders")
    person.wait("document.querySelectorAll('#modes .card').length === 1")
    assert [
        one["do"] for one in person.desk.lane.asked if one["do"] not in ("watch", "recent", "signed_in", "parts")
    ] == []


def test_a_further_tab_asks_for_the_pin(person: Person) -> None:
    person.sign_in("guard-07")
    person.driver.execute_script("sessionStorage.clear()")  # as in a further tab: it has no token
    person.driver.get(f"{person.desk.url}/desk/lane")
    person.wait("document.getElementById('lock').open")
    person.type(Keys.ESCAPE, Keys.ESCAPE)
    person.wait("document.getElementById('lock').open")
    person.type("000000", Keys.ENTER)
    person.wait("document.querySelector('#lock .problem').textContent.includes('осталось')")
    person.type(PINS["guard-07"], Keys.ENTER)
    person.wait("!document.getElementById('lock').open && document.getElementById('chips').children.length > 0")


def test_an_untouched_screen_is_locked_and_still_closes_the_entrance(chrome: Chrome, tmp_path: Path) -> None:
    with running_desk(tmp_path, 'idle = "5s"\n') as desk:
        person = Person(chrome, desk)
        person.sign_in("guard-07")
        person.wait("document.getElementById('lock').open")
        assert "Экран заблокирован" in person.text("lock")
        person.type("000000", Keys.ENTER)
        person.wait("document.querySelector('#lock .problem').textContent.includes('осталось')")
        person.type(Keys.F9, Keys.F9)
        assert person.asked("order", mode="locked_down", on=True)["user"] == "guard-07"
        assert "Внутри" not in person.driver.find_element(By.ID, "chips").text
        chrome.get("about:blank")  # its stream ends before the desk does


def test_the_language_is_remembered_with_the_person(person: Person) -> None:
    person.sign_in("guard-08", "en")
    person.driver.find_element(By.CSS_SELECTOR, '.languages [lang="kk"]').click()
    person.wait("document.documentElement.lang === 'kk' && document.body.dataset.view === 'lane'")
    person.sign_in("guard-08", "en")
    assert person.driver.find_element(By.TAG_NAME, "html").get_attribute("lang") == "kk"


LEAVES = """
const seen = (one) => one.offsetParent && !one.classList.contains("unseen");
const small = [...document.querySelectorAll("button, .top a, input")]
  .filter((one) => seen(one) && !one.disabled)
  .map((one) => [one.getBoundingClientRect(), one])
  .filter(([box]) => box.height < 44 || box.width < 44)
  .map(([box, one]) => `${one.id || one.textContent} ${box.width}x${box.height}`);
const cut = [...document.querySelectorAll("button, h1, h2, .headline, .chips li, .top nav")]
  .filter((one) => seen(one) && one.scrollWidth > one.clientWidth + 1)
  .map((one) => `cut: ${one.id || one.textContent}`);
const page = document.documentElement;
return [page.scrollWidth > page.clientWidth ? ["scrolls sideways"] : [], small, cut].flat();
"""
SIZES = ((1280, 800), (800, 1280), (360, 740))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_fits_and_is_for_everybody(person: Person, language: str) -> None:
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        for size in SIZES:
            set_screen(person.driver, *size)
            found[f"{name} {size[0]}"] = person.driver.execute_script(LEAVES)
        found[name] = person.findings()  # at the size of a telephone

    person.driver.delete_all_cookies()
    person.driver.get(f"{person.desk.url}/desk/?lang={language}")
    look("sign-in")
    person.sign_in("chief", language)
    person.desk.lane.set(cannot=["read"], alarms=["held_open"], orders=["free"], mode="free", phase="free")
    person.wait("document.querySelectorAll('#chips .bad').length === 2")
    look("lane")
    person.type(Keys.F2)
    look("reasons")
    person.type(Keys.ESCAPE, Keys.F7)
    person.wait("document.getElementById('recent').open")
    look("recent")
    person.type(Keys.ESCAPE, Keys.F1)
    look("check")
    person.desk.lane.answers["check"] = lambda _: verdict(may_enter=False, status="red", reason="status_not_admitted")
    person.type(GOOD_IIN)
    person.wait("!document.getElementById('verdict').hidden")
    look("verdict")
    person.type(Keys.ESCAPE)
    pages = {
        "orders": "document.querySelectorAll('#modes .card').length === 3",
        "users": "document.querySelector('#users tr')",
    }
    for path, ready in pages.items():
        person.driver.get(f"{person.desk.url}/desk/{path}")
        person.wait(ready)
        look(path)
    person.desk.lane.set(phase="fire", fire="closed")
    person.driver.get(f"{person.desk.url}/desk/lane")
    person.wait("document.body.classList.contains('burning')")
    look("fire")
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_a_button_without_a_name_is_found(person: Person) -> None:
    """What the test above relies on."""
    person.driver.get(f"{person.desk.url}/desk/")
    person.driver.execute_script("document.querySelector('main').append(document.createElement('button'))")

    assert any(finding.startswith("button-name") for finding in person.findings())
