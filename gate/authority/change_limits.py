"""Checks how many people are new, or change status, at once.

A large number usually means a faulty table.  Ids in another format make new people of known ones, and the
known ones keep their old status.  So the person who imports or publishes must confirm it.
"""

from dataclasses import dataclass

from gate.errors import UnmeantError

SHARE = 0.1  # of the people known before
LEAST = 20  # people: a small venue grows in steps
FEW = 5  # known people from which a table that names none of them is checked, whatever its size


@dataclass(frozen=True, slots=True)
class Crowd:
    """The changes of one import or publication."""

    known: int  # people with a status before
    new: int
    changed: int  # known people whose colour changes, or who are revoked
    named: int | None = None  # known people that the table names; None: it names places

    def check(self, command: str) -> None:
        """Raise UnmeantError for a change that needs confirmation.  `command`: the command to repeat with --grow."""
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
            hint=f"Check that ids and statuses are written as before; if it is right, {command} with --grow",
        )

    def _is_crowd(self, count: int) -> bool:
        return self.known > 0 and count >= LEAST and count > SHARE * self.known
