"""Weighs how many people are new, or get another status, at once.

Many at once are usually the table's fault: ids in another form make new people of those who are known, and the
known ones keep the status of yesterday.  So a crowd must be meant by the person who imports and publishes.
"""

from dataclasses import dataclass

from gate.errors import UnmeantError

SHARE = 0.1  # of the people known before
LEAST = 20  # people: a small venue grows by leaps
FEW = 5  # people known before, from which on a table that names none of them is weighed, however small it is


@dataclass(frozen=True, slots=True)
class Crowd:
    """What one import or publication changes."""

    known: int  # people with a status before
    new: int
    changed: int  # known people who get another colour, or are revoked
    named: int | None = None  # known people that the table names; None: it names places

    def check(self, command: str) -> None:
        """Raise UnmeantError for more than must be meant.  `command`: what is called again with --grow."""
        if self._is_crowd(self.new):
            what = f"{self.new} people would be new beside {self.known} who are known"
        elif self.named == 0 and self.known >= FEW and 2 * self.new >= self.known:
            what = f"{self.new} people would be new, and none of the {self.known} who are known is named"
        elif self._is_crowd(self.changed):
            what = f"{self.changed} of {self.known} people would get another status"
        else:
            return
        raise UnmeantError(
            f"{what}: nothing was changed",
            hint=f"Look whether ids and statuses are written as before; if it is meant, {command} with --grow",
        )

    def _is_crowd(self, count: int) -> bool:
        return self.known > 0 and count >= LEAST and count > SHARE * self.known
