"""`gate`: one command, whose subcommands are loaded on demand.

Errors go to stderr as one line that says what to do.  Exit 0 good, 1 failed, 2 usage, 78 configuration.
"""

import errno
import importlib
import os
import sys
from types import ModuleType

import click

from gate import logs
from gate.errors import GateError

_COMMANDS = {  # name -> module of the click command of that name, and its text in --help
    "demo": ("gate.cli.demo", "Run a gate with simulated people, camera and turnstile on this machine."),
    "run": ("gate.cli.run", "Run the lane daemon: read codes, decide, record, open."),
    "lane": ("gate.cli.lane", "Send an order of staff to a running lane."),
    "sync": ("gate.cli.sync", "Run the sync daemon: fetch the lists and keep them current."),
    "verify": ("gate.cli.verify", "Check a pass and show the decision and its reason; change nothing."),
    "read": ("gate.cli.read", "Read the QR codes in pictures."),
    "config": ("gate.cli.config", "Check, show and create configuration files."),
    "list": ("gate.cli.list", "Show and load the lists that the gate holds."),
    "clock": ("gate.cli.clock", "Show the trusted time, and correct it."),
    "journal": ("gate.cli.journal", "Show, verify and export the journal."),
    "authority": ("gate.cli.authority", "Manage the issuing side: keys, passes, statuses, publication."),
    "install": ("gate.cli.install", "Let this device's services run the gate that this command belongs to."),
    "release": ("gate.cli.release", "Show, try and remove releases of the gate on this device."),
    "backup": ("gate.cli.backup", "Write what another device needs to take the place of this one."),
    "restore": ("gate.cli.restore", "Take the place of the device that a backup was made of."),
    "doctor": ("gate.cli.doctor", "Test this device, and show what to repair."),
    "safe-outputs": ("gate.cli.safe_outputs", "Lock every output of a lane that was killed."),
    "lane-sim": ("gate.cli.lane_sim", "Simulate a turnstile on a pseudo-terminal, for demos and tests."),
    "drivers": ("gate.cli.drivers", "Show the installed drivers, and what each needs."),
    "provision": ("gate.cli.provision", "Set a device up from one file on its card."),
    "setup": ("gate.cli.setup", "Ask what is attached at this door, and write its configuration."),
}

_TIMED = ("run", "safe-outputs")  # commands that systemd gives a limited time

_EXHAUSTED = frozenset(  # errors of a computer that lacks something, wherever they are met; others are defects
    (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EAGAIN)
)
_LOOK = "Look at open files, memory and disk of this computer: `gate doctor`"


class _Lazy(click.Group):
    """The group of subcommands.  `gate run` must not pay for the imports of `gate demo`."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = _load(cmd_name)
        command = getattr(module, "list_" if cmd_name == "list" else cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)  # noqa: S101 - guaranteed by the table above
        return command

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])


def _load(name: str) -> ModuleType:
    if name not in _TIMED:
        return importlib.import_module(_COMMANDS[name][0])
    from gate.runtime.notify import imports_reported  # no other command pays for it

    with imports_reported():
        return importlib.import_module(_COMMANDS[name][0])


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="ashyq-gate", prog_name="gate")
def gate() -> None:
    """Ashyq Gate: a signed status pass in a QR code, an opened turnstile, with no network.

    \b
    Try it:          gate demo
    Start a device:  gate config init --venue fitness > gate.toml
                     gate config check gate.toml
                     gate run --config gate.toml
    """


def main() -> None:
    """Run `gate`; report an error on stderr, and exit with its code."""
    logs.set_up_child()
    try:
        gate(standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.UsageError as error:
        _report(f"{error.format_message()} (see `{error.ctx.command_path if error.ctx else 'gate'} --help`)")
        sys.exit(2)
    except click.ClickException as error:
        _report(error.format_message())
        sys.exit(error.exit_code)
    except GateError as error:
        _report(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:  # `gate journal tail | head`: not an error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (OSError, MemoryError) as error:
        problem = _problem(error)
        if problem is None:
            raise
        _report(problem)
        sys.exit(1)


def _problem(error: OSError | MemoryError) -> str | None:
    """Return what this computer lacks or refuses, and what to do; None for a defect."""
    if isinstance(error, MemoryError):
        return f"there is not enough memory. {_LOOK}"
    if isinstance(error, PermissionError):
        hint = "The files' owner may not read or write here: see the rights of the folders above"
    elif error.errno in _EXHAUSTED:
        hint = _LOOK
    else:
        return None
    what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"{what}. {hint}"


def _report(text: str) -> None:
    if not logs.report(text):
        click.echo(f"gate: {text}", err=True)
