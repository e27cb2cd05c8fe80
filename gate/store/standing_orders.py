"""The standing orders of staff, and a fire alarm that is latched."""

import sqlite3
from dataclasses import dataclass

from gate.core.lane.modes import Mode

_FIRE = "fire"
_ORDER = "order "


@dataclass(frozen=True, slots=True)
class StandingOrders:
    """The standing orders, and whether a fire alarm is latched."""

    orders: frozenset[Mode] = frozenset()
    fire: bool = False


def read_standing(connection: sqlite3.Connection) -> StandingOrders:
    """Read the standing orders."""
    names = {row[0] for row in connection.execute("SELECT name FROM standing")}
    return StandingOrders(frozenset(mode for mode in Mode if f"{_ORDER}{mode}" in names), _FIRE in names)


def write_standing(connection: sqlite3.Connection, standing: StandingOrders) -> None:
    """Store the standing orders, inside the caller's write transaction."""
    connection.execute("DELETE FROM standing WHERE name = ? OR name LIKE ?", (_FIRE, f"{_ORDER}%"))
    names = [*(f"{_ORDER}{mode}" for mode in standing.orders), *([_FIRE] if standing.fire else [])]
    connection.executemany("INSERT INTO standing VALUES (?, 1)", [(name,) for name in names])
