"""The starting files for kinds of venue, as they are shipped."""

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import gate

VENUES = ("airport", "cafe", "fitness", "station")


def venue_file(venue: str) -> str:
    """Return the starting file for a kind of venue."""
    return _shipped().joinpath("venues", f"{venue}.toml").read_text(encoding="utf-8")


def _shipped() -> Traversable:
    """Return the folder `config`: inside the installed package, or at the top of a checkout."""
    packed = resources.files(gate).joinpath("data", "config")
    if packed.is_dir():
        return packed
    return Path(gate.__file__).parents[1] / "config"
