"""Publications taken into list.db: all of it or nothing, never an older one."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.core.model import Listing
from gate.errors import PublishError, StoreError
from gate.store import apply_list as module
from gate.store import list_write
from gate.store.apply_list import apply
from gate.store.documents import TIME
from gate.store.list_file import ListFile, read_held
from gate.store.list_reader import OutdatedError, StatusList
from gate.store.status_wire import Head, decode_snapshot, encode_snapshot
from gate.testing.builders import NOW, nibbles, publication, rules_json, trust_json

PLACES = {0: Listing.GREEN, 1: Listing.RED, 1023: Listing.BLUE, 1024: Listing.REVOKED, 4095: Listing.YELLOW}


def held(state: Path, *places: int) -> list[Listing]:
    status = StatusList(state)
    status.refresh()
    answer = [status.consult(place) for place in places]
    status.close()
    return answer


def test_every_place_comes_out_as_it_went_in(tmp_path: Path) -> None:
    apply(publication(PLACES), tmp_path)
    assert held(tmp_path, *PLACES) == list(PLACES.values())
    assert held(tmp_path, 2, 1022, 4094, 5000) == [Listing.UNLISTED] * 4


def test_what_is_held_already_is_not_written_again(tmp_path: Path) -> None:
    assert apply(publication(PLACES), tmp_path)
    before = (tmp_path / "list.db").stat()
    assert not apply(publication(PLACES), tmp_path)
    after = (tmp_path / "list.db").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert apply(publication(PLACES | {2000: Listing.RED}, version=2), tmp_path)
    assert (tmp_path / "list.db").stat().st_ino != before.st_ino


def test_a_list_may_shrink_and_grow(tmp_path: Path) -> None:
    apply(publication(PLACES), tmp_path)
    apply(publication({0: Listing.GREEN}, size=1025, version=2, shrunk_at=2), tmp_path)
    assert held(tmp_path, 0, 1, 1024, 4095) == [Listing.GREEN, *[Listing.UNLISTED] * 3]
    apply(publication(PLACES, size=9000, version=3), tmp_path)
    assert held(tmp_path, *PLACES) == list(PLACES.values())


def newer(places: dict[int, Listing] = PLACES, **changes: Any) -> module.Publication:
    as_it_would_be: dict[str, Any] = {"version": 3, "trust": trust_json(2), "rules": rules_json(2)}
    return publication(places, **(as_it_would_be | changes))


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (newer(version=1), "status list: version 1 is older"),
        (newer({0: Listing.RED}, version=2), "version 2 is held here with other content"),
        (newer(as_of=NOW - 61), "is dated earlier than version"),
        (newer(trust=trust_json(1)), r"trust\.json: version 1 is older"),
        (newer(rules=rules_json(2, ("green",))), r"rules\.json: version 2 is held"),
        (newer(rules=rules_json(3, ("red",))), "would admit red"),
        (newer(trust=b"{}"), "trust list: version: is missing"),
        (replace(newer(), nibbles=b"\6" * 2048), "unknown values"),
        (replace(newer(), nibbles=bytes(2048)), "names 0 people, its head says 5"),
        (replace(newer(), nibbles=bytes(2047)), "does not hold the 4096 places"),
        (
            replace(newer(), nibbles=newer({(place + 2) % 4096: what for place, what in PLACES.items()}).nibbles),
            "is not the one",
        ),
        (replace(newer(PLACES | {2: Listing.RED}), nibbles=None), "the list in use has changed meanwhile"),
    ],
)
def test_what_is_unfit_or_older_is_refused_and_the_list_stays(
    tmp_path: Path, bad: module.Publication, complaint: str
) -> None:
    apply(newer(version=2), tmp_path)
    with pytest.raises(PublishError, match=complaint):
        apply(bad, tmp_path)
    status = StatusList(tmp_path)
    status.refresh()
    assert (status.state.version, status.state.listed) == (2, 5)
    assert held(tmp_path, *PLACES) == list(PLACES.values())
    status.close()


def test_a_reader_sees_the_old_list_or_the_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half an application is never visible: the writer is asked between any two pieces."""
    apply(publication(PLACES), tmp_path)
    status = StatusList(tmp_path)
    status.refresh()
    seen = []
    monkeypatch.setattr(list_write, "PIECE", 1)
    monkeypatch.setattr(list_write, "sleep", lambda _: seen.append((status.refresh(), status.consult(0))))
    apply(publication({0: Listing.RED, 1: Listing.RED, 2: Listing.RED}, version=9), tmp_path)
    assert seen == [(False, Listing.GREEN)] * 4
    with pytest.raises(OutdatedError):
        status.consult(0)
    assert status.refresh()
    assert (status.consult(0), status.state.version) == (Listing.RED, 9)
    status.close()


def test_any_part_that_changes_is_noticed_at_the_next_look(tmp_path: Path) -> None:
    apply(publication(PLACES), tmp_path)
    status = StatusList(tmp_path)
    status.refresh()
    for changed in (newer(version=1, trust=trust_json(1)), newer(version=1), newer()):  # rules, then trust, then list
        apply(changed, tmp_path)
        with pytest.raises(OutdatedError):
            status.consult(0)
        assert status.refresh()
        assert status.consult(0) is Listing.GREEN
    status.close()


def test_a_missing_chunk_is_damage_and_not_a_no(tmp_path: Path) -> None:
    apply(publication(PLACES), tmp_path)
    with closing(sqlite3.connect(tmp_path / "list.db", isolation_level=None)) as connection:
        connection.execute("DELETE FROM status_chunk WHERE no = 1")
    status = StatusList(tmp_path)
    status.refresh()
    with pytest.raises(StoreError, match="chunk 1 is missing"):
        status.consult(1024)
    status.close()


def test_a_snapshot_that_declares_more_than_its_head_is_not_unpacked() -> None:
    bomb = encode_snapshot(bytes(1 << 24))
    with pytest.raises(PublishError, match="snapshot of 100 places does not hold"):
        decode_snapshot(bomb, 100)


@given(st.binary(max_size=200))
def test_a_damaged_snapshot_is_refused(data: bytes) -> None:
    with pytest.raises(PublishError):
        decode_snapshot(data, 4096)


@given(st.one_of(st.text(), st.binary(), st.recursive(st.none(), st.lists).map(str)))
def test_a_damaged_head_is_refused(text: str | bytes) -> None:
    with pytest.raises(PublishError):
        Head.parse(text)


@pytest.mark.parametrize("left", [0, 1, len(PLACES) // 2 - 1])
def test_a_list_that_shrinks_to_nothing_is_refused_unless_it_was_meant(tmp_path: Path, left: int) -> None:
    apply(publication(PLACES), tmp_path)
    few = dict(list(PLACES.items())[:left])
    with pytest.raises(PublishError, match=f"names {left} people, the version before named {len(PLACES)}"):
        apply(publication(few, version=2), tmp_path)
    with pytest.raises(PublishError, match="the version before named"):  # meant once, long ago
        apply(publication(few, version=3, shrunk_at=1), tmp_path)
    assert held(tmp_path, *PLACES) == list(PLACES.values())
    apply(publication(few, version=4, shrunk_at=2), tmp_path)  # meant in a version that was missed here
    assert held(tmp_path, *few) == list(few.values())


@settings(max_examples=50)
@given(st.dictionaries(st.integers(0, 4095), st.sampled_from(Listing)))
def test_nibbles_round_trip(places: dict[int, Listing]) -> None:
    packed = nibbles(places, 4096)
    unpacked = decode_snapshot(encode_snapshot(packed), 4096)
    assert all((unpacked[idx // 2] >> (4 if idx & 1 else 0)) & 15 == listing for idx, listing in places.items())


@pytest.mark.parametrize("later", [None, b'{"version": 3, "to": 1800000060}'])
def test_a_reset_of_the_time_stays_in_force_until_another_is_published(tmp_path: Path, later: bytes | None) -> None:
    first = b'{"version": 2, "to": 1800000000}'
    apply(replace(publication({7: Listing.GREEN}), time=first), tmp_path)
    apply(replace(publication({7: Listing.GREEN}, version=2, as_of=NOW - 30), time=later), tmp_path)
    documents = read_held(tmp_path, ListFile.documents)
    assert documents is not None
    assert documents[TIME] == (later or first)
