"""What the page says of alarms, and of a way that stands open."""

import re
from pathlib import Path

from gate.core.lane.modes import Alarm, Phase
from gate.core.language import LANGUAGES
from gate.core.outlet_events import AlarmChanged, DeviceChanged, PhaseChanged
from gate.core.reason import Reason
from gate.kiosk.fault_codes import ALARM_CODES, DEVICE_CODES, OTHER_DEVICE, REASON_CODES, device_code
from gate.kiosk.page_state import PageState, Scene, step
from gate.kiosk.view import PageNote, show
from gate.texts.catalogue import reason_words, texts_in
from tests.unit.kiosk_page import ABOUT, page


def test_a_lockdown_says_so_and_an_alarm_stands_among_the_problems() -> None:
    state = step(PageState(), PhaseChanged(0, Phase.LOCKED_DOWN), 0.0)
    assert show(state, ABOUT, 1e9).lines[-1].headline == reason_words(Reason.LOCKED_DOWN, "en").headline
    state = step(state, AlarmChanged(0, Alarm.FORCED_OPEN, True), 0.0)
    assert show(state, ABOUT, 1e9).alarms == (PageNote("kk", texts_in("kk").alarms[Alarm.FORCED_OPEN]),)
    state = step(state, AlarmChanged(0, Alarm.FORCED_OPEN, False), 0.0)
    assert show(state, ABOUT, 1e9).alarms == ()
    for language in LANGUAGES:
        assert set(texts_in(language).alarms) == set(Alarm)
    what = "input[2] (rex) has been active for 60 s"
    state = step(state, AlarmChanged(0, Alarm.CONTACT_FAULT, True, what), 0.0)
    assert show(state, ABOUT, 1e9).alarms[0].text.endswith(what)


def test_a_free_way_is_shown_as_one_although_no_code_can_be_read() -> None:
    lost = DeviceChanged(0, "reader[0]", "camera", "no frames")
    shown = page(PhaseChanged(0, Phase.FREE), lost)
    assert shown.scene is Scene.FREE
    assert shown.lines[-1].headline == texts_in("en").free.headline
    assert "no frames" in shown.problems[0]


def test_every_fault_has_a_code_and_every_code_its_row() -> None:
    assert set(ALARM_CODES) == set(Alarm)
    codes = [*ALARM_CODES.values(), *DEVICE_CODES.values(), OTHER_DEVICE, *REASON_CODES.values()]
    assert len(set(codes)) == len(codes)
    reference = (Path(__file__).parents[2] / "config" / "README.md").read_text()
    rows = reference.partition("### Codes on the page")[2].partition("\n## ")[0]
    assert re.findall(r"`(E\d\d)`", rows) == sorted(codes)
    assert {f"`{alarm}`" for alarm in Alarm} <= set(re.findall(r"`\w+`", rows))
    assert [device_code(name) for name in ("reader[1]", "barrier", "lamps")] == ["E21", "E22", "E29"]


def test_a_code_stands_in_the_strip_while_its_fault_does() -> None:
    lost, open_door = DeviceChanged(0, "reader[1]", "camera", "no frames"), AlarmChanged(0, Alarm.HELD_OPEN, True)
    ready = PhaseChanged(0, Phase.READY)
    assert page(ready, open_door, lost).codes == ("E12", "E21")
    assert page(ready, open_door, lost, DeviceChanged(0, "reader[1]", "camera", "")).codes == ("E12",)
