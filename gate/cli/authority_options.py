"""Shared arguments and output of the commands of `gate authority`.

Results go to stdout, warnings and progress to stderr.
"""

import json
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any, cast

import click

from gate.authority.authority import Authority
from gate.authority.private_keys import KeyClass, PrivateKeys
from gate.cli.passphrase import ask_passphrase
from gate.core.trusted_time import LATEST
from gate.errors import UsageError
from gate.ports.driver import parse_duration
from gate.store.status_wire import MAX_PLACES


class DurationType(click.ParamType[float]):
    """Converts `"12h"` to seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            return cast(float, parse_duration(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


directory_argument = click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
idx_option = click.option(
    "--idx", type=click.IntRange(0, MAX_PLACES - 1), help="The person's place in the status list."
)
person_option = click.option("--person", metavar="ID", help="The person's IIN or id, as imported.")
LATEST_AT = int(LATEST) - 3 * 366 * 86400  # Unix s: signatures made then expire before calendars end
at_option = click.option(
    "--at", type=click.IntRange(0, LATEST_AT), metavar="UNIX", help="Time to use (Unix seconds), in place of now."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object in place of text.")
key_valid_option = click.option(
    "--key-valid", type=DurationType(), default="366d", show_default=True, help="Period in which the key may sign."
)
keys_option = click.option(
    "--keys",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the offline keys (root, targets).  [default: DIR/private]",
)

only_option = click.option(
    "--only", type=click.Choice([kind.value for kind in KeyClass]), help="Only the keys of this class.  [default: both]"
)


def open_authority(directory: Path, keys: Path | None = None) -> Authority:
    """Open it.  Raises UsageError where there is none, or no folder of keys where one is named."""
    if keys is not None and not keys.is_dir():
        raise UsageError(f"{keys}: there is no such folder", hint="Put in the medium with the offline keys")
    return Authority.open(directory, keys, private_keys())


def private_keys(sealing: Collection[KeyClass] = ()) -> PrivateKeys:
    """Return the keys of a command with `passphrase_option`."""
    return PrivateKeys(ask_passphrase, sealing)


def classes_of(only: str | None) -> tuple[KeyClass, ...]:
    """Return the class that --only names, or all."""
    return (KeyClass(only),) if only else tuple(KeyClass)


def moment(at: int | None) -> int:
    """Return the given time, or now; Unix s."""
    return int(time.time()) if at is None else at


def place_of(opened: Authority, idx: int | None, person: str | None, other: str = "") -> int:
    """Return the place that --idx or --person names.  `other`: what else could be given.  Raises UsageError."""
    if (idx is None) == (person is None):
        raise UsageError("one of --idx and --person is needed", hint=f"Give either --idx or --person{other}")
    if idx is not None:
        return idx
    place = opened.place_of(person or "")
    if place is None:
        raise UsageError("this person has no place in the status list", hint="Import their status first")
    return place


def answer(as_json: bool, facts: dict[str, Any], text: str) -> None:
    """Print the result to stdout, as JSON or as text."""
    click.echo(json.dumps(facts) if as_json else text)


def remark(text: str) -> None:
    """Print a warning to stderr."""
    click.echo(text, err=True)
