"""What a person at the gate is told."""

import re

import pytest

from gate.core.lane.modes import Mode
from gate.core.reason import Reason
from gate.core.staleness import Freshness
from gate.core.trusted_time import Standing
from gate.kiosk.texts import INTERFACE, LANGUAGES, REASONS, Words, reason_words

KAZAKH = set("әғқңөұүһі")
LATIN = re.compile(r"[A-Za-z]+")
COLOURS = re.compile(
    r"\b(red|yellow|blue|green|красн\w*|ж[её]лт\w*|син\w*|зел[её]н\w*|қызыл|сары|көк|жасыл)\b", re.IGNORECASE
)


def all_words(language: str) -> list[Words]:
    own = INTERFACE[language]
    return [*REASONS[language].values(), own.idle, own.seen, own.fire, own.no_signal]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", Reason)
def test_every_reason_says_what_is_the_matter_and_what_to_do(reason: Reason, language: str) -> None:
    words = reason_words(reason, language)
    assert words.headline.strip() == words.headline
    assert words.headline[0].isupper()
    assert 0 < len(words.headline) <= 27
    assert not words.headline.endswith(".")
    assert 10 <= len(words.advice) <= 90


def test_different_reasons_are_told_apart() -> None:
    for language in LANGUAGES:
        refusals = [
            words.headline for reason, words in REASONS[language].items() if reason is not Reason.STAFF_ADMITTED
        ]
        assert len(set(refusals)) == len(refusals)


def test_no_text_tells_the_bystanders_a_colour() -> None:
    for language in LANGUAGES:
        for words in all_words(language):
            assert not COLOURS.search(f"{words.headline} {words.advice}"), words


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
    own = INTERFACE[language]
    assert set(own.modes) == set(Mode)
    assert set(own.list_grades) == set(Freshness) - {Freshness.FRESH}
    assert all(own.list_grades.values())
    assert set(own.clock_standings) == set(Standing) - {Standing.TRUSTED}
    assert all("{age}" in text for text in own.clock_standings.values())
    assert all("{}" in form for form in own.ages)
