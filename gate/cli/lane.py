"""`gate lane`: orders of staff to a running lane."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import click

from gate.cli.moments import Moments
from gate.cli.where import run_directory, state_options
from gate.control.client import send_request
from gate.control.requests import (
    AdmitRequest,
    ExtendRequest,
    GiveBackRequest,
    InsideRequest,
    ModeRequest,
    Request,
    ResetRequest,
    StatusRequest,
    is_name,
)
from gate.core.lane.modes import Mode
from gate.core.model import MOST_INSIDE, Direction
from gate.core.staff_cause import LONGEST_NOTE, StaffCause
from gate.errors import UsageError

_STATES = click.Choice(["on", "off"])


@click.group()
def lane() -> None:
    """Send an order of staff to a running lane.

    An order holds until its end, or until staff withdraw it, over a restart too.  The first of these that is on
    prevails: fire, lockdown, out of service, maintenance, free, the schedule.  The exit button works in every mode.
    """


def _order_command(name: str, *, ends: bool = False) -> Callable[[Callable[..., Request]], click.Command]:
    """Return a decorator for a command that sends its request to the lane, and shows the answer.  `ends`: the order
    may have an end."""

    def command(request: Callable[..., Request]) -> click.Command:
        @state_options
        @click.option(
            "--by", metavar="NAME", help="Name of the person who orders it, for the journal, beside the account."
        )
        @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
        @wraps(request)
        def send(
            config: Path | None,
            state_dir: Path | None,
            by: str | None,
            as_json: bool,
            until: str | None = None,
            **arguments: Any,
        ) -> None:
            folder, order = run_directory(config, state_dir), _signed(request(**arguments), by)
            if until is not None and isinstance(order, ModeRequest):
                order = replace(order, until=_end(folder, order, until))
            answer = send_request(folder, order)
            click.echo(json.dumps(answer) if as_json else _row(answer))

        if ends:
            text = 'The order ends by itself then: "15:00", "90m" from now, "2026-11-27 18:00".'
            send = click.option("--until", metavar="TIME", help=text)(send)
        return lane.command(name)(send)

    return command


def _end(folder: Path, order: ModeRequest, text: str) -> float:
    """Return the end of an order, Unix s, by the lane's own time and the venue's time zone.  Raises UsageError."""
    if not order.on:
        raise UsageError("--until belongs to an order that is given", hint="Write `on`, or leave --until out")
    status = send_request(folder, StatusRequest(by=order.by))
    return Moments.of(status["timezone"]).ahead(text, status["at"])


@_order_command("status")
def status() -> Request:
    """Show the state of the lane.

    With the number of people inside."""
    return StatusRequest()


@_order_command("lockdown", ends=True)
@click.argument("state", type=_STATES)
def lockdown(state: str) -> Request:
    """Refuse every entry; people may leave."""
    return ModeRequest(mode=Mode.LOCKED_DOWN, on=state == "on")


@_order_command("out-of-service", ends=True)
@click.argument("state", type=_STATES)
def out_of_service(state: str) -> Request:
    """Refuse every pass."""
    return ModeRequest(mode=Mode.OUT_OF_SERVICE, on=state == "on")


@_order_command("maintenance", ends=True)
@click.argument("state", type=_STATES)
def maintenance(state: str) -> Request:
    """Refuse every pass, without alarms.

    `admit` tries the barrier."""
    return ModeRequest(mode=Mode.MAINTENANCE, on=state == "on")


@_order_command("free", ends=True)
@click.argument("state", type=_STATES)
def free(state: str) -> Request:
    """Hold the barrier open."""
    return ModeRequest(mode=Mode.FREE, on=state == "on")


@_order_command("extend")
@click.argument("state", type=_STATES, default="on")
def extend(state: str) -> Request:
    """Give the present or next person more time.

    It is for a person who comes within a minute; `off` takes it back."""
    return ExtendRequest(on=state == "on")


@_order_command("admit")
@click.argument("direction", type=click.Choice([way.value for way in Direction]), default=Direction.ENTRY.value)
@click.option("--reason", type=click.Choice([cause.value for cause in StaffCause]), help="Why, for the journal.")
@click.option("--note", metavar="TEXT", help=f"In words, up to {LONGEST_NOTE} characters; no number of a person.")
def admit(direction: str, reason: str | None, note: str | None) -> Request:
    """Let one person through; staff checked them."""
    try:
        cause = None if reason is None else StaffCause(reason)
        return AdmitRequest(direction=Direction(direction), why=cause, note=note)
    except ValueError as error:
        raise UsageError(str(error).replace("`note`", "--note"), hint="Shorten it, or leave it out") from None


@_order_command("give-back")
def give_back() -> Request:
    """Give back the use of the last person.

    They did not go through, and may use their code again; for ten minutes."""
    return GiveBackRequest()


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


_LOOPS = {
    "open": "fire loop open",
    "closed": "fire loop closed: `gate lane reset` ends the alarm",
    "lost": "fire contact lost: call the technician",
}
_LACKS = {"read": "no code can be read, staff may admit", "open": "the barrier cannot be driven, use the key"}


def _row(answer: dict[str, Any]) -> str:
    """Return an answer as a line, and one for each problem.  An older lane's has fewer keys."""
    words = [f"phase {answer['phase']}", f"mode {answer['mode']}"]
    if answer["orders"]:
        words.append(f"orders {', '.join(_order(answer, name) for name in answer['orders'])}")
    words += [f"{key} {', '.join(answer[key])}" for key in ("alarms", "missing", "contacts") if answer[key]]
    words += [_LACKS[word] for word in answer.get("cannot", ()) if word in _LACKS]
    words += [_LOOPS[loop] for loop in (answer.get("fire"),) if loop in _LOOPS]
    if answer.get("extended"):
        words.append("more time for the next person")
    words += [f"{key} {answer[key]}" for key in ("reason", "door", "inside") if answer.get(key) is not None]
    problems = [f"\n{name}: {problem}" for name, problem in answer["problems"].items()]
    return "; ".join(words) + "".join(problems)


def _order(answer: dict[str, Any], name: str) -> str:
    """Return an order with its end and its author."""
    end, author = answer.get("until", {}).get(name), answer.get("given_by", {}).get(name)
    until = f" until {Moments.of(answer.get('timezone')).show(end)}" if end is not None else ""
    return f"{name}{until}{f' ({author})' if author else ''}"
