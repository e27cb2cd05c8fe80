"""What the commands of `gate authority` share: arguments, and how they answer.

Results go to stdout, remarks and progress to stderr.
"""

import json
import time
from pathlib import Path
from typing import Any, cast

import click

from gate.authority.authority import Authority
from gate.errors import UsageError
from gate.ports.driver import parse_duration
from gate.store.wire import MAX_PLACES


class DurationType(click.ParamType[float]):
    """`"12h"` -> seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            return cast(float, parse_duration(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


directory_argument = click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
idx_option = click.option("--idx", type=click.IntRange(0, MAX_PLACES - 1), help="The place in the status list.")
person_option = click.option("--person", metavar="ID", help="The person, by the IIN or id they were imported with.")
at_option = click.option(
    "--at", type=click.IntRange(0, 2**53 - 1), metavar="UNIX", help="In place of the present time."
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object in place of text.")
key_valid_option = click.option(
    "--key-valid", type=DurationType(), default="366d", show_default=True, help="How long the key may sign."
)
keys_option = click.option(
    "--keys",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the offline keys lie (root, targets).  [default: DIR/private]",
)


def moment(at: int | None) -> int:
    return int(time.time()) if at is None else at


def place_of(opened: Authority, idx: int | None, person: str | None) -> int:
    if (idx is None) == (person is None):
        raise UsageError("whose pass it is must be said once", hint="Give either --idx or --person")
    if idx is not None:
        return idx
    place = opened.place_of(person or "")
    if place is None:
        raise UsageError("this person has no place in the status list", hint="Import their status first")
    return place


def answer(as_json: bool, facts: dict[str, Any], text: str) -> None:
    click.echo(json.dumps(facts) if as_json else text)


def remark(text: str) -> None:
    click.echo(text, err=True)
