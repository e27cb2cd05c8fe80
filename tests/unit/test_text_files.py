"""A room's own texts: its English file is the rule for the other languages."""

import re
from pathlib import Path

import pytest

from gate.errors import ConfigError
from gate.texts.files import TextRule, read_texts, rules_of, shipped_texts

ENGLISH = '[lane]\ntitle = "Lane"\n[lane.more]\nage = "{n} s ago"\n'


def test_the_english_file_gives_keys_placeholders_and_by_their_beginning_lengths(tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_text(ENGLISH)
    rules = rules_of(tmp_path, {"": 60, "lane.more.": 12, "lane.": 20})
    assert rules == {"lane.title": TextRule(20), "lane.more.age": TextRule(12, frozenset({"n"}))}
    assert shipped_texts(tmp_path, "en", rules) == {"lane.title": "Lane", "lane.more.age": "{n} s ago"}


@pytest.mark.parametrize(
    ("kazakh", "fault"),
    [
        ("", "is missing"),
        ('[lane]\ntitle = "Өткел"\n', "lane.more.age is missing"),
        (ENGLISH + 'old = "x"\n', "lane.more.old: there is no such text"),
        (ENGLISH.replace("{n}", "{m}"), "lane.more.age: its placeholders differ.*Write it with {n}"),
        (ENGLISH.replace('"Lane"', '"Lane with a long name"'), "lane.title: has 21 characters"),
        ("[lane", "is no TOML"),
    ],
)
def test_another_language_that_differs_is_refused(tmp_path: Path, kazakh: str, fault: str) -> None:
    (tmp_path / "en.toml").write_text(ENGLISH)
    if kazakh:
        (tmp_path / "kk.toml").write_text(kazakh)
    with pytest.raises(ConfigError) as refused:
        shipped_texts(tmp_path, "kk", rules_of(tmp_path, {"": 20}))
    assert re.search(fault, f"{refused.value} {refused.value.hint}")


def test_a_missing_file_is_another_error_than_a_wrong_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_texts(tmp_path / "ru.toml", {}, "here")
