"""How a list is written: for whom its files are."""

import os
from pathlib import Path
from typing import cast

import pytest

from gate.core.model import Listing
from gate.errors import PublishError, StoreError
from gate.store.apply_list import apply
from gate.store.list_file import is_earlier
from gate.store.list_write import set_aside
from gate.store.places import Places
from gate.testing.builders import publication


def test_the_lists_that_a_lane_has_verified_are_for_itself_alone(tmp_path: Path) -> None:
    lists = Places(tmp_path, tmp_path / "lists")
    apply(publication({7: Listing.GREEN}), lists)
    apply(publication({7: Listing.GREEN}), lists.verified)
    modes = [
        (where.list_dir.stat().st_mode & 0o777, where.list_db.stat().st_mode & 0o777)
        for where in (lists, lists.verified)
    ]
    assert modes == [(0o750, 0o640), (0o700, 0o600)]


@pytest.mark.parametrize("place", [6, 7])
def test_a_value_that_means_nothing_is_no_list(tmp_path: Path, place: int) -> None:
    apply(publication({place: max(Listing)}), tmp_path)
    beyond = cast("Listing", max(Listing) + 1)
    with pytest.raises(PublishError, match="unknown values"):
        apply(publication({place: beyond}, version=2), tmp_path)


def test_a_look_at_the_form_leaves_nothing_open(tmp_path: Path) -> None:
    apply(publication({7: Listing.GREEN}), tmp_path)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    before = sorted(Path("/proc/self/fd").iterdir())
    assert not is_earlier(tmp_path / "list.db")
    with pytest.raises(StoreError, match="it is no file"):
        is_earlier(pipe)
    assert sorted(Path("/proc/self/fd").iterdir()) == before


@pytest.mark.parametrize("missing", ["", "-wal"])
def test_every_part_of_a_damaged_list_is_kept_as_evidence(tmp_path: Path, missing: str) -> None:
    """A part that is missing, or kept already, keeps no other from being kept."""
    parts = [suffix for suffix in ("", "-wal", "-shm") if suffix != missing]
    for suffix in parts:
        (tmp_path / f"list.db{suffix}").write_text(f"damaged{suffix}")
    set_aside(tmp_path / "list.db")
    (tmp_path / "list.db-shm").unlink()
    (tmp_path / "list.db-shm").write_text("of another list")
    set_aside(tmp_path / "list.db")
    kept = {path.name: path.read_text() for path in tmp_path.glob("list.db.*")}
    expected = {f"list.db.damaged{suffix}": f"damaged{suffix}" for suffix in parts}
    assert kept == {**expected, "list.db.damaged-shm": "of another list"}
