"""`--verbose` and `--log-format`, options of long-running commands."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from gate.logs import FORMAT_VARIABLE, LogForm, set_up


def log_options(command: Callable[..., None]) -> Callable[..., None]:
    """Set up logging before the command runs, and remove these two options from its arguments."""

    @click.option("--verbose", is_flag=True, help="Log details for developers too.")
    @click.option(
        "--log-format",
        type=click.Choice([form.value for form in LogForm]),
        default=LogForm.TEXT.value,
        show_default=True,
        envvar=FORMAT_VARIABLE,
        show_envvar=True,
        help="Log as key=value, or as one JSON object a line.",
    )
    @wraps(command)
    def with_log(*args: Any, verbose: bool, log_format: str, **kwargs: Any) -> None:
        set_up(verbose=verbose, form=LogForm(log_format))
        command(*args, **kwargs)

    return with_log
