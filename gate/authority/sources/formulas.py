"""Cells of a workbook that look empty and are not: formulas that failed or were never calculated.

A library that writes a workbook (openpyxl, Apache POI, odfpy, xlwt) leaves calculating to Excel or LibreOffice.
The values of such a row look empty, so the person in it would be skipped.
"""

import mmap
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

_BLOCK = 1 << 20  # bytes read at once
_CELL_MAX = 1 << 17  # bytes of a cell's element: a LibreOffice formula has up to 65,535 characters
_INDEX_MAX = 1 << 24  # bytes of the lists of sheets and parts; a hundred sheets are 20 kB

# No attribute contains "<" (XML 1.0, 3.1), so each tag is scanned up to the next "<", in linear time.
_SHEET = re.compile(rb"""<(?:\w+:)?sheet\b[^<>]*\s\w+:id\s*=\s*["']([^"']+)["']""")
_PART = re.compile(rb"<(?:\w+:)?Relationship\b[^<>]*>")
_ID, _TARGET = (re.compile(rb"\b" + name + rb"""\s*=\s*["']([^"']+)["']""") for name in (b"Id", b"Target"))
_XLSX_CELL = re.compile(
    rb"""<(?:\w+:)?c\b(?=[^<>]*\br\s*=\s*["'][A-Z]{1,3}(?P<row>[0-9]{1,7})["'])"""
    rb"""(?:(?=[^<>]*\bt\s*=\s*["']e["'])|(?![^<>]*\bt\s*=\s*["']str["'])[^<>]*>\s*"""  # str: an empty text
    rb"<(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\b[^<>]*/>|<(?:\w+:)?v\b[^<>]*>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>)"
)
_ODS_CELL = re.compile(
    rb"<table:table-cell\b(?=[^<>]*\btable:formula\s*=)(?![^<>]*\boffice:value-type\s*=)(?P<row>)[^<>]*>"
)

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_XLS_CELL = re.compile(
    rb"\x06\x00..(?P<row>..)....[\x02\x03].....\xff\xff|\x05\x02\x08\x00(?P<error>..)....[\x00-\x2b]\x01", re.DOTALL
)
"""[MS-XLS] 2.4.127 Formula with an error or an empty text as value, and 2.4.24 BoolErr with an error: id, size, row,
column, format, value.  An empty text may also be a calculated one: the file does not distinguish them."""


def blank_rows(path: Path, sheet: int) -> frozenset[int]:
    """Return the rows with such a cell, counted from 1.  `sheet`: position among the sheets, from 0.

    For xls, of any sheet.  Empty for xlsb, which only programs write that calculate, and for a damaged file: the
    reader of its values reports that."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                part = _part_of(archive, sheet)
                cells = _cells(archive, part, _XLSX_CELL) if part else ()
                return frozenset(int(cell["row"]) for cell in cells)
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if data[: len(_OLE)] != _OLE:
                return frozenset()
            return frozenset(int.from_bytes(c["row"] or c["error"], "little") + 1 for c in _XLS_CELL.finditer(data))
    except Exception:  # noqa: BLE001 - of zipfile, zlib, struct, mmap
        return frozenset()


def is_uncalculated(path: Path) -> bool:
    """Return whether it is an ods file with a formula that was never calculated."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "content.xml" in archive.namelist() and any(_cells(archive, "content.xml", _ODS_CELL))
    except Exception:  # noqa: BLE001 - as above
        return False


def _part_of(archive: zipfile.ZipFile, sheet: int) -> str | None:
    names = set(archive.namelist())
    if "xl/workbook.xml" not in names:
        return None
    ids = _SHEET.findall(_beginning(archive, "xl/workbook.xml"))
    for part in _PART.findall(_beginning(archive, "xl/_rels/workbook.xml.rels")):
        found, target = _ID.search(part), _TARGET.search(part)
        if found and target and found[1] == ids[sheet]:
            name = target[1].decode().removeprefix("/").removeprefix("./")
            return name if name in names else f"xl/{name}"
    return None


def _beginning(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(_INDEX_MAX)


def _cells(archive: zipfile.ZipFile, name: str, cell: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """Yield the matching cells; some may be duplicated."""
    rest = b""
    with archive.open(name) as part:
        while block := part.read(_BLOCK):
            text = rest + block
            yield from cell.finditer(text)
            rest = text[-_CELL_MAX:]
