"""`gate setup`: answers become a configuration, or every fault of theirs is named."""

import tomllib
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from gate.device.root_of_trust import fingerprint, read_root_of_trust, roots_nearby
from gate.device.setup import contacts
from gate.device.setup.fill import fill_in, in_toml, written_out
from gate.device.setup.run import set_up_by_answers
from gate.device.templates import VENUES, venue_file
from gate.errors import ConfigError, UsageError
from gate.registry import config_of
from gate.settings.load import load_settings
from gate.settings.problems import SettingsError
from tests.unit.setup_rig import ROOT_JSON, good_answers, interview, lines

NOW = 1_764_000_000.0
VALUES = st.recursive(
    st.text() | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=6,
)


def written(folder: Path, tables: dict[str, Any], name: str = "answers.toml") -> Path:
    path = folder / name
    path.write_text(written_out(tables), encoding="utf-8")
    return path


@hypothesis.given(VALUES)
def test_a_value_is_the_same_when_it_is_read_again(value: Any) -> None:
    assert tomllib.loads(f"x = {in_toml(value)}")["x"] == value


@pytest.mark.parametrize("venue", VENUES)
def test_a_starting_file_is_filled_in_and_keeps_its_words(venue: str, tmp_path: Path) -> None:
    answers = {name: table for name, table in good_answers(tmp_path, venue).items() if name != "setup"}
    text = fill_in(venue_file(venue), "# Made here.", answers)
    found = tomllib.loads(text)
    for name, table in answers.items():
        if isinstance(table, dict):
            assert table.items() <= found[name].items()
        else:
            assert sorted(found[name], key=str) == sorted(table, key=str)
    assert "FILL IN" not in text
    kept = [line for line in venue_file(venue).split("\n") if "# " in line and "FILL IN" not in line and line[0] != "#"]
    assert [line for line in kept if line.partition("# ")[2] not in text] == []


def test_answers_make_a_good_configuration_and_keep_what_was_there(tmp_path: Path) -> None:
    output = tmp_path / "etc" / "gate" / "gate.toml"
    set_up_by_answers([written(tmp_path, good_answers(tmp_path))], output, NOW)
    settings = load_settings(output, config_of)
    assert (settings.device.id, settings.lane.max_inside, settings.venue.languages) == ("fit-1", 40, ("ru", "kk"))
    assert [contact.role for contact in settings.inputs] == ["rex", "door", "fire"]
    assert (output.parent / "root.json").read_text() == ROOT_JSON
    first = output.read_text()

    second = written(tmp_path, {"device": {"id": "fit-2"}}, "second.toml")
    set_up_by_answers([tmp_path / "answers.toml", second], output, NOW)
    assert load_settings(output, config_of).device.id == "fit-2"
    assert output.with_name("gate.toml.old-1").read_text() == first
    set_up_by_answers([tmp_path / "answers.toml", second], output, NOW)  # nothing new: no copy
    names = {path.name for path in output.parent.iterdir()}
    assert names == {"gate.toml", "gate.toml.old-1", "root.json"}


def test_the_configuration_of_one_device_answers_for_another(tmp_path: Path) -> None:
    output = tmp_path / "one" / "gate.toml"
    set_up_by_answers([written(tmp_path, good_answers(tmp_path))], output, NOW)
    root = str(tmp_path / "root.json")
    other = written(tmp_path, {"setup": {"venue": "fitness", "root": root}, "device": {"id": "fit-9"}}, "other.toml")
    set_up_by_answers([output, other], tmp_path / "two" / "gate.toml", NOW)
    assert load_settings(tmp_path / "two" / "gate.toml", config_of).device.id == "fit-9"


def test_everything_wrong_and_missing_is_named_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    answers = good_answers(tmp_path)
    answers["setup"] |= {"venue": "fitness", "root": str(tmp_path / "nowhere.json"), "without": ["reader"]}
    answers["device"]["id"] = "fit 1"
    answers["lane"]["mode"] = "pilott"
    answers["venue"]["colour"] = "green"
    answers["barrier"] |= {"active": "hihg"}
    answers["sync"]["mirrors"] = []
    del answers["venue"]["zone"], answers["input"]
    output = tmp_path / "etc" / "gate.toml"
    with pytest.raises(SettingsError) as caught:
        set_up_by_answers([written(tmp_path, answers)], output, NOW)
    lines_of = (tmp_path / "answers.toml").read_text().split("\n")
    found = {problem.key: problem for problem in caught.value.problems}
    assert set(found) == {
        "setup.root",
        "setup.without[0]",
        "device.id",
        "venue.zone",
        "venue.colour",
        "lane.mode",
        "sync.mirrors",
        "barrier.active",
        "input",
    }
    for key, name in (("device.id", "id"), ("lane.mode", "mode"), ("barrier.active", "active"), ("setup.root", "root")):
        assert lines_of[found[key].line - 1].startswith(f"{name} = ")
    assert all(problem.hint for problem in found.values())
    assert not output.parent.exists()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('setup = "fitness"', "setup"),
        ('[setup]\nvenue = "spaceport"', "setup.venue"),
        ("[setup]\nvenue = 3", "setup.venue"),
        ('id = "x"\n[setup]\nvenue = "cafe"', "id"),
        ('[setup]\nvenue = "cafe"\n[reader]\ndriver = "camera"', "reader"),
        ('[setup]\nvenue = "cafe"\n[[barrier]]\ndriver = "fake"', "barrier"),
        ('[setup]\nvenue = "cafe"\nroot_sha256 = "12"', "setup.root_sha256"),
        ('[setup]\nvenue = "cafe"\n[devcie]\nid = "x"', "devcie"),
        ('[setup]\nvenue = "cafe"\nroot = "x"\n[sync]\nroot = "/elsewhere/root.json"', "sync.root"),
        ("", "setup.venue"),
        ("[setup", ""),
        ("x" + ".x" * 20_000 + " = 1", ""),
        ("x = " + "[" * 300 + "]" * 300, ""),
    ],
)
def test_an_odd_file_of_answers_is_a_fault_of_its_own(text: str, key: str, tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        set_up_by_answers([path], tmp_path / "gate.toml", NOW)
    assert key in {problem.key for problem in caught.value.problems}
    assert {problem.file for problem in caught.value.problems} == {str(path)}


def test_a_root_of_another_fingerprint_is_refused(tmp_path: Path) -> None:
    answers = good_answers(tmp_path)
    digits = fingerprint(read_root_of_trust(tmp_path / "root.json"))
    pairs = (digits[at : at + 2] for at in range(0, 64, 2))
    answers["setup"]["root_sha256"] = f"sha256:{':'.join(pairs).upper()}"  # as other programs print it
    set_up_by_answers([written(tmp_path, answers)], tmp_path / "good" / "gate.toml", NOW)
    (tmp_path / "root.json").write_text(ROOT_JSON.replace("1", "2"))
    with pytest.raises(SettingsError, match="not the one that was given"):
        set_up_by_answers([tmp_path / "answers.toml"], tmp_path / "gate.toml", NOW)
    assert not (tmp_path / "gate.toml").exists()
    for content in (
        b"",
        b"{}",
        b"[]",
        b'{"signed": {"_type": "targets", "version": 1}}',
        b"\xff",
        b"[" * 60_000,
        b'{"signed": {"_type": "root", "version": 1e999}}',
    ):
        (tmp_path / "root.json").write_bytes(content)
        with pytest.raises(ConfigError):
            read_root_of_trust(tmp_path / "root.json")


def test_root_json_is_found_on_the_card_and_on_media(tmp_path: Path) -> None:
    for place in ("boot/firmware", "media/usb", "media/someone/STICK", "home/someone"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "root.json").write_text(ROOT_JSON)
    found = [path.parent.relative_to(tmp_path).as_posix() for path in roots_nearby(tmp_path)]
    assert set(found) == {"boot/firmware", "media/usb", "media/someone/STICK"}
    assert len(found) == 3


def test_a_folder_that_cannot_be_written_is_an_error_with_what_to_do(tmp_path: Path) -> None:
    answers = written(tmp_path, good_answers(tmp_path))
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="sudo"):
        set_up_by_answers([answers], tmp_path / "file" / "gate.toml", NOW)


VENUE = ["3", "fit-1", "fit", "almaty", "", "2"]
AFTER_CONTACTS = ["none", "ru", "", "", "y"]


def questions(folder: Path, *given: str) -> list[str]:
    (folder / "codes.txt").touch()
    reader = ["1", str(folder / "nothing"), "1"]  # a folder that is not there: the error is shown, and it may be kept
    barrier = ["1", "17", "1", ""]
    return [*VENUE, *reader, *barrier, *given, *AFTER_CONTACTS]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that nobody presses is not awaited for long."""
    monkeypatch.setattr(contacts, "WATCHED", 2.0)


def test_contacts_are_found_by_a_press_and_the_barrier_is_left_alone(tmp_path: Path) -> None:
    output = tmp_path / "etc" / "gate.toml"
    given = ["17", "17 22", "x", "22 23", "", "", "3", "", "2"]
    with lines({22: True, 23: False}) as board:
        result = interview(output, questions(tmp_path, *given))
    assert result.exit_code == 0, result.output
    assert result.output.count("Line 17 is the barrier's") == 2
    assert "Line 22 changed: it was closed, and opened. It is normally closed" in result.output
    assert "Line 23 changed: it was open, and closed. It is normally open" in result.output
    assert set(board.claimed) == {22, 23}
    found = tomllib.loads(output.read_text())
    assert found["input"] == [
        {"driver": "gpio", "role": "fire", "line": 22, "normally": "closed"},
        {"driver": "gpio", "role": "rex", "line": 23, "normally": "open"},
    ] or found["input"] == [
        {"driver": "gpio", "role": "rex", "line": 23, "normally": "open"},
        {"driver": "gpio", "role": "fire", "line": 22, "normally": "closed"},
    ]
    assert found["lane"]["mode"] == "enforce"


def test_a_line_that_cannot_be_read_may_be_described(tmp_path: Path) -> None:
    output = tmp_path / "gate.toml"
    given = ["22", "n", "", "2", "22", "1", "1", "2"]
    result = interview(output, questions(tmp_path, *given))
    assert result.exit_code == 0, result.output
    assert "No line changed" in result.output
    (contact,) = tomllib.loads(output.read_text())["input"]
    assert contact == {
        "driver": "gpio",
        "role": "passage",
        "line": 22,
        "normally": "open",
        "pull": "down",
        "direction": "exit",
    }


def test_an_end_in_the_middle_leaves_the_old_file_and_the_answers_to_go_on_from(tmp_path: Path) -> None:
    output = tmp_path / "gate.toml"
    set_up_by_answers([written(tmp_path, good_answers(tmp_path))], output, NOW)
    before = output.read_bytes()
    kept = ["", "fit-7", *[""] * 4, "y"]  # of what is there: another name, and the camera is kept
    result = interview(output, kept)
    assert result.exit_code == 1  # Abort, of click's own runner
    assert output.read_bytes() == before
    saved = output.with_name("gate.answers.toml")
    assert tomllib.loads(saved.read_text())["device"]["id"] == "fit-7"
    assert saved.stat().st_mode & 0o077 == 0
    whole = ["y", *[""] * 6, "y", "y", "y", "", str(tmp_path / "root.json"), "y", *[""] * 3, "y"]
    result = interview(output, whole)
    assert result.exit_code == 0, result.output
    assert load_settings(output, config_of).device.id == "fit-7"
    assert not saved.exists()
    assert output.with_name("gate.toml.old-1").read_bytes() == before


def test_a_file_that_is_not_good_is_offered_to_nobody_and_kept(tmp_path: Path) -> None:
    output = tmp_path / "gate.toml"
    output.write_text("[device]\nid = 3\n")
    with lines({}):
        result = interview(output, questions(tmp_path, "none"))
    assert result.exit_code == 0, result.output
    assert "not good" in result.output
    assert output.with_name("gate.toml.old-1").read_text() == "[device]\nid = 3\n"


def test_another_kind_of_place_takes_nothing_of_the_old_one(tmp_path: Path) -> None:
    output = tmp_path / "gate.toml"
    set_up_by_answers([written(tmp_path, good_answers(tmp_path))], output, NOW)
    given = ["1", *[""] * 5, "y", "y", "y", "", str(tmp_path / "root.json"), "y", *[""] * 3, "y"]
    result = interview(output, given)
    assert result.exit_code == 0, result.output
    settings = load_settings(output, config_of)
    assert (settings.device.id, settings.venue.category, settings.passes.binding) == ("fit-1", "airport", "optional")
    assert settings.lane.max_inside is None


def test_saved_answers_that_are_damaged_are_passed_by(tmp_path: Path) -> None:
    output = tmp_path / "gate.toml"
    output.with_name("gate.answers.toml").write_bytes(b"[setup\xff")
    result = interview(output, ["y", *questions(tmp_path, "none")])
    assert result.exit_code == 0, result.output
    assert "cannot be used" in result.output
    assert load_settings(output, config_of).device.id == "fit-1"
