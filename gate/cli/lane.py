"""`gate lane`: what staff tell a running lane."""

import json
from pathlib import Path
from typing import Any

import click

from gate.core.model import Direction
from gate.lane.control import ask
from gate.registry import config_of
from gate.settings.load import load_settings

_STATES = click.Choice(["on", "off"])


@click.group()
@click.option("--config", "file", required=True, type=click.Path(path_type=Path), help="The device's gate.toml.")
@click.option("--json", "as_json", is_flag=True, help="The answer as one JSON object.")
@click.pass_context
def lane(context: click.Context, file: Path, as_json: bool) -> None:
    """Tell a running lane what staff decided.

    Orders stand until they are taken back, over a restart too; the strongest holds: fire, lockdown, out of
    service, maintenance, free, then the schedule.  Leaving by the exit button works in all of them.
    """
    state_dir = load_settings(file, config_of).device.state_dir

    def tell(**request: Any) -> None:
        answer = ask(state_dir, request)
        click.echo(json.dumps(answer) if as_json else _row(answer))

    context.obj = tell


@lane.command()
@click.pass_obj
def status(tell: Any) -> None:
    """Show phase, mode, orders, alarms, lost devices and how many are inside."""
    tell(do="status")


@lane.command()
@click.argument("state", type=_STATES)
@click.pass_obj
def lockdown(tell: Any, state: str) -> None:
    """Let nobody in; people may leave."""
    tell(do="order", mode="locked_down", on=state == "on")


@lane.command("out-of-service")
@click.argument("state", type=_STATES)
@click.pass_obj
def out_of_service(tell: Any, state: str) -> None:
    """Serve nobody."""
    tell(do="order", mode="out_of_service", on=state == "on")


@lane.command()
@click.argument("state", type=_STATES)
@click.pass_obj
def maintenance(tell: Any, state: str) -> None:
    """Serve nobody, raise no alarm, and let `gate lane admit` try the barrier."""
    tell(do="order", mode="maintenance", on=state == "on")


@lane.command()
@click.argument("state", type=_STATES)
@click.pass_obj
def free(tell: Any, state: str) -> None:
    """Let the barrier stand open."""
    tell(do="order", mode="free", on=state == "on")


@lane.command()
@click.pass_obj
def extend(tell: Any) -> None:
    """Give the person at the lane, or the next one, more time."""
    tell(do="extend")


@lane.command()
@click.argument("direction", type=click.Choice([way.value for way in Direction]), default=Direction.ENTRY.value)
@click.pass_obj
def admit(tell: Any, direction: str) -> None:
    """Let one person through, whom staff have checked."""
    tell(do="admit", direction=direction)


@lane.command()
@click.pass_obj
def reset(tell: Any) -> None:
    """Reset a fire alarm that is over, and the alarms of door and lock."""
    tell(do="reset")


@lane.command()
@click.argument("count", type=click.IntRange(min=0))
@click.pass_obj
def inside(tell: Any, count: int) -> None:
    """Correct how many people are inside; 0 forgets who, too."""
    tell(do="inside", count=count)


def _row(answer: dict[str, Any]) -> str:
    words = [f"phase {answer['phase']}", f"mode {answer['mode']}"]
    words += [f"{key} {', '.join(answer[key])}" for key in ("orders", "alarms", "missing") if answer[key]]
    words += [f"{key} {answer[key]}" for key in ("reason", "door", "inside") if answer.get(key) is not None]
    return "; ".join(words)
