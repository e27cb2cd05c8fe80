"""`gate safe-outputs`: what systemd runs after the lane has ended, however it ended."""

import asyncio
import sys
from pathlib import Path

import click

from gate.errors import DeviceError
from gate.registry import config_of
from gate.settings.load import load_settings
from gate.wiring import Fitted, fit

WITHIN = 4.0  # seconds for one device
TRIES, BETWEEN = 5, 0.3  # how often, with so many seconds between: a line may still be let go, a board be busy


@click.command()
@click.option("--config", "file", required=True, type=click.Path(path_type=Path), help="The device's gate.toml.")
def safe_outputs(file: Path) -> None:
    """Lock the barrier and darken the lamps, whatever a lane that was killed left them at.

    Every driver makes its device safe when it is opened and when it is closed: each is opened and closed
    once, and again if that failed.  A lane that runs holds its devices, and they are left to it.  Exit 1 when
    one could not be had.
    """
    devices = fit(load_settings(file, config_of))
    outputs = [*([devices.barrier] if devices.barrier else []), *devices.feedback]
    problems = asyncio.run(make_safe(outputs))
    for problem in problems:
        click.echo(f"gate: {problem}", err=True)
    sys.exit(1 if problems else 0)


async def make_safe(outputs: list[Fitted]) -> list[str]:
    """All at once, for a door cannot wait for a lamp.  What went wrong, one line each."""
    results = await asyncio.gather(*(_open_and_close(fitted) for fitted in outputs))
    return [problem for problem in results if problem]


async def _open_and_close(fitted: Fitted) -> str:
    problem = f"{fitted.name}: no answer within {WITHIN:.0f} s. Look at the door, and cut the power of its lock"
    try:
        async with asyncio.timeout(WITHIN):
            for _ in range(TRIES):
                try:
                    async with fitted.spec.open(fitted.config):
                        return ""
                except DeviceError as error:
                    problem = f"{fitted.name}: {error}"
                await asyncio.sleep(BETWEEN)
    except TimeoutError:
        return problem
    except Exception as error:  # noqa: BLE001 - a defect in a lamp's driver must not keep the door from its lock
        return f"{fitted.name}: {error!r}. Look at the door, and cut the power of its lock"
    return problem
