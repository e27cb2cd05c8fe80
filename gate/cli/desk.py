"""`gate desk`: the pages of staff and technicians, and what a technician needs to set them up."""

import sys
from pathlib import Path

import click

from gate.cli.log_options import log_options
from gate.cli.where import config_as_given, config_file
from gate.core.staff_role import StaffRole
from gate.core.toml_text import quoted
from gate.desk.wiping import wipe_freed_memory
from gate.errors import ConfigError, UsageError
from gate.logs import Log

_MOST_INPUT = 100  # characters of a PIN's line


@click.group(invoke_without_command=True)
@config_as_given("--config", "file")
@log_options
@click.pass_context
def desk(context: click.Context, file: Path | None) -> None:
    """Serve the pages of staff and technicians.

    It runs until SIGTERM or Ctrl-C.

    They are off without [desk] listen.  A person signs in by name and PIN; the lane checks what each role may do.

    \b
    Examples:
      gate desk pin --name guard-07 --role guard    # then append what it prints to gate.toml
      gate desk fingerprint --config gate.toml
      gate desk --config gate.toml
    """
    context.obj = file
    if context.invoked_subcommand is None:
        _serve(config_file(file))


@desk.command()
@click.option("--name", required=True, help="Number or short name of the person.")
@click.option("--role", required=True, type=click.Choice([role.value for role in StaffRole]))
def pin(name: str, role: str) -> None:
    """Read a PIN; print its user's table.

    The PIN is read from standard input.  Append the table to gate.toml, and start gate and gate-desk again.
    """
    from pydantic import ValidationError  # as below: the desk starts itself again before it loads anything

    from gate.desk.pins import hash_pin
    from gate.settings.desk import DeskUser

    if sys.stdin.isatty():
        given = click.prompt("PIN", hide_input=True, confirmation_prompt=True, err=True)
    else:
        given = sys.stdin.readline(_MOST_INPUT).rstrip("\r\n")
    try:
        user = DeskUser(name=name, role=StaffRole(role), pin=hash_pin(given))
    except ValidationError as error:
        raise UsageError(
            f"{name!r} is no name", hint="Use letters, digits, '.', '_' and '-', the first a letter or digit"
        ) from error
    click.echo(f"[[desk.user]]\nname = {quoted(user.name)}\nrole = {quoted(user.role)}\npin = {quoted(user.pin)}")


@desk.command()
@config_as_given("--config", "file")
@click.pass_context
def fingerprint(context: click.Context, file: Path | None) -> None:
    """Print the fingerprint of the certificate.

    It is SHA-256, as browsers show it.
    """
    from gate.desk.server import identity_of
    from gate.registry import config_of
    from gate.runtime.clock import SystemClock
    from gate.settings.load import load_settings

    settings = load_settings(config_file(file or context.obj), config_of)
    identity = identity_of(settings, SystemClock())
    if identity is None:
        raise ConfigError("the desk has no certificate", hint='Write tls = "self" under [desk], or cert and key')
    click.echo(identity.fingerprint())


def _serve(file: Path) -> None:
    wipe_freed_memory()
    from gate.registry import config_of
    from gate.runtime.clock import SystemClock
    from gate.runtime.notify import Notifier
    from gate.settings.load import load_settings

    settings, notifier, log = load_settings(file, config_of), Notifier(), Log(part="desk")
    if settings.desk.listen is None:
        notifier.ready()
        log.info("there is no [desk] listen: nothing is served")
        return
    try:
        from gate.desk.server import quiet_signals, serve_desk
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the desk needs package {error.name}",
            hint="Install the gate `--with desk`: `sudo sh ashyq-gate.bundle --with desk`",
        ) from error

    def started(address: str) -> None:
        notifier.ready()
        log.info("the desk is ready", url=address)

    with quiet_signals():
        serve_desk(settings, file, SystemClock(), started)
    notifier.stopping()
