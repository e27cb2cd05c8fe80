"""Who has which place: kept for good, listed in order, and never believed when damaged."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gate.authority.authority import Authority
from gate.authority.matching import Waiting
from gate.authority.people import People, subject_digest
from gate.authority.sources.problems import Problems
from gate.authority.statuses import StatusTable
from gate.errors import StoreError, UsageError

KEY = bytes(range(32))
MANY = 3000  # enough for several people in each bucket


def meet(people: People, persons: list[str], first_free: int = 0, limit: int = 1 << 20) -> dict[str, int]:
    """The place of each, given now or before."""
    ids = [person.encode() for person in persons]
    with Waiting(people.folder) as waiting, people.adding(first_free, limit) as newcomers:
        waiting.put(people.digests_of(ids), np.arange(len(ids)), np.zeros(len(ids), np.uint8))
        given = [int(place) for places, _ in waiting.match(people, newcomers, Problems("row")) for place in places]
    found = {person: place for person in persons if (place := people.find(person)) is not None}
    assert sorted(found.values()) == sorted(given)
    assert len(found) == len(set(given)) == len(given)
    return found


def listed(people: People, first: int, last: int) -> list[int]:
    pieces = list(people.digests(first, last))
    assert all(piece.dtype == np.uint64 and 0 < piece.size <= 1 << 16 for piece in pieces)
    return [int(digest) for piece in pieces for digest in piece]


def everybody(count: int = MANY, start: int = 0) -> list[str]:
    return [f"{number:012}" for number in range(start, start + count)]


def test_the_digest_is_the_one_gates_look_up() -> None:
    expected = hashlib.blake2b(b"990101300123", digest_size=8, key=KEY).digest()
    assert subject_digest(KEY, "990101300123") == int.from_bytes(expected, "big")


def test_nobody_is_known_at_first(tmp_path: Path) -> None:
    people = People(tmp_path, KEY)
    assert people.find("990101300123") is None
    assert people.size == 0
    assert listed(people, 0, 3) == [0, 0, 0]
    assert listed(people, 3, 3) == []


def test_a_place_is_for_good(tmp_path: Path) -> None:
    first = meet(People(tmp_path, KEY), everybody())
    assert sorted(first.values()) == list(range(MANY))
    second = meet(People(tmp_path, KEY), [*everybody(500, MANY), *everybody(1000)])
    assert {person: second[person] for person in everybody(1000)} == {p: first[p] for p in everybody(1000)}
    assert sorted(second[person] for person in everybody(500, MANY)) == list(range(MANY, MANY + 500))
    assert meet(People(tmp_path, KEY), everybody()) == first


def test_a_place_tells_nothing_of_a_person(tmp_path: Path) -> None:
    """Those who come with one import lie in the order of their digests, in whatever order they came."""
    places = meet(People(tmp_path, KEY), everybody())
    by_place = sorted(places, key=places.__getitem__)
    assert by_place == sorted(everybody(), key=lambda person: subject_digest(KEY, person))


def test_digests_are_listed_by_place(tmp_path: Path) -> None:
    places = meet(People(tmp_path, KEY), everybody(100_000))
    places |= meet(People(tmp_path, KEY), everybody(10, 100_000), first_free=150_000)
    people = People(tmp_path, KEY)
    expected = [0] * 150_020
    for person, place in places.items():
        expected[place] = subject_digest(KEY, person)
    for first, last in [(0, 150_020), (0, 1), (65_535, 65_537), (99_999, 150_001), (149_999, 150_011), (7, 7)]:
        assert listed(people, first, last) == expected[first:last]
    assert listed(people, 150_009, 300_000) == [expected[150_009], *[0] * 149_990]


def test_a_list_that_is_full_keeps_what_it_has(tmp_path: Path) -> None:
    before = meet(People(tmp_path, KEY), everybody(10), limit=12)
    with pytest.raises(UsageError, match="at most 12 places"):
        meet(People(tmp_path, KEY), everybody(13), limit=12)
    assert People(tmp_path, KEY).size == 10
    assert meet(People(tmp_path, KEY), everybody(12), limit=12).items() >= before.items()


@pytest.mark.parametrize("cut", [0, 3, 8 * 40])
def test_what_an_interrupted_import_left_does_not_count(tmp_path: Path, cut: int) -> None:
    """people.digests has grown, and the power went before people.json was replaced."""
    before = meet(People(tmp_path, KEY), everybody())
    book = (tmp_path / "people.json").read_bytes()
    meet(People(tmp_path, KEY), everybody(100, MANY))
    (tmp_path / "people.json").write_bytes(book)
    grown = (tmp_path / "people.digests").read_bytes()
    (tmp_path / "people.digests").write_bytes(grown[: len(grown) - 800 + cut])
    people = People(tmp_path, KEY)
    assert people.size == MANY
    assert people.find(everybody(1, MANY)[0]) is None
    assert listed(people, MANY, MANY + 5) == [0] * 5
    after = meet(People(tmp_path, KEY), everybody(50, MANY + 50), first_free=MANY + 7)
    assert sorted(after.values()) == list(range(MANY + 7, MANY + 57))
    assert listed(People(tmp_path, KEY), MANY, MANY + 7) == [0] * 7
    assert meet(People(tmp_path, KEY), everybody()) == before


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


HARM: dict[str, Callable[[Path], object]] = {
    "checksum": lambda folder: flip(folder / "people.digests", 8 * 1000),
    "people.digests: its checksum": lambda folder: flip(folder / "people.digests", 8 * MANY - 1),
    "missing, or its end": lambda folder: (folder / "people.digests").write_bytes(b"0" * (8 * MANY - 1)),
    "people.digests: it is missing": lambda folder: (folder / "people.digests").unlink(),
    "people.json: No such file": lambda folder: (folder / "people.json").unlink(),
    "people.json": lambda folder: (folder / "people.json").write_bytes(b"damaged"),
    "crc32": lambda folder: (folder / "people.json").write_text('{"runs": [{"first": 0, "people": 1}]}'),
    "overlap": lambda folder: (folder / "people.json").write_text(
        '{"runs": [{"first": 0, "people": 2, "crc32": 0}, {"first": 1, "people": 2, "crc32": 0}]}'
    ),
}


@pytest.mark.parametrize("says", HARM)
def test_a_damaged_file_gives_nobody_a_second_place(tmp_path: Path, says: str) -> None:
    meet(People(tmp_path, KEY), everybody())
    HARM[says](tmp_path)
    left = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(StoreError, match=says):
        meet(People(tmp_path, KEY), everybody(MANY + 5))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == left


def test_a_first_import_that_is_interrupted_is_no_damage(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        meet(People(tmp_path, KEY), everybody(3), limit=2)
    assert {path.name for path in tmp_path.iterdir()} == {"people.json", "people.digests"}
    (tmp_path / "people.digests").write_bytes(b"begun")
    assert People(tmp_path, KEY).size == 0
    (tmp_path / "people.digests").unlink()
    assert People(tmp_path, KEY).find("990101300123") is None
    assert len(meet(People(tmp_path, KEY), everybody(3))) == 3


def test_the_files_are_private(tmp_path: Path) -> None:
    meet(People(tmp_path, KEY), everybody(3))
    assert {path.name: oct(path.stat().st_mode)[-3:] for path in tmp_path.iterdir()} == {
        "people.digests": "600",
        "people.json": "600",
    }


def test_a_crash_before_the_statuses_is_healed_by_importing_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    authority = Authority.create(tmp_path / "a", at=1_800_000_000)
    table = tmp_path / "people.csv"
    table.write_text("person,status\n990101300123,green\n880202400234,blue\n")
    with monkeypatch.context() as patch, table.open("rb") as stream:
        patch.setattr(StatusTable, "save", power_cut)
        with pytest.raises(KeyboardInterrupt):
            authority.import_csv(stream)
    places = [authority.place_of(person) for person in ("990101300123", "880202400234")]
    assert authority.size == 0
    with table.open("rb") as stream:
        done = authority.import_csv(stream)
    assert (done.rows, done.new_people, done.size, done.listed) == (2, 0, 2, 2)
    assert [authority.place_of(person) for person in ("990101300123", "880202400234")] == places
    (piece,) = authority.digests(0, 2)
    assert 0 not in piece.tolist()
