"""The standing orders of staff, and a fire alarm that is latched."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gate.core.lane.modes import Mode
from gate.core.lane.terms import OrderTerms

_FIRE = "fire"
_ORDER = "order "


@dataclass(frozen=True, slots=True)
class StandingOrders:
    """The standing orders, and whether a fire alarm is latched.  `terms`: of those orders whose terms are known."""

    orders: frozenset[Mode] = frozenset()
    fire: bool = False
    terms: Mapping[Mode, OrderTerms] = field(default_factory=dict)

    def locked_down(self) -> "StandingOrders":
        """Return the orders with a lockdown that only staff end."""
        terms = dict(self.terms)
        terms.pop(Mode.LOCKED_DOWN, None)
        return replace(self, orders=self.orders | {Mode.LOCKED_DOWN}, terms=terms)

    def over(self, earlier: "StandingOrders") -> "StandingOrders":
        """Return these orders and the earlier ones; the terms of these prevail.  The alarm is that of the earlier."""
        terms = {mode: one for mode, one in earlier.terms.items() if mode not in self.orders}
        return StandingOrders(self.orders | earlier.orders, earlier.fire, {**terms, **self.terms})


def read_standing(connection: sqlite3.Connection) -> StandingOrders:
    """Read the standing orders."""
    names = {row[0] for row in connection.execute("SELECT name FROM standing")}
    orders = frozenset(mode for mode in Mode if f"{_ORDER}{mode}" in names)
    rows = connection.execute("SELECT mode, actor, since, until FROM standing_terms")
    terms = {Mode(mode): OrderTerms(*values) for mode, *values in rows if mode in orders}
    return StandingOrders(orders, _FIRE in names, terms)


def write_standing(connection: sqlite3.Connection, standing: StandingOrders) -> None:
    """Store the standing orders, inside the caller's write transaction."""
    connection.execute("DELETE FROM standing WHERE name = ? OR name LIKE ?", (_FIRE, f"{_ORDER}%"))
    names = [*(f"{_ORDER}{mode}" for mode in standing.orders), *([_FIRE] if standing.fire else [])]
    connection.executemany("INSERT INTO standing VALUES (?, 1)", [(name,) for name in names])
    connection.execute("DELETE FROM standing_terms")
    terms = [(mode.value, one.by, one.since, one.until) for mode, one in standing.terms.items()]
    connection.executemany("INSERT INTO standing_terms VALUES (?, ?, ?, ?)", terms)
