"""`gate lane`: orders of staff to a running lane."""

import json
import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from gate.cli.where import run_directory, state_options
from gate.core.lane.modes import Mode
from gate.core.model import Direction
from gate.errors import UsageError
from gate.lane.orders import (
    AdmitRequest,
    ExtendRequest,
    InsideRequest,
    ModeRequest,
    Request,
    ResetRequest,
    StatusRequest,
    ask,
)
from gate.store.occupancy import MOST_INSIDE

_STATES = click.Choice(["on", "off"])


@click.group()
def lane() -> None:
    """Tell a running lane what staff decided.

    Orders stand until they are taken back, over a restart too; the strongest holds: fire, lockdown, out of
    service, maintenance, free, then the schedule.  Leaving by the exit button works in all of them.
    """


def _telling(name: str) -> Callable[[Callable[..., Request]], click.Command]:
    """Return a decorator for a command that sends its request to the lane, and shows the answer."""

    def command(request: Callable[..., Request]) -> click.Command:
        @lane.command(name)
        @state_options
        @click.option("--by", metavar="NAME", help="Who orders it, for the journal; the account is recorded anyway.")
        @click.option("--json", "as_json", is_flag=True, help="The answer as one JSON object.")
        @wraps(request)
        def tell(config: Path | None, state_dir: Path | None, by: str | None, as_json: bool, **arguments: Any) -> None:
            answer = ask(run_directory(config, state_dir), _signed(request(**arguments), by))
            click.echo(json.dumps(answer) if as_json else _row(answer))

        return tell

    return command


@_telling("status")
def status() -> Request:
    """Show how the lane stands, and how many are inside."""
    return StatusRequest()


@_telling("lockdown")
@click.argument("state", type=_STATES)
def lockdown(state: str) -> Request:
    """Let nobody in; people may leave."""
    return ModeRequest(mode=Mode.LOCKED_DOWN, on=state == "on")


@_telling("out-of-service")
@click.argument("state", type=_STATES)
def out_of_service(state: str) -> Request:
    """Serve nobody."""
    return ModeRequest(mode=Mode.OUT_OF_SERVICE, on=state == "on")


@_telling("maintenance")
@click.argument("state", type=_STATES)
def maintenance(state: str) -> Request:
    """Serve nobody, raise no alarm; `admit` tries the barrier."""
    return ModeRequest(mode=Mode.MAINTENANCE, on=state == "on")


@_telling("free")
@click.argument("state", type=_STATES)
def free(state: str) -> Request:
    """Let the barrier stand open."""
    return ModeRequest(mode=Mode.FREE, on=state == "on")


@_telling("extend")
def extend() -> Request:
    """Give the person at the lane, or the next one, more time."""
    return ExtendRequest()


@_telling("admit")
@click.argument("direction", type=click.Choice([way.value for way in Direction]), default=Direction.ENTRY.value)
def admit(direction: str) -> Request:
    """Let one person through, whom staff have checked."""
    return AdmitRequest(direction=Direction(direction))


@_telling("reset")
def reset() -> Request:
    """Reset a fire alarm that is over, and other alarms."""
    return ResetRequest()


@_telling("inside")
@click.argument("count", type=click.IntRange(0, MOST_INSIDE))
def inside(count: int) -> Request:
    """Correct how many people are inside; 0 forgets who, too."""
    return InsideRequest(count=count)


def _signed(request: Request, by: str | None) -> Request:
    """Return the request with the name of its author; under sudo, the account that called sudo.  Raises UsageError
    for an invalid name."""
    by = by or os.environ.get("SUDO_USER") or None
    try:
        return type(request).model_validate({**request.model_dump(), "by": by})
    except ValidationError as error:
        raise UsageError("--by is no name", hint="Give 1 to 64 characters, in one line") from error


def _row(answer: dict[str, Any]) -> str:
    words = [f"phase {answer['phase']}", f"mode {answer['mode']}"]
    words += [f"{key} {', '.join(answer[key])}" for key in ("orders", "alarms", "missing", "contacts") if answer[key]]
    words += [f"{key} {answer[key]}" for key in ("reason", "door", "inside") if answer.get(key) is not None]
    problems = [f"\n{name}: {problem}" for name, problem in answer["problems"].items()]
    return "; ".join(words) + "".join(problems)
