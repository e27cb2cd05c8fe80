"""`gate lane`: orders of staff to a running lane."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import click

from gate.cli.where import run_directory, state_options
from gate.control.client import send_request
from gate.control.requests import (
    AdmitRequest,
    ExtendRequest,
    InsideRequest,
    ModeRequest,
    Request,
    ResetRequest,
    StatusRequest,
    is_name,
)
from gate.core.lane.modes import Mode
from gate.core.model import MOST_INSIDE, Direction
from gate.errors import UsageError

_STATES = click.Choice(["on", "off"])


@click.group()
def lane() -> None:
    """Send an order of staff to a running lane.

    An order holds until staff withdraw it, over a restart too.  The first of these that is on prevails: fire,
    lockdown, out of service, maintenance, free, the schedule.  The exit button works in every mode.
    """


def _order_command(name: str) -> Callable[[Callable[..., Request]], click.Command]:
    """Return a decorator for a command that sends its request to the lane, and shows the answer."""

    def command(request: Callable[..., Request]) -> click.Command:
        @lane.command(name)
        @state_options
        @click.option(
            "--by", metavar="NAME", help="Name of the person who orders it, for the journal, beside the account."
        )
        @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
        @wraps(request)
        def send(config: Path | None, state_dir: Path | None, by: str | None, as_json: bool, **arguments: Any) -> None:
            answer = send_request(run_directory(config, state_dir), _signed(request(**arguments), by))
            click.echo(json.dumps(answer) if as_json else _row(answer))

        return send

    return command


@_order_command("status")
def status() -> Request:
    """Show the state of the lane.

    With the number of people inside."""
    return StatusRequest()


@_order_command("lockdown")
@click.argument("state", type=_STATES)
def lockdown(state: str) -> Request:
    """Refuse every entry; people may leave."""
    return ModeRequest(mode=Mode.LOCKED_DOWN, on=state == "on")


@_order_command("out-of-service")
@click.argument("state", type=_STATES)
def out_of_service(state: str) -> Request:
    """Refuse every pass."""
    return ModeRequest(mode=Mode.OUT_OF_SERVICE, on=state == "on")


@_order_command("maintenance")
@click.argument("state", type=_STATES)
def maintenance(state: str) -> Request:
    """Refuse every pass, without alarms.

    `admit` tries the barrier."""
    return ModeRequest(mode=Mode.MAINTENANCE, on=state == "on")


@_order_command("free")
@click.argument("state", type=_STATES)
def free(state: str) -> Request:
    """Hold the barrier open."""
    return ModeRequest(mode=Mode.FREE, on=state == "on")


@_order_command("extend")
def extend() -> Request:
    """Give the present or next person more time."""
    return ExtendRequest()


@_order_command("admit")
@click.argument("direction", type=click.Choice([way.value for way in Direction]), default=Direction.ENTRY.value)
def admit(direction: str) -> Request:
    """Let one person through; staff checked them."""
    return AdmitRequest(direction=Direction(direction))


@_order_command("reset")
def reset() -> Request:
    """Reset alarms, that of fire after its end."""
    return ResetRequest()


@_order_command("inside")
@click.argument("count", type=click.IntRange(0, MOST_INSIDE))
def inside(count: int) -> Request:
    """Set the number of people inside.

    0 also clears who they are."""
    return InsideRequest(count=count)


def _signed(request: Request, by: str | None) -> Request:
    """Return the request with the name of its author; under sudo, the account that called sudo.  Raises UsageError
    for an invalid name."""
    by = by or os.environ.get("SUDO_USER") or None
    if by is not None and not is_name(by):
        raise UsageError("--by is no name", hint="Give 1 to 64 characters, in one line")
    return replace(request, by=by)


def _row(answer: dict[str, Any]) -> str:
    words = [f"phase {answer['phase']}", f"mode {answer['mode']}"]
    words += [f"{key} {', '.join(answer[key])}" for key in ("orders", "alarms", "missing", "contacts") if answer[key]]
    words += [f"{key} {answer[key]}" for key in ("reason", "door", "inside") if answer.get(key) is not None]
    problems = [f"\n{name}: {problem}" for name, problem in answer["problems"].items()]
    return "; ".join(words) + "".join(problems)
