"""Import of statuses from a table: all rows or none.

Memory grows with the number of places (a byte each, and temporarily some more), never with the number of rows.
"""

from dataclasses import dataclass

import numpy as np

from gate.authority.change_limits import Crowd
from gate.authority.matching import Waiting
from gate.authority.people import People
from gate.authority.sources.ids import Ids
from gate.authority.sources.problems import Problems
from gate.authority.sources.rows import Batch, PeopleSource
from gate.authority.statuses import Places, StatusTable, Values
from gate.core.model import Listing

UNTOUCHED = 255  # in `Change.values`: the import does not name this place


@dataclass(frozen=True, slots=True)
class Change:
    """The changes of one table: a `Listing` for every place it names, UNTOUCHED elsewhere."""

    values: Values
    rows: int
    new_people: int  # people who were given a place


def read(source: PeopleSource, *, statuses: StatusTable, people: People, ids: Ids, grow: bool) -> Change:
    """Read all of `source`.  New people get places behind those of `statuses`, which is not changed.  `grow` confirms
    that many people are new or change status.

    Raises BadRowsError, PublishError when the table cannot be read or needs confirmation, UsageError when new people
    exceed the list's limit, and StoreError; `people` is then unchanged."""
    problems, pending = Problems(source.called), _Pending()
    rows = new_people = 0
    with Waiting(people.folder) as waiting:
        by_person = False
        for batch in source.batches(statuses.limit, problems, ids):
            rows += batch.rows.size
            if batch.persons is None:
                pending.put_rows(batch, problems)
            else:
                by_person = True
                waiting.put(people.digests_of(batch.persons), batch.rows, batch.values)
        ids.close(problems)
        if not rows and not problems.count:
            problems.add(1, "there are no rows to import")
        if by_person:
            with people.adding(statuses.size, statuses.limit) as newcomers:
                for places, values in waiting.match(people, newcomers, problems):
                    pending.put(places, values)
                problems.raise_any()
                new_people = newcomers.count
                if not grow:
                    _weighed(pending.values, statuses, new_people, people.known).check("import")
    problems.raise_any()
    if not by_person and not grow:
        _weighed(pending.values, statuses).check("import")
    return Change(pending.values, rows, new_people)


def _weighed(values: Values, statuses: StatusTable, new_people: int = 0, known_people: int | None = None) -> Crowd:
    """Count the changes.  `new_people`, `known_people`: of a table that names people, not places."""
    before = statuses.first(values.size)
    assigned = values[: before.size]
    named = (assigned != UNTOUCHED) & (before != Listing.UNLISTED)
    changed = named & (assigned != before) & (assigned != Listing.UNLISTED)
    fresh = (values != UNTOUCHED) & (values != Listing.UNLISTED)
    if known_people is not None:
        rows = int(np.count_nonzero(values != UNTOUCHED))
        return Crowd(known_people, new_people, int(np.count_nonzero(changed)), rows - new_people)
    fresh[: before.size] &= before == Listing.UNLISTED
    return Crowd(statuses.listed, int(np.count_nonzero(fresh)), int(np.count_nonzero(changed)))


class _Pending:
    """The statuses that the rows so far assign."""

    def __init__(self) -> None:
        self._values: Values = np.full(1024, UNTOUCHED, np.uint8)
        self._size = 0

    @property
    def values(self) -> Values:
        return self._values[: self._size]

    def put(self, places: Places, values: Values) -> None:
        """Assign statuses to places that have none yet, each place once."""
        self._reserve(places)
        self._values[places] = values

    def put_rows(self, batch: Batch, problems: Problems) -> None:
        """Assign the rows of a batch.  The first row to name a place decides; contradicting rows are problems."""
        places, values = batch.places, batch.values
        self._reserve(places)
        new = self._values[places] == UNTOUCHED
        # Backwards: numpy keeps the last of several assignments to one place.
        self._values[places[new][::-1]] = values[new][::-1]
        for at in np.flatnonzero(self._values[places] != values).tolist():
            problems.add(int(batch.rows[at]), f"place {places[at]} is duplicated, with different statuses")

    def _reserve(self, places: Places) -> None:
        size = int(places.max(initial=-1)) + 1
        if size > self._values.size:
            more = np.full(max(size, 2 * self._values.size) - self._values.size, UNTOUCHED, np.uint8)
            self._values = np.concatenate([self._values, more])
        self._size = max(self._size, size)
