"""A conversation on a terminal: numbered choices, defaults, `?` for help; no cursor is moved, so it fits any width."""

import shutil
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import click

T = TypeVar("T")

_WIDEST = 100  # characters: longer lines are hard to read
_HELP = "?"


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of several: its value and its words."""

    value: object
    words: str


class Interview:
    """Questions to a person.  Every method raises click.Abort when the person ends it (Ctrl-C, Ctrl-D)."""

    def head(self, text: str) -> None:
        """Begin a subject."""
        click.echo()
        click.secho(text, bold=True)

    def say(self, text: str, indent: str = "") -> None:
        """Print words, broken at the terminal's width."""
        width = max(20, min(shutil.get_terminal_size().columns, _WIDEST))
        wrapper = textwrap.TextWrapper(
            width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
        )  # a path stays whole
        for line in text.split("\n"):
            click.echo(wrapper.fill(line))

    def show(self, text: str) -> None:
        """Print words as they are: paths and bytes that a person copies."""
        click.echo(text)

    def text(self, question: str, *, default: str | None = None, about: str = "") -> str:
        """Ask for text that is not empty."""
        return self.parsed(question, str, default=default, about=about)

    def parsed(self, question: str, parse: Callable[[str], T], *, default: str | None = None, about: str = "") -> T:
        """Ask until `parse` takes the answer: its ValueError says what is wrong."""
        while True:
            given = str(click.prompt(question, default=default, type=str)).strip()
            if given == _HELP:
                self.say(about or "Type the answer; Ctrl-C ends, and keeps what was answered.", "  ")
                continue
            try:
                return parse(given)
            except ValueError as error:
                self.say(str(error), "  ")

    def confirm(self, question: str, *, default: bool | None = None) -> bool:
        """Ask for yes or no."""
        return click.confirm(question, default=default)

    def choose(
        self, question: str, choices: Sequence[Choice], *, default: int | None = None, about: str = ""
    ) -> object:
        """Ask for one of the choices, by its number.  `default`: an index from 0.  Returns its value."""
        for number, choice in enumerate(choices, 1):
            self.say(f"{number}. {choice.words}", "  ")

        def chosen(given: str) -> Choice:
            if given.isascii() and given.isdecimal() and 0 < int(given) <= len(choices):
                return choices[int(given) - 1]
            raise ValueError(f"Type a number from 1 to {len(choices)}.")

        return self.parsed(question, chosen, default=None if default is None else str(default + 1), about=about).value

    def wait(self, words: str) -> None:
        """Wait until the person presses Enter."""
        click.prompt(words, default="", show_default=False, prompt_suffix=" ")
