"""Pages of the manual, man(7), from the help of the commands themselves: one for each command, gate-list-load(1)."""

import re
import time
from collections.abc import Iterator
from inspect import cleandoc

import click

from gate.cli.lazy import LazyGroup
from gate.cli.main import gate


def pages(version: str, seconds: int) -> dict[str, str]:
    """Return file name -> text for every command that is not hidden.  `seconds`: their date, since 1970."""
    day = time.strftime("%Y-%m-%d", time.gmtime(seconds))
    return {
        f"{context.command_path.replace(' ', '-')}.1": _page(context, version, day) for context in _walk(gate, None)
    }


def _walk(command: click.Command, parent: click.Context | None) -> Iterator[click.Context]:
    context = click.Context(command, parent, info_name=command.name if parent else "gate")
    yield context
    for inner in _inner(context).values():
        yield from _walk(inner, context)


def _inner(context: click.Context) -> dict[str, click.Command]:
    group = context.command
    if not isinstance(group, click.Group):
        return {}
    commands = {name: group.get_command(context, name) for name in group.list_commands(context)}
    return {name: inner for name, inner in commands.items() if inner and not inner.hidden}


def _page(context: click.Context, version: str, day: str) -> str:
    command = context.command
    name = context.command_path.replace(" ", "-")
    lines = [
        f'.TH "{name.upper()}" "1" "{day}" "Ashyq Gate {version}" "Ashyq Gate"',
        ".SH NAME",
        f"{_roff(name)} \\- {_roff(command.get_short_help_str(200))}",
        ".SH SYNOPSIS",
        f".B {_roff(context.command_path)}",
        _roff(" ".join(command.collect_usage_pieces(context))),
        ".SH DESCRIPTION",
        *_paragraphs(command.help or ""),
    ]
    if options := [record for one in command.get_params(context) if (record := one.get_help_record(context))]:
        lines.append(".SH OPTIONS")
        for flags, text in options:
            lines += [".TP", f"\\fB{_roff(flags)}\\fR", _roff(text) or "\\&"]
    if inner := _inner(context):
        lines.append(".SH COMMANDS")
        sections = command.sections if isinstance(command, LazyGroup) else {"": tuple(inner)}
        for title, names in sections.items():
            lines += [f".SS {_roff(title)}"] if len(sections) > 1 else []
            for each in (each for each in names if each in inner):
                about = inner[each].get_short_help_str(200)
                lines += [".TP", f"\\fB{_roff(name)}\\-{_roff(each)}\\fR(1)", _roff(about)]
    if context.parent:
        lines += [".SH SEE ALSO", f"\\fB{_roff(context.parent.command_path.replace(' ', '-'))}\\fR(1)"]
    return "\n".join(lines) + "\n"


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the lines of a help text; a block marked \\b keeps its lines."""
    for number, block in enumerate(re.split(r"\n\s*\n", cleandoc(text).partition("\f")[0])):
        if number:
            yield ".PP"
        kept = block.startswith("\b")
        lines = [line for line in block.removeprefix("\b").splitlines() if line.strip()]
        if kept:
            yield from (".nf", *(_roff(line, kept=True) for line in lines), ".fi")
        elif lines:
            yield _roff(" ".join(lines))


def _roff(text: str, *, kept: bool = False) -> str:
    """Escape what man(7) would take for a request or a hyphen."""
    text = text if kept else " ".join(text.split())
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text
