"""A contact of the demo: a named pipe that an input of the gate reads."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DemoContact:
    """A contact, such as that of the passage."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self._end = os.open(path, os.O_RDWR | os.O_NONBLOCK)  # for both ends, so that neither blocks on the other

    def set(self, *, active: bool) -> None:
        os.write(self._end, b"on\n" if active else b"off\n")

    def close(self) -> None:
        os.close(self._end)


@contextmanager
def contact_at(path: Path) -> Iterator[DemoContact]:
    """Yield the contact at `path`; close it at the end."""
    contact = DemoContact(path)
    try:
        yield contact
    finally:
        contact.close()
