"""Statuses from CSV: every row or none, and a person keeps their place."""

import io
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.authority.authority import Authority
from gate.authority.sources.problems import SHOWN, BadRowsError
from gate.core.model import Listing
from gate.errors import UsageError

START = 1_800_000_000


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path / "authority", at=START)


def bring(authority: Authority, text: str | bytes) -> tuple[int, int]:
    done = authority.import_csv(io.BytesIO(text.encode() if isinstance(text, str) else text))
    return done.rows, done.new_people


def place_of(authority: Authority, person: str) -> int:
    place = authority.place_of(person)
    assert place is not None
    return place


def refusal(authority: Authority, text: str | bytes) -> BadRowsError:
    with pytest.raises(BadRowsError) as error:
        bring(authority, text)
    return error.value


@settings(max_examples=25)
@given(st.dictionaries(st.integers(0, 300), st.sampled_from(Listing), min_size=1), st.randoms())
def test_every_place_has_the_status_its_row_says(wanted: dict[int, Listing], random: Random) -> None:
    rows = [f"{idx},{listing.name.lower()}" for idx, listing in wanted.items()]
    random.shuffle(rows)
    with TemporaryDirectory() as folder:
        authority = Authority.create(Path(folder) / "a", at=START)
        assert bring(authority, "\n".join(["idx,status", *rows])) == (len(wanted), 0)
        assert {idx: authority.listing(idx) for idx in wanted} == wanted
        assert authority.size == max(wanted) + 1
        others = set(range(max(wanted) + 1)) - set(wanted)
        assert all(authority.listing(idx) == Listing.UNLISTED for idx in others)


def test_people_keep_their_place_and_new_ones_get_the_next(authority: Authority) -> None:
    assert bring(authority, "person,status\n990101300123,green\n880202400234,blue\n") == (2, 2)
    assert bring(authority, "status,person\nred,880202400234\nyellow,010101500345\n") == (2, 1)
    first, second, third = (place_of(authority, iin) for iin in ("990101300123", "880202400234", "010101500345"))
    assert ({first, second}, third) == ({0, 1}, 2)
    assert [authority.listing(idx) for idx in (first, second, third)] == [Listing.GREEN, Listing.RED, Listing.YELLOW]
    assert authority.place_of("000000000000") is None
    assert bring(authority, "person,status\n880202400234,blue\n") == (1, 0)
    assert [authority.listing(idx) for idx in (first, second, third)] == [Listing.GREEN, Listing.BLUE, Listing.YELLOW]


def test_new_people_never_get_a_place_that_was_set_by_number(authority: Authority) -> None:
    bring(authority, "idx,status\n6,unlisted\n2,green\n")
    bring(authority, "person,status\n990101300123,blue\n")
    assert authority.place_of("990101300123") == 7
    assert authority.listing(2) == Listing.GREEN


def test_nobody_can_be_read_out_of_the_folder(authority: Authority) -> None:
    bring(authority, "person,status\n990101300123,green\n")
    contents = [path.read_bytes() for path in authority.path.rglob("*") if path.is_file()]
    assert len(contents) > 5
    assert all(b"990101300123" not in data for data in contents)


def test_what_excel_writes_is_read(authority: Authority) -> None:
    assert bring(authority, b"\xef\xbb\xbfPerson;Status\r\n990101300123;Green\r\n\r\n880202400234; BLUE \r\n") == (2, 2)
    assert authority.listing(place_of(authority, "880202400234")) == Listing.BLUE


def test_further_columns_and_quotes_are_read(authority: Authority) -> None:
    assert bring(authority, 'name,idx,status\n"Doe, ""J""",3,green\n"two\nlines",4,revoked\n') == (2, 0)
    assert authority.listing(4) == Listing.REVOKED


def test_the_same_row_twice_is_no_contradiction(authority: Authority) -> None:
    assert bring(authority, "idx,status\n1,green\n1,green\n") == (2, 0)


def test_every_bad_row_is_named_and_nothing_is_imported(authority: Authority) -> None:
    authority.set_status(1, Listing.YELLOW)
    error = refusal(
        authority,
        "idx,status\n1,green\n2,purple\n-3,green\n4\nx,blue\n1.0,blue\n99999999999,red\n1,red\n٣,green\n5,,\n",
    )
    assert [row.split(":")[0] for row in error.rows] == [f"line {number}" for number in range(3, 12)]
    assert error.count == 9
    assert "'purple'" in error.rows[0]
    assert "is duplicated" in error.rows[6]
    assert str(error).count("\n") == 0
    assert authority.listing(1) == Listing.YELLOW
    assert authority.size == 2


def test_many_bad_rows_are_counted(authority: Authority) -> None:
    error = refusal(authority, "idx,status\n" + "1,purple\n" * 500)
    assert (len(error.rows), error.count) == (SHOWN, 500)
    assert "500 bad rows" in str(error)


def test_a_bad_row_leaves_no_person_behind(authority: Authority) -> None:
    error = refusal(authority, "person,status\n990101300123,green\n990101300123,red\n,green\n")
    assert authority.place_of("990101300123") is None
    assert "990101300123" not in " ".join(error.rows)
    assert bring(authority, "person,status\n880202400234,green\n") == (1, 1)
    assert authority.place_of("880202400234") == 0


def test_a_contradiction_is_found_over_any_distance(authority: Authority) -> None:
    rows = [f"{idx},green" for idx in range(70_000)]
    error = refusal(authority, "\n".join(["idx,status", *rows, "5,red"]))
    assert error.rows == ("line 70002: place 5 is duplicated, with different statuses",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "header"),
        ("idx,colour\n1,green\n", "header"),
        ("idx,person,status\n1,a,green\n", "header"),
        ("idx,status,status\n1,green,red\n", "header"),
        ("1,green\n", "header"),
        ("idx,status\n", "no rows"),
        (b"idx,status\n1,green\n2,gr\xfcn\n", "line 3: is not UTF-8"),
        ('idx,status\n1,"green\n', "line 2: is not CSV"),
        ('idx,status\n1,"green"x\n', "line 2: is not CSV"),
        (b"\xff\xfei\x00d\x00x\x00", "header"),  # UTF-16, and no status
        ("person,status\n" + "9" * 129 + ",green\n", "1 to 128 characters"),
    ],
)
def test_what_is_no_such_table_is_refused(authority: Authority, text: str | bytes, says: str) -> None:
    assert any(says in row for row in refusal(authority, text).rows)
    assert authority.size == 0


def test_a_full_list_takes_nobody_more(authority: Authority) -> None:
    state = authority.path / "authority.json"
    state.write_text(state.read_text().replace(str(2**26), "2"))
    with pytest.raises(UsageError, match="at most 2 places"):
        bring(authority, "person,status\na,green\nb,green\nc,green\n")
    assert authority.place_of("a") is None
    assert bring(authority, "person,status\na,green\nb,green\n") == (2, 2)


def test_progress_tells_every_byte_once(authority: Authority) -> None:
    data = b"idx,status\n" + b"".join(b"%d,green\n" % idx for idx in range(200_000))
    told: list[int] = []
    authority.import_csv(io.BytesIO(data), told.append)
    assert sum(told) == len(data)
    assert len(told) > 1
