"""Ids of people that went through a spreadsheet: no known person is taken for a new one."""

import io
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.authority.authority import Authority
from gate.authority.sources import plain
from gate.authority.sources.csv_file import CsvFile
from gate.authority.sources.ids import IdKind, Ids
from gate.authority.sources.parquet_file import ParquetFile
from gate.authority.sources.problems import BadRowsError, Problems
from gate.authority.sources.sql_query import SqlQuery
from gate.core.iin import damage, iin_fault, is_iin, looks_like_iin
from gate.core.model import Listing
from gate.errors import UnmeantError, UsageError

START = 1_800_000_000
RED = "000825408493"


def make_iins(count: int, seed: int = 1) -> list[str]:
    """Different valid IINs, one in five of a person born after 2000."""
    random, made = Random(seed), {RED: None}
    while len(made) < count:
        year = random.choice([0, 3, 55, 78, 91])
        eleven = f"{year:02}{random.randint(1, 12):02}{random.randint(1, 28):02}{random.randint(0, 99_999):05}"
        for digit in range(10):
            if is_iin(f"{eleven}{digit}"):
                made[f"{eleven}{digit}"] = None
    return list(made)


IINS = make_iins(300)

# What is done to an IIN, and words of the message.
MANGLED: dict[str, tuple[Callable[[str], str], str]] = {
    "zeros lost": (lambda iin: str(int(iin)), "leading zeros are lost"),
    "exponent": (lambda iin: f"{int(iin):.5E}", "rounded the id"),
    "exponent with a comma": (lambda iin: f"{int(iin):.5E}".replace(".", ","), "rounded the id"),
    "exponent, all digits": (lambda iin: f"{int(iin):.11e}", "rounded the id"),
    "exponent in Cyrillic": (lambda iin: f"{int(iin):.3E}".replace("E", "Е"), "rounded the id"),
    "of a float": (lambda iin: f"{int(iin)}.0", "has decimals"),
    "money": (lambda iin: f"{iin},00", "has decimals"),
    "decimal point": (lambda iin: f"{iin}.", "has decimals"),
    "apostrophe": (lambda iin: f"'{iin}", "an apostrophe"),
    "curly apostrophe": (lambda iin: f"’{iin}", "an apostrophe"),
    "quotes": (lambda iin: f"“{iin}”", "quotation mark"),
    "formula": (lambda iin: f'="{iin}"', "formula"),
    "formula of a number": (lambda iin: f"={iin}", "formula"),
    "no-break space before": (lambda iin: f"\xa0{iin}", r"a blank \(U\+00A0\)"),
    "no-break space behind": (lambda iin: f"{iin}\xa0", r"a blank \(U\+00A0\)"),
    "thin space": (lambda iin: f"{iin}\u2009", r"a blank \(U\+2009\)"),
    "blank inside": (lambda iin: f"{iin[:6]} {iin[6:]}", "blanks stand in"),
    "no-break space inside": (lambda iin: f"{iin[:6]}\xa0{iin[6:]}", r"U\+00A0"),
    "zero-width space": (lambda iin: f"{iin}\u200b", r"invisible mark \(U\+200B\)"),
    "mark of byte order": (lambda iin: f"\ufeff{iin}", r"U\+FEFF"),
    "right-to-left mark": (lambda iin: f"\u200f{iin}", r"U\+200F"),
    "soft hyphen": (lambda iin: f"{iin[:4]}\xad{iin[4:]}", r"U\+00AD"),
    "pop directional": (lambda iin: f"\u202a{iin}\u202c", r"U\+202A"),
    "Hangul filler": (lambda iin: f"{iin}\u3164", r"U\+3164"),
    "variation selector": (lambda iin: f"{iin}\ufe0f", r"U\+FE0F"),
    "tab inside": (lambda iin: f"{iin[:6]}\t{iin[6:]}", r"U\+0009"),
    "NUL": (lambda iin: f"{iin}\0", r"U\+0000"),
    "full-width": (lambda iin: "".join(chr(ord(char) + 0xFEE0) for char in iin), "another script"),
    "Arabic digits": (lambda iin: "".join(chr(ord(char) - 48 + 0x660) for char in iin), "another script"),
    "one Arabic digit": (lambda iin: f"{iin[:11]}{chr(ord(iin[11]) - 48 + 0x6F0)}", "another script"),
    "O for 0": (lambda iin: iin.replace("0", "O"), "in place of digits"),
    "Cyrillic O for 0": (lambda iin: iin.replace("0", "О"), "in place of digits"),
    "l for 1": (lambda iin: iin.replace("0", "o").replace("1", "l"), "in place of digits"),
    "hyphens": (lambda iin: f"{iin[:6]}-{iin[6:]}", "hyphens stand"),
    "en dash": (lambda iin: f"{iin[:6]}–{iin[6:]}", "hyphens stand"),
    "check digit": (lambda iin: iin[:11] + str((int(iin[11]) + 1) % 10), "last digit"),
    "13 digits": (lambda iin: f"{iin}0", "13 digits"),
    "a zero too many": (lambda iin: f"0{iin}", "13 digits"),
    "negative": (lambda iin: f"-{iin}", "a sign"),
    "minus": (lambda iin: f"−{iin}", "a sign"),
    "plus": (lambda iin: f"+{iin}", "a sign"),
    "thousands": (lambda iin: f"{int(iin):,}", "thousands separators"),
    "thousands by points": (lambda iin: f"{int(iin):,}".replace(",", "."), "thousands separators"),
    "thousands by blanks": (lambda iin: f"{int(iin):,}".replace(",", " "), "blanks stand in"),
    "prefix": (lambda iin: f"ИИН {iin}", "is no IIN"),
    "two of them": (lambda iin: f"{iin} {iin}", "blanks stand in"),
}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path / "authority", at=START)


def table(ids: list[str], status: str = "green") -> io.BytesIO:
    quoted = ['"' + person.replace('"', '""') + '"' for person in ids]
    return io.BytesIO("".join(["person;status\n", *(f"{person};{status}\n" for person in quoted)]).encode())


def colour(authority: Authority, person: str) -> Listing:
    place = authority.place_of(person)
    assert place is not None
    return authority.listing(place)


@pytest.mark.parametrize("case", MANGLED)
def test_a_mangled_iin_is_a_bad_row(authority: Authority, case: str) -> None:
    mangle, says = MANGLED[case]
    authority.import_csv(table(IINS))
    bad = mangle(RED)
    assert not is_iin(bad)
    with pytest.raises(BadRowsError, match=says) as refused:
        authority.import_csv(table([IINS[5], bad, IINS[6]], "red"))
    (row,) = refused.value.rows
    assert row.startswith("line 3: ")
    assert bad not in row
    assert RED[3:] not in str(refused.value)
    assert (colour(authority, RED), colour(authority, IINS[5])) == (Listing.GREEN, Listing.GREEN)
    with pytest.raises(UsageError, match=says):
        authority.place_of(bad)


@pytest.mark.parametrize("case", MANGLED)
@pytest.mark.parametrize("share", [1, 3])
def test_a_first_import_of_mangled_iins_is_refused(authority: Authority, case: str, share: int) -> None:
    """One in `share` of the rows is harmed, and the register is still empty."""
    mangle, _ = MANGLED[case]
    ids = [iin if number % share else mangle(iin) for number, iin in enumerate(IINS)]
    if share == 1 and case in ("check digit", "13 digits", "a zero too many", "prefix", "two of them", "minus"):
        return  # numbers of another kind, for all that can be known
    with pytest.raises(BadRowsError) as refused:
        authority.import_csv(table(ids))
    assert refused.value.count == sum(not is_iin(person) for person in ids)
    assert authority.size == 0


def test_every_bad_row_is_named_or_counted(authority: Authority) -> None:
    authority.import_csv(table(IINS))
    with pytest.raises(BadRowsError) as refused:
        authority.import_csv(table([str(int(iin)) for iin in IINS]))
    assert refused.value.count == sum(iin.startswith("0") for iin in IINS)
    assert len(refused.value.rows) == 20


def test_blanks_around_an_iin_are_no_harm(authority: Authority) -> None:
    authority.import_csv(table(IINS))
    authority.import_csv(table([f" {RED}\t"], "red"))
    assert colour(authority, f" {RED}\n") is Listing.RED


def test_numbers_that_are_no_iins_stay_possible(authority: Authority) -> None:
    employees = [f"{number:06}" for number in range(300)]
    authority.import_csv(table(employees))
    authority.import_csv(table(["A-17", "Айгерім С.", "12E45", "550e8400-e29b-41d4-a716-446655440000", "900524586842"]))
    assert colour(authority, "000017") is Listing.GREEN
    with pytest.raises(BadRowsError, match="an apostrophe"):
        authority.import_csv(table(["'000017"], "red"))


def test_a_register_of_iins_can_be_made_one_of_any_ids(authority: Authority) -> None:
    authority.import_csv(table(IINS))
    with pytest.raises(BadRowsError, match="no IIN"):
        authority.import_csv(table(["visitor-1"]))
    authority.take_in(CsvFile(table(["visitor-1"])), ids=IdKind.ANY)
    authority.import_csv(table(["visitor-2"]))
    assert colour(authority, "visitor-2") is Listing.GREEN
    with pytest.raises(BadRowsError, match="no IIN"):
        authority.take_in(CsvFile(table(["visitor-3"])), ids=IdKind.IIN)


def test_a_register_from_before_is_settled_by_people_it_knows(authority: Authority) -> None:
    authority.import_csv(table(IINS[:200]))
    state = authority.path / "authority.json"
    state.write_text(state.read_text().replace('"iin"', "null"))
    with pytest.raises(BadRowsError):
        authority.import_csv(table([str(int(iin)) for iin in IINS]))
    authority.import_csv(table(IINS[:1]))
    assert '"ids": "iin"' in state.read_text()


# Wherever rows come from


def parquet(path: Path, person: str) -> ParquetFile:
    values = ", ".join(f"('{iin}')" for iin in IINS)
    with closing(duckdb.connect()) as connection:
        query = f"SELECT {person} AS person, 'red' AS status FROM (VALUES {values}) t(iin)"
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return ParquetFile(path)


@pytest.mark.parametrize("kind", ["BIGINT", "DOUBLE", "DECIMAL(14,0)", "DECIMAL(14,1)", "HUGEINT"])
def test_a_column_of_numbers_is_refused(authority: Authority, tmp_path: Path, kind: str) -> None:
    authority.import_csv(table(IINS))
    with pytest.raises(BadRowsError, match="as a number it has lost its leading zeros") as refused:
        authority.take_in(parquet(tmp_path / "a", f"iin::{kind}"))
    assert refused.value.count == len(IINS)
    with pytest.raises(BadRowsError):
        authority.take_in(parquet(tmp_path / "a", f"iin::{kind}::VARCHAR"))
    query = f"SELECT {RED} AS person, 'red' AS status UNION ALL SELECT CAST({RED} AS TEXT), 'red'"
    with pytest.raises(BadRowsError) as refused:
        authority.take_in(SqlQuery("sqlite://", query))
    assert refused.value.count == 2
    authority.take_in(parquet(tmp_path / "a", "iin"), grow=True)
    assert colour(authority, RED) is Listing.RED


def taken(data: bytes, kind: IdKind | None) -> tuple[list[tuple[int, bytes]], int, tuple[str, ...], bool]:
    ids, problems, rows = Ids(kind), Problems("line"), []
    for batch in CsvFile(io.BytesIO(data)).batches(1000, problems, ids):
        assert batch.persons is not None
        rows += list(zip(batch.rows.tolist(), batch.persons, strict=True))
    ids.close(problems)
    try:
        problems.raise_any()
    except BadRowsError as error:
        return rows, error.count, error.rows, ids.all_iins
    return rows, 0, (), ids.all_iins


ID = st.one_of(
    st.sampled_from(IINS),
    st.builds(lambda case, iin: MANGLED[case][0](iin), st.sampled_from(list(MANGLED)), st.sampled_from(IINS)),
    st.text("0123456789aeEOlZ-_. +=;'", max_size=14),
)


@settings(max_examples=300)
@given(st.lists(ID, max_size=30), st.sampled_from([None, *IdKind]))
def test_lines_read_at_once_are_judged_as_one_by_one(ids: list[str], kind: IdKind | None) -> None:
    data = "".join(["person;status\n", *(f"{person};green\n" for person in ids)]).encode()
    at_once = taken(data, kind)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "is_plain", lambda _: False)
        one_by_one = taken(data, kind)
    # A quote inside ends the reading of what follows in either way.
    assert at_once == one_by_one
    if kind is IdKind.IIN:
        assert all(is_iin(person.decode()) for _, person in at_once[0])


@given(st.text(max_size=14))
def test_every_id_is_an_iin_or_has_a_fault(text: str) -> None:
    assert (iin_fault(text) is None) == is_iin(text)
    if is_iin(text):
        assert damage(text) is None
        assert looks_like_iin(text)


# A crowd


def test_a_crowd_of_new_people_must_be_meant(authority: Authority) -> None:
    authority.import_csv(table([f"a-{number}" for number in range(300)]))
    newcomers = [f"b-{number}" for number in range(31)]
    with pytest.raises(UnmeantError, match=r"31 people would be new beside 300 .* with --grow") as caught:
        authority.import_csv(table([*newcomers, "a-1"]))
    assert caught.value.exit_code == 65  # by which a timer knows that a person has to look
    assert (authority.size, authority.place_of("b-1")) == (300, None)
    authority.import_csv(table([*newcomers[:30], "a-1"]))
    assert authority.take_in(CsvFile(table([f"c-{number}" for number in range(99)])), grow=True).new_people == 99


def test_a_table_that_names_nobody_who_is_known_must_be_meant(authority: Authority) -> None:
    authority.import_csv(table([f"a-{number}" for number in range(6)]))
    with pytest.raises(UnmeantError, match="none of the 6 who are known is named"):
        authority.import_csv(table([f"A-{number}" for number in range(6)]))
    authority.import_csv(table(["A-1"]))
    authority.import_csv(table([*(f"B-{number}" for number in range(6)), "a-1"]))


def test_a_crowd_that_changes_colour_must_be_meant(authority: Authority) -> None:
    people = [f"a-{number}" for number in range(300)]
    authority.import_csv(table(people))
    with pytest.raises(UnmeantError, match="31 of 300 people would get another status"):
        authority.import_csv(table(people[:31], "red"))
    assert colour(authority, "a-1") is Listing.GREEN
    authority.import_csv(table(people[:30], "red"))
    authority.import_csv(table(people, "unlisted"))  # which --shrink weighs
    assert colour(authority, "a-1") is Listing.UNLISTED


def test_places_are_weighed_too(authority: Authority) -> None:
    authority.import_csv(io.BytesIO(b"idx,status\n" + b"".join(b"%d,green\n" % idx for idx in range(300))))
    more = io.BytesIO(b"idx,status\n" + b"".join(b"%d,red\n" % idx for idx in range(300, 350)))
    with pytest.raises(UnmeantError, match="50 people would be new beside 300"):
        authority.import_csv(more)


def test_a_crowd_is_weighed_when_it_is_published(authority: Authority) -> None:
    authority.add_issuer("ashyq", at=START)
    authority.set_statuses(dict.fromkeys(range(300), Listing.GREEN))
    authority.publish(authority.public, START)  # the first
    authority.set_statuses(dict.fromkeys(range(300, 331), Listing.GREEN) | dict.fromkeys(range(31), Listing.UNLISTED))
    with pytest.raises(UnmeantError, match=r"31 people would be new beside 300 .* publish with --grow"):
        authority.publish(authority.public, START)
    assert authority.publish(authority.public, START, grow=True).listed == 300
    authority.set_statuses(dict.fromkeys(range(100, 131), Listing.RED))
    with pytest.raises(UnmeantError, match="31 of 300 people would get another status"):
        authority.publish(authority.public, START)
    authority.set_statuses(dict.fromkeys(range(100, 102), Listing.GREEN))
    authority.publish(authority.public, START)
