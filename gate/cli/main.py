"""`gate`: one command, whose subcommands are loaded on demand.

Errors go to stderr as one line that says what to do.  Exit 0 good, 1 failed, 2 usage, 78 configuration.
"""

import codecs
import errno
import os
import sys
from io import TextIOWrapper
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from gate import logs
from gate.cli.lazy import LazyCommand, LazyGroup, import_module
from gate.errors import GateError

_TABLE = {
    "run": LazyCommand("gate.cli.run", "run", "Run the lane: read, decide, record, open."),
    "lane": LazyCommand("gate.cli.lane", "lane", "Send an order of staff to a running lane."),
    "desk": LazyCommand("gate.cli.desk", "desk", "Serve the pages of staff and technicians."),
    "sync": LazyCommand("gate.cli.sync", "sync", "Fetch the lists, and keep them current."),
    "doctor": LazyCommand("gate.cli.doctor", "doctor", "Test this device, and show what to repair."),
    "safe-outputs": LazyCommand("gate.cli.safe_outputs", "safe_outputs", "Lock the outputs of a lane that was killed."),
    "verify": LazyCommand("gate.cli.verify", "verify", "Show the decision on a pass; change nothing."),
    "read": LazyCommand("gate.cli.read", "read", "Read the QR codes in pictures."),
    "list": LazyCommand("gate.cli.list", "list_", "Show and load the lists that the gate holds."),
    "clock": LazyCommand("gate.cli.clock", "clock", "Show the trusted time, and correct it."),
    "journal": LazyCommand("gate.cli.journal", "journal", "Show, verify and export the journal."),
    "report": LazyCommand("gate.cli.report", "report", "Show who came, who was refused and why."),
    "drivers": LazyCommand("gate.cli.drivers", "drivers", "Show the drivers, and what each needs."),
    "config": LazyCommand("gate.cli.config", "config", "Check, show and create configuration files."),
    "setup": LazyCommand("gate.cli.setup", "setup", "Ask what is attached; write a configuration."),
    "authority": LazyCommand("gate.cli.authority", "authority", "Issue passes and statuses, and publish them."),
    "install": LazyCommand("gate.cli.install", "install", "Let this device's services run this gate."),
    "provision": LazyCommand("gate.cli.provision", "provision", "Set a device up from one file on its card."),
    "release": LazyCommand("gate.cli.release", "release", "Show, try and remove releases of the gate."),
    "backup": LazyCommand("gate.cli.backup", "backup", "Write what another device needs to take over."),
    "restore": LazyCommand("gate.cli.restore", "restore", "Take over from the device of a backup."),
    "demo": LazyCommand("gate.cli.demo", "demo", "Run a gate with simulated people at a camera."),
    "try": LazyCommand("gate.cli.trial", "try_", "Make a whole gate in a folder, to try it."),
    "lane-sim": LazyCommand("gate.cli.lane_sim", "lane_sim", "Simulate a turnstile, for trials and tests."),
}
_SECTIONS = {
    "The door": ("run", "lane", "desk", "sync", "doctor", "safe-outputs"),
    "Ask": ("verify", "read", "list", "clock", "journal", "report", "drivers"),
    "Set up": ("config", "setup", "authority", "install", "provision", "release", "backup", "restore"),
    "Play": ("demo", "try", "lane-sim"),
}
_TIMED = ("gate.cli.run", "gate.cli.safe_outputs")  # commands that systemd gives a limited time

_EXHAUSTED = frozenset(  # errors of a computer that lacks something, wherever they are met; others are defects
    (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EAGAIN)
)
_LOOK = "Look at open files, memory and disk of this computer: `gate doctor`"


def _load(command: LazyCommand) -> Any:
    if command.module not in _TIMED:
        return import_module(command)
    from gate.runtime.notify import imports_reported  # no other command pays for it

    with imports_reported():
        return import_module(command)


@click.command(
    cls=LazyGroup,
    table=_TABLE,
    sections=_SECTIONS,
    load=_load,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name="ashyq-gate", prog_name="gate")
def gate() -> None:
    """Ashyq Gate: a signed status pass in a QR code, an opened turnstile, with no network.

    \b
    Watch it:        gate demo
    Try it:          gate try trial --venue fitness
    Start a device:  gate config init --venue fitness --output gate.toml
                     gate config check gate.toml
                     gate run --config gate.toml

    The configuration is that of --config, else that of the variable GATE_CONFIG, else /etc/gate/gate.toml.

    Exit 0: good.  1: the answer is no, or it failed.  2: called wrongly.  78: a wrong configuration.

    Completion in bash, with Tab: `eval "$(_GATE_COMPLETE=bash_source gate)"`
    """


def main() -> None:
    """Run `gate`; report an error on stderr, and exit with its code."""
    _show_any_character()
    logs.set_up_child()
    try:
        gate(standalone_mode=False, prog_name="gate")  # of `python -m gate`, too
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.Abort:
        sys.exit(130)
    except NoArgsIsHelpError as error:
        is_whole = error.ctx.parent is None
        click.echo(error.format_message(), err=not is_whole)
        sys.exit(0 if is_whole else 2)
    except click.UsageError as error:
        from gate.cli.usage import explain  # difflib, for mistakes only

        _report(explain(error))
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


def _show_any_character() -> None:
    """Write UTF-8 where the locale knows ASCII only, as click does; where it has another encoding, write "?" for what
    that lacks, and end in no traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower() not in ("utf-8", "utf8"):
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding="utf-8" if is_ascii else None, errors="replace")


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
