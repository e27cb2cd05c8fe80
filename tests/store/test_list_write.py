"""How a list is written: for whom its files are."""

from pathlib import Path

from gate.core.model import Listing
from gate.store.apply_list import apply
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
