"""The starting files and rule sets that come with the gate."""

import json
import re
from pathlib import Path

import pytest

from gate.core.rules import parse_rules
from gate.device.templates import VENUES, venue_file
from gate.registry import config_of
from gate.settings.load import load_settings
from gate.settings.problems import SettingsError

CONFIG = Path(__file__).parents[2] / "config"
FILL_IN = re.compile(r"^#?(\w+) = [^#]*# FILL IN, such as (\S+|\[.*\]): .+$")


def filled_in(text: str) -> str:
    """The technician's part: every marked line with the value that it suggests."""
    return "\n".join(FILL_IN.sub(r"\1 = \2", line) for line in text.split("\n"))


def test_each_kind_of_venue_has_its_file() -> None:
    assert {file.stem for file in (CONFIG / "venues").glob("*.toml")} == set(VENUES)


@pytest.mark.parametrize("venue", VENUES)
def test_a_file_that_is_filled_in_is_good(tmp_path: Path, venue: str) -> None:
    file = tmp_path / "gate.toml"
    file.write_text(filled_in(venue_file(venue)), encoding="utf-8")

    settings = load_settings(file, config_of)
    assert settings.venue.category == venue
    assert settings.kiosk is not None
    assert (settings.barrier is None) == (venue == "cafe")


@pytest.mark.parametrize("venue", VENUES)
def test_a_file_as_it_is_asks_for_exactly_the_marked_lines(tmp_path: Path, venue: str) -> None:
    file = tmp_path / "gate.toml"
    text = venue_file(venue)
    file.write_text(text, encoding="utf-8")
    marked = [number for number, line in enumerate(text.split("\n"), 1) if FILL_IN.match(line)]

    with pytest.raises(SettingsError) as caught:
        load_settings(file, config_of)
    assert [problem.line for problem in caught.value.problems] == marked
    assert text.count(" FILL IN, such as ") == len(marked)


RULES = sorted((CONFIG / "rules").glob("*.json"))


@pytest.mark.parametrize("file", RULES, ids=lambda file: file.stem)
def test_rules_hold_their_own_examples(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    form = json.loads(text)

    assert parse_rules(text).rules
    assert len(form["examples"]) >= 8
    categories = {example["category"] for example in form["examples"]}
    for rule in form["rules"]:
        assert set(rule.get("categories", [])) & categories or "categories" not in rule, f"{rule['id']}: no example"


def test_there_are_default_rules() -> None:
    assert "default" in [file.stem for file in RULES]
