"""Wrong usages of `gate`: one line each that says what is wrong and what to write, exit 2; and the help itself."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from gate.cli.lazy import LONGEST_SUMMARY, LazyGroup
from gate.cli.main import gate
from tests.commands.process import run_gate

NO_CONFIG = (
    "there is no /etc/gate/gate.toml, and no other configuration is named. Give --config FILE, or set GATE_CONFIG; "
    "`gate config init` writes a file"
)
EMPTY = {name: value for name, value in os.environ.items() if not name.startswith("GATE_")}

WRONG = [
    ("lockdown on", "there is no command 'lockdown'. Did you mean `gate lane lockdown on`?"),
    ("lockdwn on", "there is no command 'lockdwn'. Did you mean `gate lane lockdown on`?"),
    ("lane lockdwon on", "there is no command 'lockdwon'. Did you mean `gate lane lockdown on`?"),
    ("lane list", "there is no command 'list'. Did you mean `gate list`?"),
    ("admit exit", "there is no command 'admit'. Did you mean `gate lane admit exit`?"),
    ("find", "there is no command 'find'. Did you mean `gate list find`?"),
    ("tail -n 3", "there is no command 'tail'. Did you mean `gate journal tail -n 3`?"),
    ("publish /srv/a", "there is no command 'publish'. Did you mean `gate authority publish /srv/a`?"),
    ("config schow g.toml", "there is no command 'schow'. Did you mean `gate config show g.toml`?"),
    ("version", "there is no command 'version'. Write `gate --version` (see `gate --help`)"),
    ("help", "there is no command 'help'. Write `gate --help` (see `gate --help`)"),
    ("help list load", "there is no command 'help'. Write `gate list load --help` (see `gate --help`)"),
    ("status", "there is no command 'status'. Write `gate lane status` (see `gate --help`)"),
    ("clock set", "there is no command 'set'. Did you mean `gate clock reset`?"),
    ("--versoin", "there is no option --versoin. Did you mean --version?"),
    ("list status --confg g.toml", "there is no option --confg. Did you mean --config?"),
    (
        "--config g.toml list status --json",
        "there is no option --config. Did you mean `gate list status --config g.toml --json`?",
    ),
    ("run my/gate.toml", "'my/gate.toml' is one word too many. Did you mean `gate run --config my/gate.toml`?"),
    ("lane free --on", "there is no option --on. Did you mean `gate lane free on`?"),
    ("list find --since 2h", "there is no option --since (see `gate list find --help`)"),
    (
        "lane-sim --link /nowhere/turnstile",
        "/nowhere/turnstile cannot be made: No such file or directory. Name a link in a folder that you may write to",
    ),
    ("list --json status", "there is no option --json. Did you mean `gate list status --json`?"),
    ("--nothing list status", "there is no option --nothing (see `gate --help`)"),
    ("lane lockdown", "STATE is missing. Add on or off (see `gate lane lockdown --help`)"),
    ("lane lockdown maybe", "STATE cannot be maybe. Give on or off (see `gate lane lockdown --help`)"),
    ("lane inside -5", "COUNT cannot be -5. Give a whole number, 0 or more (see `gate lane inside --help`)"),
    ("lane inside", "COUNT is missing. Give a whole number, 0 or more (see `gate lane inside --help`)"),
    ("list lookup -1", "IDX cannot be -1. Give a whole number, 0 or more (see `gate list lookup --help`)"),
    ("list lookup seven", "IDX cannot be seven. Give a whole number, 0 or more (see `gate list lookup --help`)"),
    ("backup", "FILE is missing. The command is `gate backup [OPTIONS] FILE` (see `gate backup --help`)"),
    ("authority issue A", "--issuer is missing. The issuer who signs (see `gate authority issue --help`)"),
    (
        "authority issue A --issuer x --idx 1 --status gren",
        "--status cannot be gren. Did you mean green? Give red, yellow, blue or green "
        "(see `gate authority issue --help`)",
    ),
    (
        "config init --venue gym",
        "--venue cannot be gym. Give airport, cafe, fitness or station (see `gate config init --help`)",
    ),
    ("config init", "--venue is missing. Add airport, cafe, fitness or station (see `gate config init --help`)"),
    ("demo --people 0", "--people cannot be 0. Give a whole number from 1 to 5000 (see `gate demo --help`)"),
    ("demo --speed fast", "--speed cannot be fast. Give a number from 0.1 to 10 (see `gate demo --help`)"),
    (
        "demo now please",
        "'now please' is one word too many. The command is `gate demo [OPTIONS]` (see `gate demo --help`)",
    ),
    ("journal tail -n x", "-n cannot be x. Give a whole number, 0 or more (see `gate journal tail --help`)"),
    (
        "sync --json --config gate.toml",
        "--json prints the result of one sync. Add --once, or see the log of the daemon",
    ),
    ("verify nofile.jpg --pass-only", "--pass-only needs a trust list. Add --trust trust.json"),
    ("authority revoke DIR", "DIR is not an authority. Make one with `gate authority init DIR`"),
    *[(command, NO_CONFIG) for command in ("run", "doctor", "safe-outputs", "sync", "list status", "config check")],
]


@pytest.mark.parametrize(("command", "words"), WRONG, ids=[command for command, _ in WRONG])
def test_a_wrong_usage_is_answered_in_one_line(command: str, words: str) -> None:
    ended = run_gate(*command.split(), env=EMPTY)
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"gate: {words}\n")


def test_alone_it_prints_its_help() -> None:
    ended = run_gate(env=EMPTY)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [title for title in ("The door:", "Ask:", "Set up:", "Play:") if title in ended.stdout.splitlines()] == [
        "The door:",
        "Ask:",
        "Set up:",
        "Play:",
    ]


def test_a_group_alone_prints_its_help_and_has_done_nothing() -> None:
    ended = run_gate("list", env=EMPTY)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "device-key" in ended.stderr


def commands() -> Iterator[tuple[click.Context, str]]:
    """Every command below `gate`, with its line in the help of its group."""

    def walk(group: click.Group, context: click.Context) -> Iterator[tuple[click.Context, str]]:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            inner = click.Context(command, context, info_name=name)
            table = group._table if isinstance(group, LazyGroup) else {}
            yield inner, table[name].summary if table else command.get_short_help_str(200)
            if isinstance(command, click.Group):
                yield from walk(command, inner)

    return walk(gate, click.Context(gate, info_name="gate"))


def test_the_line_of_each_command_is_short_and_begins_its_own_help() -> None:
    found = list(commands())
    assert len(found) > 50
    long = {context.command_path: line for context, line in found if len(line) > LONGEST_SUMMARY}
    other = {context.command_path: line for context, line in found if line != context.command.get_short_help_str(200)}
    assert (long, other) == ({}, {})


def test_every_option_of_every_command_says_what_it_is() -> None:
    silent = [
        f"{context.command_path} {param.opts[-1]}"
        for context, _ in commands()
        for param in context.command.params
        if isinstance(param, click.Option)
        and not (param.help or param.hidden)
        and not isinstance(param.type, click.Choice)
    ]
    assert silent == []


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_help_fits_a_narrow_terminal(columns: int) -> None:
    ended = run_gate("--help", env=EMPTY | {"COLUMNS": str(columns)})
    assert ended.returncode == 0
    lines = [line for line in ended.stdout.splitlines() if not re.search(r"_GATE_COMPLETE|config init", line)]
    assert max(map(len, lines)) <= columns


ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def test_a_locale_that_knows_ascii_only_ends_in_no_traceback(tmp_path: Path) -> None:
    config = tmp_path / "gate.toml"
    config.write_text(FAKE.format(state=tmp_path))
    ended = run_gate("doctor", "--config", config, env=EMPTY | ASCII)
    assert ended.stderr == ""
    assert "\u2713 filesystem " in ended.stdout


def test_another_encoding_gets_marks_for_what_it_lacks(tmp_path: Path) -> None:
    for command in (("init",), ("add-issuer", "ashyq"), ("publish",)):
        assert run_gate("authority", command[0], tmp_path / "a", *command[1:], env=EMPTY).returncode == 0
    (trust,) = (tmp_path / "a" / "public" / "targets").glob("*trust.json")
    ended = run_gate(
        *("verify", "AQ1:nonsense", "--pass-only", "--trust", trust), env=EMPTY | {"PYTHONIOENCODING": "koi8-r"}
    )
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout.startswith("? malformed: ")


FAKE = """
[device]
id = "t"
state_dir = "{state}"
[venue]
id = "t"
category = "fitness"
zone = "almaty"
timezone = "Asia/Almaty"
[[reader]]
driver = "fake"
texts = ["x"]
"""
