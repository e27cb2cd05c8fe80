"""The record of the last sync: anybody's change to it shows."""

from pathlib import Path

import pytest

from gate.store.last_sync import NAME, Synced, last_sync, record_sync
from gate.store.places import Places
from gate.testing.builders import NOW


@pytest.mark.parametrize(("old", "new"), [(b"18", b"19"), (b"usb", b"usc"), (b'"]', b'0"]'), (b"[", b"{")])
def test_a_record_that_was_changed_is_none(tmp_path: Path, old: bytes, new: bytes) -> None:
    record_sync(Synced(float(NOW), "file:///media/usb"), tmp_path)
    assert last_sync(tmp_path) == Synced(float(NOW), "file:///media/usb")
    path = Places.of(tmp_path).list_dir / NAME
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))
    assert last_sync(tmp_path) is None
