"""`gate lane`: what staff tell a running lane."""

import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from gate.cli.where import state_directory, state_options
from gate.core.model import Direction
from gate.lane.control import ask

Request = dict[str, Any]

_STATES = click.Choice(["on", "off"])


@click.group()
def lane() -> None:
    """Tell a running lane what staff decided.

    Orders stand until they are taken back, over a restart too; the strongest holds: fire, lockdown, out of
    service, maintenance, free, then the schedule.  Leaving by the exit button works in all of them.
    """


def _telling(name: str) -> Callable[[Callable[..., Request]], click.Command]:
    """A command that puts the request it makes to the lane, and shows the answer."""

    def command(request: Callable[..., Request]) -> click.Command:
        @lane.command(name)
        @state_options
        @click.option("--json", "as_json", is_flag=True, help="The answer as one JSON object.")
        @wraps(request)
        def tell(config: Path | None, state_dir: Path | None, as_json: bool, **arguments: Any) -> None:
            answer = ask(state_directory(config, state_dir), request(**arguments))
            click.echo(json.dumps(answer) if as_json else _row(answer))

        return tell

    return command


@_telling("status")
def status() -> Request:
    """Show how the lane stands, and how many are inside."""
    return {"do": "status"}


@_telling("lockdown")
@click.argument("state", type=_STATES)
def lockdown(state: str) -> Request:
    """Let nobody in; people may leave."""
    return {"do": "order", "mode": "locked_down", "on": state == "on"}


@_telling("out-of-service")
@click.argument("state", type=_STATES)
def out_of_service(state: str) -> Request:
    """Serve nobody."""
    return {"do": "order", "mode": "out_of_service", "on": state == "on"}


@_telling("maintenance")
@click.argument("state", type=_STATES)
def maintenance(state: str) -> Request:
    """Serve nobody, raise no alarm; `admit` tries the barrier."""
    return {"do": "order", "mode": "maintenance", "on": state == "on"}


@_telling("free")
@click.argument("state", type=_STATES)
def free(state: str) -> Request:
    """Let the barrier stand open."""
    return {"do": "order", "mode": "free", "on": state == "on"}


@_telling("extend")
def extend() -> Request:
    """Give the person at the lane, or the next one, more time."""
    return {"do": "extend"}


@_telling("admit")
@click.argument("direction", type=click.Choice([way.value for way in Direction]), default=Direction.ENTRY.value)
def admit(direction: str) -> Request:
    """Let one person through, whom staff have checked."""
    return {"do": "admit", "direction": direction}


@_telling("reset")
def reset() -> Request:
    """Reset a fire alarm that is over, and other alarms."""
    return {"do": "reset"}


@_telling("inside")
@click.argument("count", type=click.IntRange(min=0))
def inside(count: int) -> Request:
    """Correct how many people are inside; 0 forgets who, too."""
    return {"do": "inside", "count": count}


def _row(answer: dict[str, Any]) -> str:
    words = [f"phase {answer['phase']}", f"mode {answer['mode']}"]
    words += [f"{key} {', '.join(answer[key])}" for key in ("orders", "alarms", "missing") if answer[key]]
    words += [f"{key} {answer[key]}" for key in ("reason", "door", "inside") if answer.get(key) is not None]
    return "; ".join(words)
