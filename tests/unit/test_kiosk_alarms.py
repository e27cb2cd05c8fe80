"""What the page says of alarms, and of a way that stands open."""

from gate.core.lane.modes import Alarm, Phase
from gate.core.language import LANGUAGES
from gate.core.outlet_events import AlarmChanged, DeviceChanged, PhaseChanged
from gate.core.reason import Reason
from gate.kiosk.view import PageNote, PageState, Scene, show, step
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
