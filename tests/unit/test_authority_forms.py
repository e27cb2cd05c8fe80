"""The forms in which tables come out of spreadsheets: read exactly, or refused in words that help."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.authority.authority import Authority
from gate.authority.sources.csv_file import CsvFile
from gate.authority.sources.formulas import blank_rows, is_uncalculated
from gate.authority.sources.problems import BadRowsError, Problems
from gate.authority.sources.workbook import Workbook
from gate.core.model import Listing
from gate.errors import GateError, PublishError
from tests.commands.process import run_gate

PEOPLE = {"900524586842": "green", "000825408493": "red", "850904402142": "blue"}
ROWS = [("ФИО", "person", "status"), *(("Иванова, А.", person, status) for person, status in PEOPLE.items())]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path / "authority", at=1_800_000_000)


def text(delimiter: str = ";", end: str = "\r\n", rows: Sequence[Sequence[str]] = ROWS) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    return out.getvalue()


def is_exact(authority: Authority) -> bool:
    places = {person: authority.place_of(person) for person in PEOPLE}
    return authority.size == len(PEOPLE) and all(
        place is not None and authority.listing(place) is Listing[PEOPLE[person].upper()]
        for person, place in places.items()
    )


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
OLDER = ["cp1251", "koi8-r", "mac-cyrillic", "cp866", "iso8859-5"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", [*ENCODINGS, *OLDER])
def test_encodings_and_separators(authority: Authority, encoding: str, delimiter: str) -> None:
    rows = [("person", "status", "ФИО, полное"), *((person, status, name) for name, person, status in ROWS[1:])]
    authority.import_csv(io.BytesIO(text(delimiter, rows=rows).encode(encoding)))
    assert is_exact(authority)


def test_a_big_endian_mark(authority: Authority) -> None:
    authority.import_csv(io.BytesIO(b"\xfe\xff" + text().encode("utf-16-be")))
    assert is_exact(authority)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(authority: Authority, end: str) -> None:
    authority.import_csv(io.BytesIO(text(end=end).encode("cp1251")))
    assert is_exact(authority)


PLAIN = [row[1:] for row in ROWS]


@pytest.mark.parametrize(
    "table",
    [
        "sep=;\r\n" + text(),
        "SEP=,\n" + text(","),
        "sep=\t\r" + text("\t", "\r"),
        text(rows=[(*row, "", "") for row in ROWS]),
        text(rows=[(*ROWS[0], "said"), *((*row, "by phone;\nred\nor so") for row in ROWS[1:])]),
        text().replace("\r\n", ";;\r\n").replace("status;;", "status", 1),
        text() + ";;\r\n;;\r\n",
        text(rows=PLAIN).replace("person;status", '"Person" ; " STATUS\xa0"'),
        text(rows=PLAIN).replace("person;status", "\ufeffPERSON;'status'"),
        "\ufeff" + text(rows=PLAIN),
        "\r\n".join(";".join(f'"{cell}"' for cell in row) for row in ROWS),
        "person;status;note, free\n" + "".join(f"{person};{status};x\n" for person, status in PEOPLE.items()),
        'person;status;say ""so""\n' + "".join(f"{person};{status};x\n" for person, status in PEOPLE.items()),
    ],
)
def test_what_spreadsheets_add(authority: Authority, table: str) -> None:
    authority.import_csv(io.BytesIO(table.encode()))
    assert is_exact(authority)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (text().replace("green", "grün").encode("cp1252", "replace"), "line 2: is not UTF-8: save the table"),
        (text().encode("cp1251").replace(b"850904402142", b"8509044\xce2142"), "line 4: is not UTF-8: save"),
        (text().encode("utf-16")[:-1], "this table is not UTF-16"),
        (text().encode("utf-16").replace(b"8\x005\x00", b"8\x00\x00\xd8"), "this table is not UTF-16"),
        (text(rows=[("a", "b"), ("c", "d")]).encode(), "a comma, semicolon, tab or | between them"),
        (b'person,status\n900524586842,"green\n', "opened and never closed"),
        (b'person,status\n900524586842,"green"x\n', "write a quote inside a cell twice"),
        (b'person,status\n900524586842,"gr\reen"x\n', "quote"),
        (b"person,status\n900524586842,green\rx,y\n", "a lone carriage return"),
        (b'person,status,x\n1,green,"5 inch\n2,red,\n3,green,4"\n', "line 4: ends a quoted cell that has a row"),
        (b'person,status,x\n1,green,"5 inch\n2,red ,4"\n', "line 3: ends a quoted cell that has a row"),
        (b"person,status\n,green\n", "line 2: has no id"),
        (b'person,status,x\n900524586842,green,"' + b"y" * 140_000 + b'"\n', "longer than 131,072 characters"),
    ],
)
def test_what_is_refused_is_said_without_a_librarys_words(authority: Authority, data: bytes, says: str) -> None:
    with pytest.raises(BadRowsError) as refused:
        authority.import_csv(io.BytesIO(data))
    said = " ".join(refused.value.rows)
    assert says in said
    for word in ("expected after", "universal-newline", "codec", "field limit", "strict mode", "byte 0x"):
        assert word not in said
    assert authority.size == 0


def test_an_id_in_an_older_encoding_is_not_guessed(authority: Authority) -> None:
    """`Рђ` of windows-1251 is `А` of UTF-8: only the other rows tell that the table is not UTF-8."""
    data = "имя;person;status\nx;Рђ-17;green\n".encode("cp1251")
    with pytest.raises(BadRowsError, match="is not UTF-8"):
        authority.import_csv(io.BytesIO(data + "имя;a-18;green\n".encode("cp1251")))


KINDS = {
    "a PDF document": b"%PDF-1.7\n",
    "a web page": b"<html xmlns:o='urn:schemas-microsoft-com:office:office'><table><tr><td>person</td>",
    "a web page ": b"\xff\xfe" + "<html><table>".encode("utf-16-le"),
    "an XML spreadsheet": b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
    "a workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
    "a ZIP archive": b"PK\x03\x04" + bytes(26) + b"people.csv",
    "a compressed file": b"\x1f\x8b\x08" + bytes(20),
    "an archive": b"Rar!\x1a\x07\x01\0",
    "an SQLite database": b"SQLite format 3\0" + bytes(80),
    "JSON": b'[{"person": "900524586842"}]',
    "JSON ": b'{"people": []}',
    "a picture": b"\x89PNG\r\n\x1a\n",
    "a SYLK table": b"ID;PWXL;N;E\r\n",
    "a text document": b"{\\rtf1\\ansi",
    "an Arrow file": b"ARROW1\0\0",
    "no text": b"\x00\x01\x02\x03\x04\x05\xff\xfe" * 10,
    "a Parquet file": b"PAR1" + bytes(20),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_table_of_text_is_named(authority: Authority, kind: str) -> None:
    with pytest.raises(PublishError) as refused:
        authority.import_csv(io.BytesIO(KINDS[kind]))
    assert f"this is {kind.strip()}" in str(refused.value)
    assert refused.value.hint


@settings(max_examples=300)
@given(st.binary(max_size=200), st.sampled_from([b"", b"person;status\n", b"\xff\xfe", b"sep=;\n", b"PK\x03\x04"]))
def test_any_bytes_give_rows_or_words(data: bytes, begun: bytes) -> None:
    problems, said = Problems("line"), ""
    try:
        for _ in CsvFile(io.BytesIO(begun + data)).batches(1000, problems):
            pass
        problems.raise_any()
    except PublishError as error:
        said = str(error)
    assert "\n" not in said


# Workbooks

_TYPES = """<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
</Types>"""
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def rels(*targets: tuple[str, str]) -> str:
    each = "".join(
        f'<Relationship Id="rId{number}" Type="{_REL}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{each}</Relationships>'


def xlsx(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", rels(("officeDocument", "xl/workbook.xml")))
        names = "".join(f'<sheet name="{n}" sheetId="{i}" r:id="rId{i}"/>' for i, n in enumerate(sheets, 1))
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><sheets>{names}</sheets></workbook>'
        )
        targets = [("worksheet", f"worksheets/sheet{number}.xml") for number in range(1, len(sheets) + 1)]
        archive.writestr("xl/_rels/workbook.xml.rels", rels(*targets))
        for (_, target), rows in zip(targets, sheets.values(), strict=True):
            lines = []
            for number, row in enumerate(rows, 1):
                cells = "".join(_cell(cell, f"{chr(65 + at)}{number}") for at, cell in enumerate(row))
                lines.append(f'<row r="{number}">{cells}</row>')
            body = "".join(lines)
            archive.writestr(f"xl/{target}", f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>')
    return path


def _cell(value: object, place: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith("<c"):
        return value.replace("<c", f'<c r="{place}"', 1)
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def test_a_workbook_is_read(authority: Authority, tmp_path: Path) -> None:
    sheets: dict[str, list[tuple[object, ...]]] = {"Notes": [("as of today",)], "Люди": list(ROWS)}
    done = authority.take_in(Workbook(xlsx(tmp_path / "a.xlsx", sheets)))
    assert (done.rows, is_exact(authority)) == (3, True)
    places = xlsx(tmp_path / "b.xlsx", {"1": [("IDX", "Status"), (0, "green"), (1, "green"), (2, "green")]})
    assert authority.take_in(Workbook(places)).rows == 3


def test_an_iin_that_is_a_number_in_a_workbook_is_refused(authority: Authority, tmp_path: Path) -> None:
    authority.import_csv(io.BytesIO(text().encode()))
    rows: list[tuple[object, ...]] = [("person", "status"), (None, None), ("900524586842", "red"), (825408493, "green")]
    with pytest.raises(BadRowsError, match=r"row 4: .* as a number it has lost its leading zeros"):
        authority.take_in(Workbook(xlsx(tmp_path / "a.xlsx", {"1": rows})))
    rows[3] = ("825408493", "green")
    with pytest.raises(BadRowsError, match="row 4: the IIN has 9 digits"):
        authority.take_in(Workbook(xlsx(tmp_path / "a.xlsx", {"1": rows})))
    assert is_exact(authority)


def test_a_workbook_that_could_mean_two_tables_is_refused(tmp_path: Path, authority: Authority) -> None:
    both = xlsx(tmp_path / "a.xlsx", {"May": PLAIN, "June": PLAIN})
    with pytest.raises(PublishError, match=r"several sheets .* May, June"):
        authority.take_in(Workbook(both))
    none = xlsx(tmp_path / "b.xlsx", {"May": PLAIN[1:]})
    with pytest.raises(PublishError, match=r"no sheet of .* begins with the names"):
        authority.take_in(Workbook(none))
    assert "900524586842" not in str(none)


def run(folder: Path, *arguments: object, given: bytes | None = None) -> subprocess.CompletedProcess[str]:
    return run_gate("authority", "import", folder, *arguments, given=given, strict=True)


def test_the_command_knows_a_workbook_by_its_content(authority: Authority, tmp_path: Path) -> None:
    book = xlsx(tmp_path / "people.csv", {"1": PLAIN})
    done = run(authority.path, book, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["rows"] == 3
    piped = run(authority.path, "-", given=book.read_bytes())
    assert (piped.returncode, piped.stderr.count("\n")) == (1, 1)
    assert "this is a workbook, not CSV" in piped.stderr


def test_workbooks_that_are_none(authority: Authority, tmp_path: Path) -> None:
    whole = xlsx(tmp_path / "a.xlsx", {"1": PLAIN}).read_bytes()
    contents = {
        "cut.xlsx": whole[: len(whole) // 2],
        "hole.xlsx": whole[:300] + bytes(40) + whole[340:],
        "zip.xlsx": b"PK\x03\x04workbook",
        "secret.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096),
        "page.xls": KINDS["a web page"],
        "random.xls": bytes(range(256)) * 8,
        "empty.ods": b"",
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
        done = run(authority.path, tmp_path / name)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), name
        for word in ("calamine", "Zip", "Cfb", "panick", "Traceback", "EOCD", "xml"):
            assert word not in done.stderr, name
    (tmp_path / "text.xlsx").write_bytes(text().encode("utf-8-sig"))
    assert run(authority.path, tmp_path / "text.xlsx").returncode == 0


def test_a_workbook_without_its_package(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(GateError, match="needs the Python package python-calamine"):
        authority.take_in(Workbook(xlsx(tmp_path / "a.xlsx", {"1": PLAIN})))


@pytest.mark.parametrize(
    "cell",
    [
        '<c><f>"red"</f><v /></c>',
        "<c><f>A1</f></c>",
        '<c><f t="shared" si="0"/></c>',
        '<c t="e"><f>1/0</f><v>#DIV/0!</v></c>',
        '<c t="e"><v>#N/A</v></c>',
    ],
)
def test_a_row_that_only_looks_empty_is_named(authority: Authority, tmp_path: Path, cell: str) -> None:
    rows = [*PLAIN[:2], (cell, cell), *PLAIN[2:]]
    with pytest.raises(BadRowsError, match="row 3: has only formulas that failed or were never calculated"):
        authority.take_in(Workbook(xlsx(tmp_path / "a.xlsx", {"1": rows})))
    with pytest.raises(BadRowsError, match="row 5: has only formulas"):
        authority.take_in(Workbook(xlsx(tmp_path / "b.xlsx", {"1": [*PLAIN, (cell, cell)]})))
    empty = '<c t="str"><f>T(B1)</f><v></v></c>'
    others = xlsx(tmp_path / "c.xlsx", {"sums": [(cell, cell)] * 9, "1": [*PLAIN, (empty, None)]})
    assert authority.take_in(Workbook(others)).rows == 3


def test_a_sheet_that_goes_on_with_the_table_is_named(authority: Authority, tmp_path: Path) -> None:
    sheets: list[Sequence[Sequence[object]]] = [
        PLAIN[1:2],
        [("Register",), *PLAIN],
        [(825408493, "red")],
        [(f"a{number}", "red") for number in range(7)],
    ]
    for number, sheet in enumerate(sheets):
        path = xlsx(tmp_path / f"{number}.xlsx", {"May": PLAIN, "June": sheet})
        with pytest.raises(PublishError, match=r"the sheet June of .* has statuses too"):
            authority.take_in(Workbook(path))
    legend = [("code", "means"), *enumerate(["red", "yellow", "blue", "green"])]
    assert authority.take_in(Workbook(xlsx(tmp_path / "a.xlsx", {"May": PLAIN, "legend": legend}))).rows == 3


def test_formulas_of_older_kinds_of_workbook(tmp_path: Path) -> None:
    """[MS-XLS] 2.4.127 Formula: row 31, with an empty text; 2.4.24 BoolErr: row 6, #N/A, and a truth value."""
    formula, error = bytes.fromhex("060025001f0000001100030000000000ffff"), bytes.fromhex("05020800060001000f002a01")
    truth = bytes.fromhex("05020800070001000f000100")
    (old := tmp_path / "a.xls").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + formula + error + truth)
    assert blank_rows(old, 0) == {7, 32}
    for formula, expected in ((b' office:value-type="string"', False), (b"", True)):
        with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
            archive.writestr("content.xml", b'<table:table-cell table:formula="of:=1"' + formula + b"/>")
        assert is_uncalculated(tmp_path / "a.ods") is expected


def test_a_sheet_of_tags_that_never_end_costs_no_time(tmp_path: Path) -> None:
    """In quadratic time each would take minutes, and the time limit of the tests would end it."""
    for name, tag in (("a.xlsx", '<c r="A1" '), ("b.ods", "<table:table-cell table:formula='' ")):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", '<sheet name="1" r:id="r1"/>')
            archive.writestr("xl/_rels/workbook.xml.rels", '<Relationship Id="r1" Target="worksheets/sheet1.xml"/>')
            archive.writestr("xl/worksheets/sheet1.xml", tag * 200_000)
            archive.writestr("content.xml", tag * 200_000)
        assert blank_rows(tmp_path / name, 0) == frozenset()
        assert not is_uncalculated(tmp_path / name)
