"""Everything that is wrong is said at once: where, what, and what to do."""

import re
from pathlib import Path

import pytest

from gate.core.toml_text import parse_toml
from gate.errors import ConfigError
from gate.ports.driver import DriverConfig
from gate.registry import config_of
from gate.settings.load import load_settings
from gate.settings.problems import SettingsError, SettingsProblem
from gate.settings.text import LARGEST
from tests.unit.configurations import LEAST, SAMPLE, load

END = SAMPLE.count("\n") + 1  # the line after the sample's last
ONE_LINE = re.compile(r".+?gate\.toml:\d+(:\d+)?: .+\. .+")


def problems(folder: Path, text: str) -> tuple[SettingsProblem, ...]:
    with pytest.raises(SettingsError) as caught:
        load(folder, text)
    assert caught.value.exit_code == 78
    assert str(caught.value).split("\n") == [str(problem) for problem in caught.value.problems]
    assert all(ONE_LINE.fullmatch(line) for line in str(caught.value).split("\n"))
    return caught.value.problems


def with_line(old: str, new: str) -> tuple[str, int]:
    """The sample with one of its lines replaced, and the number of that line."""
    lines = SAMPLE.split("\n")
    place = lines.index(old)
    lines[place] = new
    return "\n".join(lines), place + 1


@pytest.mark.parametrize(
    ("old", "new", "key", "what", "hint"),
    [
        # a key that is not known
        ('pulse = "500ms"', 'pluse = "500ms"', "barrier.pluse", "unknown key", 'Did you mean "pulse"?'),
        ('hold = "5s"', 'hodl = "5s"', "lane.hodl", "unknown key", 'Did you mean "hold"?'),
        ('hold = "5s"', 'colour = "5s"', "lane.colour", "unknown key", "Known here: mode, hold,"),
        # durations
        ('hold = "5s"', "hold = 5", "lane.hold", "5 has no unit", 'Write "5s"'),
        ('hold = "5s"', 'hold = "5"', "lane.hold", '"5" is not a duration', '"500ms", "5s", "10m"'),
        ('hold = "5s"', 'hold = "0s"', "lane.hold", '"0s" must be more than 0s', "Meaning: how long"),
        ('hold = "5s"', 'hold = "2m"', "lane.hold", '"2m" must be at most 1m', "Meaning: how long"),
        ('reuse_after = "10m"', 'reuse_after = "-1s"', "lane.reuse_after", "is not a duration", "Write a number"),
        ('pulse = "500ms"', "pulse = 500", "barrier.pulse", "500 has no unit", "units are ms, s, m, h and d"),
        ('pulse = "500ms"', 'pulse = "11s"', "barrier.pulse", '"11s" must be at most 10s', "Meaning: how long"),
        # types: TOML is taken at its word
        ("line = 17", 'line = "17"', "barrier.line", "a whole number without quotes", "Meaning: BCM number"),
        ("line = 17", "line = 17.5", "barrier.line", "17.5 should be a whole number", "Meaning: BCM number"),
        ("line = 17", "line = 99", "barrier.line", "99 must be at most 53", "Meaning: BCM number"),
        ("iin_check = false", "iin_check = 1", "staff.iin_check", "true or false", "Meaning: true: staff"),
        ("iin_check = false", 'iin_check = "no"', "staff.iin_check", "true or false", "Meaning: true: staff"),
        ('id = "ala-t2"', "id = 7", "venue.id", "text in quotes", "Meaning: name of the venue"),
        ('root = "root.json"', "root = []", "sync.root", "text in quotes", "Meaning: the authority's root.json"),
        ('id = "ala-t2"', "id = 2021-05-21", "venue.id", "is read as a date", "Put it in quotes"),
        ("line = 17", "line = 0x10000000000000000", "barrier.line", "too large", "64 bits"),
        # words
        (
            'mode = "enforce"',
            'mode = "enforced"',
            "lane.mode",
            'is not "enforce", "pilot"',
            "Meaning: who gets",
        ),
        ('active = "high"', 'active = "hihg"', "barrier.active", 'is not "high" or "low"', "Meaning: level"),
        (
            'unlisted = "refuse"',
            'unlisted = "admit"',
            "list.unlisted",
            'is not "refuse" or "use_pass"',
            "Meaning: a person who is not on the list",
        ),
        ('binding = "optional"', "binding = true", "passes.binding", 'is not "optional" or "required"', "Meaning: "),
        ('id = "ala-t2-07"', 'id = "ala t2"', "device.id", "is not made of letters, digits", "Meaning: name"),
        ('id = "ala-t2-07"', 'id = ""', "device.id", "is empty", "Meaning: name of this device"),
        ('category = "airport"', 'category = "Airport"', "venue.category", "small letters", "Meaning: kind of place"),
        # the venue
        ('timezone = "Asia/Almaty"', 'timezone = "Asia/Almata"', "venue.timezone", "no time zone", '"Asia/Almaty"?'),
        ('timezone = "Asia/Almaty"', 'timezone = "Asia"', "venue.timezone", "no time zone", "Write an IANA name"),
        ('timezone = "Asia/Almaty"', 'timezone = "../../etc"', "venue.timezone", "no time zone", "IANA name"),
        ('languages = ["kk", "ru", "en"]', "languages = []", "venue.languages", "is empty", "Meaning: languages"),
        ('languages = ["kk", "ru", "en"]', 'languages = "kk"', "venue.languages", "a list in brackets", "Meaning: "),
        ('languages = ["kk", "ru", "en"]', 'languages = ["kk", "kk"]', "venue.languages", "duplicated", "once"),
        ('languages = ["kk", "ru", "en"]', 'languages = ["kk", "de"]', "venue.languages[1]", '"de" is not', "Meaning:"),
        # the page
        ('listen = "127.0.0.1:8080"', 'listen = "0.0.0.0:8080"', "kiosk.listen", "reachable from outside", "over SSH"),
        ('listen = "127.0.0.1:8080"', 'listen = "[::]:8080"', "kiosk.listen", "reachable from outside", "127.0.0.1"),
        ('listen = "127.0.0.1:8080"', 'listen = "gate.local:80"', "kiosk.listen", "reachable", "127.0.0.1"),
        ('listen = "127.0.0.1:8080"', 'listen = "127.0.0.1"', "kiosk.listen", "is not host:port", "127.0.0.1:8080"),
        ('listen = "127.0.0.1:8080"', 'listen = "::1:80"', "kiosk.listen", "is not host:port", "127.0.0.1:8080"),
        ('listen = "127.0.0.1:8080"', 'listen = "127.0.0.1:65536"', "kiosk.listen", "is not host:port", "8080"),
        # the mirrors
        ('every = "15m"', 'every = "0s"', "sync.every", '"0s" must be at least 1s', "Meaning: time between two syncs"),
        # drivers
        ('driver = "gpio_relay"', 'driver = "gpio"', "barrier.driver", "no barrier driver 'gpio'", "Known: fake,"),
        ('driver = "gpio_relay"', "driver = 5", "barrier.driver", "5 should be text", "`gate drivers`"),
        ('role = "fire"', 'role = "smoke"', "input[0].role", 'is not "passage", "rex", "fire"', "Meaning: "),
        ('direction = "entry"', 'direction = "in"', "reader[0].direction", 'is not "entry" or "exit"', "Meaning: "),
    ],
)
def test_one_thing_wrong(tmp_path: Path, old: str, new: str, key: str, what: str, hint: str) -> None:
    text, line = with_line(old, new)
    found = [problem for problem in problems(tmp_path, text) if problem.key == key]

    assert [problem.line for problem in found] == [line]
    assert what in found[0].what
    assert hint in found[0].hint


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("http://10.0.0.1:8000/x", True),
        ("file:///media/usb", True),
        ("file://media/usb", False),
        ("ftp://a.example/x", False),
        ("https://", False),
        ("https://[::1", False),
        ("https://a.example/a b", False),
        ("/media/usb", False),
    ],
)
def test_mirrors(tmp_path: Path, address: str, good: bool) -> None:
    text = SAMPLE.replace("https://a.example.kz/gate", address)
    if good:
        assert load(tmp_path, text).sync is not None
        return
    (problem,) = problems(tmp_path, text)
    assert (problem.key, problem.line) == ("sync.mirrors", SAMPLE[: SAMPLE.index("mirrors = ")].count("\n") + 1)
    assert f'"{address}" is not a mirror' in problem.what


@pytest.mark.parametrize(
    ("gone", "key", "table"),
    [
        ('id = "ala-t2-07"', "device.id", "[device]"),
        ('zone = "almaty"', "venue.zone", "[venue]"),
        ("line = 17", "barrier.line", "[barrier]"),
        ('driver = "gpio_relay"', "barrier.driver", "[barrier]"),
        ('device = "/dev/v4l/by-id/usb-camera"', "reader[0].device", "[[reader]]"),
        ('role = "fire"', "input[0].role", "[[input]]"),
    ],
)
def test_a_missing_key_names_the_line_of_its_table(tmp_path: Path, gone: str, key: str, table: str) -> None:
    text = SAMPLE.replace(f"{gone}\n", "", 1)
    (problem,) = problems(tmp_path, text)

    assert (problem.key, problem.what) == (key, "this key is missing")
    assert text.split("\n")[problem.line - 1] == table


def test_a_missing_key_that_is_commented_out_names_that_line(tmp_path: Path) -> None:
    text, line = with_line("line = 17", "  # line = 17")

    assert [(found.key, found.line) for found in problems(tmp_path, text)] == [("barrier.line", line)]


def test_a_missing_table(tmp_path: Path) -> None:
    found = problems(tmp_path, "[lane]\n")

    assert [(one.key, one.what) for one in found] == [
        ("device", "this table is missing"),
        ("venue", "this table is missing"),
        ("reader", "there is no reader"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "key", "what", "hint"),
    [
        (LEAST + "[[barrier]]\n", 11, "barrier", "a lane has one barrier", "[barrier] with one bracket"),
        (LEAST + "[input]\n", 11, "input", "a list of devices", "[[input]] with two brackets"),
        (LEAST + "[[inputs]]\n", 11, "inputs", "unknown key", 'Did you mean "input"?'),
        (LEAST.replace("[[reader]]", "[reader]"), 8, "reader", "a list of devices", "[[reader]]"),
        ("input = [5]\n" + LEAST, 1, "input[0]", "5 should be a table", "Write [input]"),
        ("lane = 5\n" + LEAST, 1, "lane", "5 should be a table", "See"),
    ],
)
def test_tables_of_the_wrong_shape(tmp_path: Path, text: str, line: int, key: str, what: str, hint: str) -> None:
    (problem,) = problems(tmp_path, text)

    assert (problem.line, problem.key) == (line, key)
    assert what in problem.what
    assert hint in problem.hint


@pytest.mark.parametrize(
    ("old", "new", "key", "line"),
    [
        ('warn_after = "6h"', 'warn_after = "25h"', "list.warn_after", 19),
        ('restrict_after = "24h"', 'restrict_after = "49h"', "list.restrict_after", 20),
        ('refuse_after = "48h"\n', 'refuse_after = "1h"\n', "list.restrict_after", 20),
        ('warn_after = "6h"\nrestrict_after = "24h"\n', 'warn_after = "30h"\n', "list.warn_after", 19),
        ('warn_after = "6h"\nrestrict_after = "24h"\n', 'restrict_after = "1h"\n', "list.restrict_after", 19),
    ],
)
def test_ages_out_of_order(tmp_path: Path, old: str, new: str, key: str, line: int) -> None:
    (problem,) = problems(tmp_path, SAMPLE.replace(old, new))

    assert (problem.key, problem.line) == (key, line)
    assert "is longer than" in problem.what


def test_everything_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = SAMPLE
    for old, new in (
        ('id = "ala-t2-07"', 'id = "#"'),
        ("Asia/Almaty", "Mars/Base"),
        ('hold = "5s"', "hold = 5"),
        ('driver = "camera"', 'driver = "kamera"'),
        ("line = 17", 'line = "17"'),
        ('role = "fire"', 'role = "smoke"'),
        ("iin_check", "iin_chekc"),
    ):
        text = text.replace(old, new)

    assert [problem.key for problem in problems(tmp_path, text)] == [
        "device.id",
        "venue.timezone",
        "lane.hold",
        "reader[0].driver",
        "barrier.line",
        "input[0].role",
        "staff.iin_chekc",
    ]


@pytest.mark.parametrize(
    ("text", "line", "column", "what"),
    [
        (SAMPLE.replace('"5s"', '"5s'), 14, 11, "illegal character"),
        (SAMPLE.replace("[lane]", "[lane"), 12, 6, "expected"),
        (SAMPLE.replace("hold = ", "hold "), 14, 6, "expected '='"),
        (SAMPLE + "[lane]\n", END, 6, "twice"),
        (SAMPLE + 'listen = "127.0.0.1:80"\n', END, 24, "cannot overwrite a value"),
        (SAMPLE + 'x = """', END, None, "unterminated string"),
        ("x = " + "9" * 5000, 1, None, "exceeds the limit"),
        ("x = " + "[" * 5000, 1, None, "nested too deeply"),
    ],
)
def test_a_file_that_is_not_toml(tmp_path: Path, text: str, line: int, column: int | None, what: str) -> None:
    (problem,) = problems(tmp_path, text)

    assert (problem.line, problem.column) == (line, column)
    assert what in problem.what.lower()


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    file = tmp_path / "gate.toml"
    file.write_bytes(SAMPLE.replace("airport", "аэропорт").encode("cp1251"))

    with pytest.raises(SettingsError) as caught:
        load_settings(file, config_of)
    assert [(problem.line, problem.hint) for problem in caught.value.problems] == [(7, "Save the file as UTF-8")]


@pytest.mark.parametrize("name", ["missing.toml", "", "nul\0byte"])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read .* Name a configuration file"):
        load_settings(tmp_path / name, config_of)


def test_a_file_without_end(tmp_path: Path) -> None:
    file = tmp_path / "gate.toml"
    file.write_bytes(b"#" * (LARGEST + 1))

    with pytest.raises(ConfigError, match="larger than 64 KiB"):
        load_settings(file, config_of)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("x = [" + "1, " * 1000 + "]\n", "more than 1000 keys and values. This is not a configuration file"),
        ("\n".join("[[reader]]" for _ in range(40)), "41 devices of this kind, at most 32 are possible"),
        ("x" + ".x" * 101 + " = 1\n", "11: this line has more than 100 dots outside of quotes. Divide it"),
        ('x = { a = """"""", b' + ".b" * 101 + ' = 1, c = "" }\n', "11: this line has more than 100 dots outside"),
        ('x = { a = """\n#""", b' + ".b" * 101 + " = 1 }\n", "12: this line has more than 100 dots outside"),
        (
            "\n".join(f"devise{number} = 1" for number in range(900)),
            "910: there are more problems. Correct those above",
        ),
        ("x" * 60_000 + " = 1\n", "x…: unknown key"),
    ],
)
def test_more_than_any_configuration_holds_is_refused_in_few_words(tmp_path: Path, more: str, words: str) -> None:
    file = tmp_path / "gate.toml"
    file.write_text(LEAST + more)

    with pytest.raises(ConfigError) as caught:
        load_settings(file, config_of)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 10_000


def test_a_long_comment_may_have_any_dots(tmp_path: Path) -> None:
    assert load(tmp_path, LEAST + "#" + "." * 200).device.id == "a"


def test_a_text_over_lines_may_have_any_dots() -> None:
    assert parse_toml("x = '''\n" + "." * 200 + "''' # \"" + "." * 200) == {"x": "." * 200}


def test_a_nul_in_a_text(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, SAMPLE.replace("/var/lib/gate", "/var/lib\\u0000/gate"))
    assert (problem.key, problem.hint) == ("device.state_dir", "Remove it")


def test_a_zone_with_a_name_longer_than_a_files(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, SAMPLE.replace("Asia/Almaty", "A" * 300))
    assert problem.key == "venue.timezone"
    assert "there is no time zone" in problem.what


def test_a_drivers_own_check_is_told_at_its_table(tmp_path: Path) -> None:
    text = SAMPLE.replace('line = 22\nnormally = "closed"', "line = 22")
    (problem,) = problems(tmp_path, text)

    assert (problem.key, text.split("\n")[problem.line - 1]) == ("input[0]", "[[input]]")
    assert "normally is missing" in problem.what


def test_a_driver_with_settings_of_another_kind(tmp_path: Path) -> None:
    file = tmp_path / "gate.toml"
    file.write_text(LEAST)

    with pytest.raises(
        SettingsError, match=r"gate.toml:9: reader\[0\].driver: .* no ReaderConfig. Report it to the driver"
    ):
        load_settings(file, lambda *_: DriverConfig)


def test_a_password_in_an_address_is_not_repeated(tmp_path: Path) -> None:
    text = SAMPLE.replace('mode = "enforce"', 'mode = "rtsp://admin:hunter2@10.0.0.5/live"')
    (problem,) = problems(tmp_path, text)

    assert "hunter2" not in str(problem)
    assert "rtsp://admin:***@10.0.0.5" in str(problem)
