"""The record of the last round of the sync: whatever is in the file, reading it raises nothing."""

from pathlib import Path

import pytest

from gate.store.places import Places
from gate.store.sync_tries import NAME, MirrorTry, SyncRound, last_round, record_round
from gate.testing.builders import NOW

ROUND = SyncRound((MirrorTry("https://lists.example.kz/gate", NOW, "no answer", 120),), NOW + 600.0)


def test_a_round_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert last_round(tmp_path) is None
    record_round(ROUND, tmp_path)
    assert last_round(tmp_path) == ROUND


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"tries": 3, "next_at": 1}',
        b'{"tries": [], "next_at": NaN}',
        b"[" * 60_000,
        b"\xff",
        b"null",
    ],
)
def test_a_damaged_record_is_none(tmp_path: Path, content: bytes) -> None:
    path = Places.of(tmp_path).list_dir / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    assert last_round(tmp_path) is None
