"""Run a command within the process of the tests: nothing is started, and nothing of it stays."""

import os
from collections.abc import Sequence

import click
from click.testing import CliRunner, Result


def invoke(
    command: click.Command, arguments: Sequence[object], *, given: str | None = None, catch_exceptions: bool = True
) -> Result:
    """As `click.testing` does; the umask that a command sets for its own process is set back."""
    before = os.umask(0o022)
    os.umask(before)
    try:
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(command, words, input=given, catch_exceptions=catch_exceptions)
    finally:
        os.umask(before)
