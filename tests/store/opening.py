"""The store of a lane, opened as the lane does it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from gate.core.decide import Policy
from gate.store.admission import Admission
from gate.store.list_reader import StatusList
from gate.testing.builders import policy


@contextmanager
def opened(state: Path, house: Policy | None = None) -> Iterator[Admission]:
    with closing(StatusList(state)) as status:
        status.refresh()
        with closing(Admission(state, status, house or policy())) as admission:
            yield admission
