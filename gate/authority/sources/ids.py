"""The ids of people that an import accepts.

Where an authority identifies people by IIN, any other id is an error, not a new person.  A spreadsheet that
drops a leading zero makes a second person, and the real one keeps the old status.
"""

from bisect import insort
from enum import StrEnum

from gate.authority.sources.problems import SHOWN, Problems
from gate.core.iin import damage, iin_fault, is_iin, looks_like_iin


class IdKind(StrEnum):
    """The kind of an authority's ids."""

    IIN = "iin"
    ANY = "any"  # any text that stays stable


class Ids:
    """The check of one import's ids.

    `kind` None: never declared.  Then the table decides: when most ids are IINs, or damaged IINs, the others are bad
    rows."""

    def __init__(self, kind: IdKind | None) -> None:
        self.kind = kind
        self._iins = 0
        self._alike = 0  # not IINs, but possibly damaged ones
        self._others = 0
        self._first: list[tuple[int, str]] = []  # of both, up to SHOWN

    @property
    def all_iins(self) -> bool:
        return self._iins > 0 and not self._alike + self._others

    def fault(self, row: int, person: str) -> str | None:
        """Check one id; return what is wrong with its row, if that is known by now."""
        if is_iin(person):
            self._iins += 1
            return None
        if self.kind is IdKind.IIN:
            return str(iin_fault(person))
        if harm := damage(person):
            return str(harm)
        if self.kind is None:
            self._note(row, person)
        return None

    def take_iins(self, count: int) -> None:
        """Count ids that a caller has recognised as IINs."""
        self._iins += count

    def take_others(self, rows: list[int], persons: list[bytes], count: int) -> None:
        """Count ids that a caller has recognised as undamaged, and not derived from an IIN.  `rows`, `persons`: the
        first of them, at most SHOWN."""
        self._others += count
        for row, person in zip(rows, persons, strict=True):
            self._keep(row, person.decode())

    def close(self, problems: Problems) -> None:
        """Report the bad rows that only the whole table reveals."""
        strange = self._alike + self._others
        if self.kind is None and strange and self._iins + self._alike > self._others:
            for row, what in self._first:
                problems.add(row, what)
            problems.count += strange - len(self._first)

    def _note(self, row: int, person: str) -> None:
        if looks_like_iin(person):
            self._alike += 1
        else:
            self._others += 1
        self._keep(row, person)

    def _keep(self, row: int, person: str) -> None:
        if len(self._first) < SHOWN or row < self._first[-1][0]:
            insort(self._first, (row, str(iin_fault(person))))
            del self._first[SHOWN:]
