"""What a person at the gate is told."""

import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from gate.core.lane.modes import Alarm, Mode, Phase
from gate.core.language import LANGUAGES
from gate.core.model import Direction
from gate.core.outlet_events import ClockChanged, Decided
from gate.core.reason import Reason
from gate.core.staleness import Freshness
from gate.core.trusted_time import ClockTrust, Ntp
from gate.errors import ConfigError
from gate.kiosk.about import About
from gate.kiosk.page_state import PageState, step
from gate.kiosk.view import show
from gate.texts import catalogue
from gate.texts.catalogue import SCENES, Words, check_languages, check_wording, reason_words, spoken_headlines, texts_in

SHIPPED = Path(catalogue.__file__).parent

KAZAKH = set("әғқңөұүһі")
LATIN = re.compile(r"[A-Za-z]+")
COLOURS = re.compile(
    r"\b(red|yellow|blue|green|красн\w*|ж[её]лт\w*|син\w*|зел[её]н\w*|қызыл|сары|көк|жасыл)\b", re.IGNORECASE
)


def all_words(language: str) -> list[Words]:
    own = texts_in(language)
    scenes = [getattr(own, scene) for scene in SCENES]
    return [*own.reasons.values(), *own.hints.values(), *scenes]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", Reason)
def test_every_reason_says_what_is_the_matter_and_what_to_do(reason: Reason, language: str) -> None:
    words = reason_words(reason, language)
    assert words.headline.strip() == words.headline
    assert words.headline[0].isupper()
    assert 0 < len(words.headline) <= 27
    assert not words.headline.endswith(".")
    assert 10 <= len(words.advice) <= 60


def test_different_reasons_are_told_apart() -> None:
    for language in LANGUAGES:
        refusals = [
            words.headline
            for reason, words in texts_in(language).reasons.items()
            if reason is not Reason.STAFF_ADMITTED
        ]
        assert len(set(refusals)) == len(refusals)


def test_no_text_tells_the_bystanders_a_colour() -> None:
    for language in LANGUAGES:
        for words in all_words(language):
            assert not COLOURS.search(f"{words.headline} {words.advice}"), words


def test_the_strip_names_no_colour_either() -> None:
    for language in LANGUAGES:
        own = texts_in(language)
        for text in (*own.list_grades.values(), *own.clock_standings.values(), *own.modes.values()):
            assert not COLOURS.search(text), text


def test_every_advice_is_read_in_passing() -> None:
    for language in LANGUAGES:
        own = texts_in(language)
        for advice in (*(words.advice for words in all_words(language)), *own.waits.values(), *own.elsewhere.values()):
            assert len(advice) <= 60, advice


def test_each_language_is_written_in_its_own_letters() -> None:
    kazakh = " ".join(f"{words.headline} {words.advice}" for words in all_words("kk")).lower()
    assert set(kazakh) >= KAZAKH - {"һ"}  # a rare letter
    for words in all_words("ru"):
        assert not KAZAKH & set(f"{words.headline} {words.advice}".lower())
    for language in ("kk", "ru"):
        for words in all_words(language):
            assert set(LATIN.findall(f"{words.headline} {words.advice}")) <= {"Ashyq", "Aitu"}
    for words in all_words("en"):
        assert f"{words.headline}{words.advice}".isascii()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_its_own_texts_for_every_mode_and_grade(language: str) -> None:
    own = texts_in(language)
    assert set(own.modes) == set(Mode)
    assert set(own.list_grades) == set(Freshness) - {Freshness.FRESH}
    assert all(own.list_grades.values())
    assert set(own.clock_standings) == set(ClockTrust) - {ClockTrust.TRUSTED}
    assert all("{age}" in text for text in own.clock_standings.values())
    assert all("{n}" in form for form in own.ages)


def test_every_language_has_every_key_and_every_placeholder() -> None:
    """Missing and unknown keys, lost placeholders and long texts are errors when a file is read."""
    for language in LANGUAGES:
        check_languages([language])
        assert texts_in(language).alarms.keys() == set(Alarm)
    tables = [tomllib.loads((SHIPPED / f"{language}.toml").read_text()) for language in LANGUAGES]
    assert len({json.dumps({name: list(table) for name, table in one.items()}) for one in tables}) == 1, "in one order"


def test_a_shipped_text_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (SHIPPED / "kk.toml").read_text().replace("pilot = ", "# ")
    (tmp_path / "kk.toml").write_text(text)
    monkeypatch.setattr(catalogue, "_HERE", tmp_path)
    with pytest.raises(ConfigError, match=r"kk\.toml: modes\.pilot is missing"):
        texts_in("kk", tmp_path)


def test_a_venue_says_it_in_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "ru.toml").write_text(
        '[reasons.admitted]\nheadline = "Добро пожаловать"\n[ages]\nminutes = "{n} минут"\n', "utf-8"
    )
    check_wording(tmp_path)
    own, shipped = texts_in("ru", tmp_path), texts_in("ru")
    assert own.reasons[Reason.ADMITTED] == Words("Добро пожаловать", shipped.reasons[Reason.ADMITTED].advice)
    assert own.ages == ("{n} минут", *shipped.ages[1:])
    assert own.reasons[Reason.EXPIRED] == shipped.reasons[Reason.EXPIRED]
    assert texts_in("kk", tmp_path) == texts_in("kk")
    about = About("7", "v", "fitness", ("ru",), Mode.ENFORCE, wording=str(tmp_path))
    state = step(PageState(phase=Phase.READY), ClockChanged(1.0, ClockTrust.BEHIND, 60.0, Ntp.UNKNOWN), 0.0)
    shown = show(state, about, 1e9).clock
    assert shown is not None
    assert shown.text == "Часы отстают на 1 минут: исправьте время"


WRONG = {
    "unknown": ('[reasons.expird]\nheadline = "x"', "ru.toml: reasons.expird.headline: there is no such text"),
    "unknown table": ('[screens]\nidle = "x"', "screens.idle: there is no such text"),
    "table for a text": ("[reasons.expired.headline]\nkk = 1", "reasons.expired.headline.kk: there is no such text"),
    "text for a table": ('reasons = "x"', "reasons: there is no such text"),
    "no text": ("[modes]\npilot = 3", "modes.pilot: is no text"),
    "empty": ('[modes]\npilot = ""', "modes.pilot: is no text"),
    "blanks": ('[modes]\npilot = " a"', "modes.pilot: is no text"),
    "two lines": ('[modes]\npilot = "a\\nb"', "modes.pilot: is no text"),
    "hidden": ('[modes]\npilot = "a\\u202eb"', "modes.pilot: is no text"),
    "list": ("[modes]\npilot = []", "modes.pilot: is no text"),
    "long": (f'[reasons.expired]\nheadline = "{28 * "Щ"}"', "headline: has 28 characters. Shorten it to 27"),
    "without its age": (
        '[clock]\nbehind = "Часы отстают"',
        "its placeholders differ. Write it with {age}",
    ),
    "twice": ('[clock]\nbehind = "{age} {age}"', "clock.behind: its placeholders differ"),
    "another": ('[ages]\nhours = "{age} ч"', "ages.hours: its placeholders differ. Write it with {n}"),
    "inside": ('[ages]\nhours = "{n.real}"', "ages.hours: its placeholders differ"),
    "format": ('[ages]\nhours = "{n:>9999}"', "ages.hours: its placeholders differ"),
    "brace": ('[modes]\npilot = "a } b"', "modes.pilot: its placeholders differ. Write it with no braces"),
    "no TOML": ("[modes", "ru.toml: is no TOML in UTF-8"),
    "not UTF-8": ("\udcff", "ru.toml: is no TOML in UTF-8"),
    "season without its line": ('[season]\nfirst = "12-15"', "ru.toml: season.line is missing"),
    "season from no day": ('[season]\nline = "x"\nfirst = "30.02"', "season.first: is no day"),
    "season to no day": ('[season]\nline = "x"\nlast = "02-30"', "season.last: is no day"),
    "large": ("#" * (1 << 16) + "\n", "ru.toml: more than 64 KiB"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_text_is_named_by_file_and_key_in_one_line(wrong: str, tmp_path: Path) -> None:
    text, said = WRONG[wrong]
    (tmp_path / "ru.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError) as caught:
        check_wording(tmp_path)
    assert said in str(caught.value)
    assert str(tmp_path / "ru.toml") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_without_texts_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "RU.toml").write_text("")
    for folder in (tmp_path, tmp_path / "nowhere", tmp_path / "RU.toml"):
        with pytest.raises(ConfigError, match=r"holds none of kk\.toml, ru\.toml, en\.toml"):
            check_wording(folder)


def test_a_venue_has_a_line_for_a_season(tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_text('[season]\nline = "Enjoy the workout"\nfirst = "12-15"\nlast = "01-10"\n')
    check_wording(tmp_path)
    about = About("7", "v", "fitness", ("en", "ru"), Mode.ENFORCE, wording=str(tmp_path), timezone="Asia/Almaty")
    passing = Decided(0, "reader[0]", Direction.ENTRY, Reason.ADMITTED, True, True, Mode.ENFORCE, 1.0)
    state = step(PageState(phase=Phase.READY), passing, 0.0)
    lines = {day: show(state, about, at).lines for day, at in (("14 Dec", 1797274740), ("15 Dec", 1797274860))}
    assert lines["14 Dec"][0].advice == texts_in("en").reasons[Reason.ADMITTED].advice
    assert lines["15 Dec"][0].advice == "Enjoy the workout"
    assert lines["15 Dec"][1].advice == texts_in("ru").reasons[Reason.ADMITTED].advice
    season = texts_in("en", tmp_path).season
    assert season is not None
    assert [season.holds(day) for day in ("12-14", "12-15", "01-10", "01-11")] == [False, True, True, False]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_spoken_is_what_is_written(language: str) -> None:
    """Else: scripts/kiosk-assets."""
    recordings = json.loads((files("gate.kiosk") / "static" / "voices.json").read_text("utf-8"))
    assert {key: text for key, (text, _, _) in recordings[language].items()} == spoken_headlines(language)
