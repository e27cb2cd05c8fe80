"""Sources of a passphrase for a command: a file, standard input, or the terminal."""

import os
import select
import sys
from pathlib import Path

import click

from gate.authority.sealing import SealedError
from gate.errors import UsageError

_GIVEN = "gate.passphrase_file"  # key in the context of a command
_WORDS = "gate.passphrase"  # likewise; stored, because a pipe can be read only once
_LONGEST_PASSPHRASE = 1024  # bytes
_STDIN = Path("/dev/stdin")

# Seconds that a pipe is waited for: a person may type at its other end.
SAY_AFTER = 3.0
GIVEN_WITHIN = 300.0


def _keep_passphrase_file(context: click.Context, _: click.Parameter, file: Path | None) -> None:
    context.meta[_GIVEN] = _STDIN if file == Path("-") else file


passphrase_option = click.option(
    "--passphrase-file",
    metavar="FILE",
    envvar="GATE_PASSPHRASE_FILE",
    type=click.Path(path_type=Path),
    expose_value=False,
    callback=_keep_passphrase_file,
    help="File whose first line is the passphrase; - is standard input, /dev/fd/3 descriptor 3.  "
    "[default: ask at the terminal]",
)


def ask_passphrase(what: str, *, new: bool) -> str:
    """Return the passphrase of a command with `passphrase_option`.  Raises SealedError, UsageError."""
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
    click.echo(f"Waiting for the passphrase in {file}", err=True)
    if not poll.poll(GIVEN_WITHIN * 1000):
        raise UsageError(
            f"{file}: no passphrase came within {GIVEN_WITHIN / 60:.0f} minutes", hint="See what should write it there"
        )
