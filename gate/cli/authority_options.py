"""Shared arguments and output of the commands of `gate authority`.

Results go to stdout, warnings and progress to stderr.
"""

import json
import os
import select
import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any, cast

import click

from gate.authority.authority import Authority
from gate.authority.private_keys import KeyClass, PrivateKeys, SealedError
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

_GIVEN = "gate.authority.passphrase_file"  # key in the context of a command
_WORDS = "gate.authority.passphrase"  # likewise; stored, because a pipe can be read only once
_LONGEST_PASSPHRASE = 1024  # bytes

# Seconds that a pipe is waited for: a person may type at its other end.
SAY_AFTER = 3.0
GIVEN_WITHIN = 300.0


def _keep_passphrase_file(context: click.Context, _: click.Parameter, file: Path | None) -> None:
    context.meta[_GIVEN] = file


passphrase_option = click.option(
    "--passphrase-file",
    metavar="FILE",
    envvar="GATE_PASSPHRASE_FILE",
    type=click.Path(path_type=Path),
    expose_value=False,
    callback=_keep_passphrase_file,
    help="File whose first line is the passphrase; /dev/fd/3 is descriptor 3.  [default: ask at the terminal]",
)
only_option = click.option(
    "--only", type=click.Choice([kind.value for kind in KeyClass]), help="Only the keys of this class.  [default: both]"
)


def open_authority(directory: Path, keys: Path | None = None) -> Authority:
    return Authority.open(directory, keys, private_keys())


def private_keys(sealing: Collection[KeyClass] = ()) -> PrivateKeys:
    """Return the keys of a command with `passphrase_option`."""
    return PrivateKeys(_ask, sealing)


def classes_of(only: str | None) -> tuple[KeyClass, ...]:
    """Return the class that --only names, or all."""
    return (KeyClass(only),) if only else tuple(KeyClass)


def _ask(what: str, *, new: bool) -> str:
    meta = click.get_current_context().meta
    if meta.get(_GIVEN) is not None:
        if _WORDS not in meta:
            meta[_WORDS] = _first_line(meta[_GIVEN])
        return str(meta[_WORDS])
    if not sys.stdin.isatty():
        raise SealedError(
            f"{what} are sealed, and there is no terminal to ask for the passphrase"
            if not new
            else f"{what} need a passphrase",
            hint="Give it with --passphrase-file FILE",
        )
    passphrase: str = click.prompt(f"Passphrase of {what}", hide_input=True, confirmation_prompt=new, err=True)
    return passphrase


def _first_line(file: Path) -> str:
    try:
        line = _read_line(file)
        if len(line) > _LONGEST_PASSPHRASE:
            raise UsageError(f"{file}: its first line is too long", hint="Write the passphrase and nothing else")
        return line.decode().rstrip("\r\n")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UsageError(
            f"cannot read the passphrase in {file}: {why}", hint="Name a file that you may read"
        ) from error


def _read_line(file: Path) -> bytes:
    """Return the first line, or _LONGEST_PASSPHRASE + 1 bytes of it.  Raises OSError, UsageError for a pipe into which
    nobody writes."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)  # a pipe without a writer would hold the opening
    try:
        line = b""
        while b"\n" not in line and len(line) <= _LONGEST_PASSPHRASE:
            _wait_for(descriptor, file)
            chunk = os.read(descriptor, _LONGEST_PASSPHRASE + 1)
            if not chunk:
                break
            line += chunk
    finally:
        os.close(descriptor)
    return line.partition(b"\n")[0]


def _wait_for(descriptor: int, file: Path) -> None:
    """Wait until something can be read, and say so when it takes long.  Raises UsageError."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if poll.poll(SAY_AFTER * 1000):
        return
    remark(f"Waiting for the passphrase in {file}")
    if not poll.poll(GIVEN_WITHIN * 1000):
        raise UsageError(
            f"{file}: no passphrase came within {GIVEN_WITHIN / 60:.0f} minutes", hint="See what should write it there"
        )


def moment(at: int | None) -> int:
    """Return the given time, or now; Unix s."""
    return int(time.time()) if at is None else at


def place_of(opened: Authority, idx: int | None, person: str | None) -> int:
    """Return the place that --idx or --person names.  Raises UsageError."""
    if (idx is None) == (person is None):
        raise UsageError("one of --idx and --person is needed", hint="Give either --idx or --person")
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
