"""A group whose commands are imported when they are called: `gate run` must not pay for the imports of `gate demo`."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
from click.shell_completion import CompletionItem

LONGEST_SUMMARY = 45  # characters: a line of help holds it beside the longest name on 60 columns


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """Where a command is, and its line in --help: the first sentence of its own help."""

    module: str
    attribute: str
    summary: str


def import_module(command: LazyCommand) -> Any:
    return importlib.import_module(command.module)


class LazyGroup(click.Group):
    """A group of such commands, in sections of its help.  `load`: imports the module of a command."""

    def __init__(
        self,
        *arguments: Any,
        table: Mapping[str, LazyCommand],
        sections: Mapping[str, Sequence[str]] | None = None,
        load: Callable[[LazyCommand], Any] = import_module,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._table = table
        self.sections = sections or {"Commands": tuple(table)}
        self._load = load

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click calls it
        return [name for names in self.sections.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as click calls it
        if cmd_name not in self._table:
            return None
        row = self._table[cmd_name]
        command = getattr(self._load(row), row.attribute)
        if not isinstance(command, click.Command):  # pragma: no cover - a row of the table is wrong
            raise TypeError(f"{row.module}.{row.attribute} is no command")
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a name from the table, without an import."""
        found = [
            CompletionItem(name, help=self._table[name].summary)
            for name in self.list_commands(ctx)
            if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as click calls it
        widest = max(map(len, self._table))
        for title, names in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:<{widest}}", self._table[name].summary) for name in names])
