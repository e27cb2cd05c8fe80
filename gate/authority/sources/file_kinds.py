"""Kinds of files that are mistaken for a table of people, each with advice."""

import re

HEAD = 1 << 16  # bytes examined

_AS_CSV = 'Save it as "CSV UTF-8" or as an Excel workbook'
_UNPACK = "Unpack it, and give the table in it"

WORKBOOK = ("a workbook", _AS_CSV)
"""Kind and advice for Excel and LibreOffice: such a table is read, but from a file only."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BEGINNINGS = (
    (b"%PDF", "a PDF document", "Export the table from the program that made it, as CSV UTF-8"),
    (b"PAR1", "a Parquet file", "Name it as a file, not through a pipe"),
    (b"Rar!", "an archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "an archive", _UNPACK),
    (b"\x1f\x8b", "a compressed file", _UNPACK),
    (b"BZh", "a compressed file", _UNPACK),
    (b"\xfd7zXZ", "a compressed file", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a compressed file", _UNPACK),
    (b"{\\rtf", "a text document", _AS_CSV),
    (b"ID;P", "a SYLK table", _AS_CSV),
    (b"SQLite format 3\0", "an SQLite database", "Give it with --sql sqlite:///PATH and --query"),
    (b"ARROW1", "an Arrow file", "Write it as Parquet or CSV"),
    (b"FEA1", "a Feather file", "Write it as Parquet or CSV"),
    (b"ORC", "an ORC file", "Write it as Parquet or CSV"),
    (b"Obj\x01", "an Avro file", "Write it as Parquet or CSV"),
    (b"$FL", "an SPSS file", _AS_CSV),
    (b"\x89PNG", "a picture", "Give a table"),
    (b"\xff\xd8\xff", "a picture", "Give a table"),
    (b"\x7fELF", "a program", "Give a table"),
    (b"\x09\x08\x06\0", "a workbook of a very old Excel", _AS_CSV),
    (b"\x09\x04\x06\0", "a workbook of a very old Excel", _AS_CSV),
    (b"\x09\x02\x06\0", "a workbook of a very old Excel", _AS_CSV),
    (b"\x09\0\x04\0", "a workbook of a very old Excel", _AS_CSV),
)
_MARKUP = re.compile(rb"\s*<(\?xml|!doctype|html|head|body|table|meta|div|style)", re.IGNORECASE)
_JSON = re.compile(rb'\s*(\[\s*[\[{"]|\{\s*")')


def name_kind(head: bytes) -> tuple[str, str] | None:
    """Return what begins so, and what to do: ("a PDF document", "Export ...").  None: it may be a text table."""
    if head.startswith(_OLE):
        return WORKBOOK
    if head.startswith(b"PK\x03\x04"):
        return _name_archive(head)
    for beginning, what, todo in _BEGINNINGS:
        if head.startswith(beginning):
            return what, todo
    text = head.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    if _MARKUP.match(text):
        if b"schemas-microsoft-com:office:spreadsheet" in text:
            return "an XML spreadsheet", 'Open it in Excel and save it as "Excel workbook (.xlsx)"'
        return "a web page that a program calls a workbook", 'Open it in Excel and save it as "Excel workbook (.xlsx)"'
    if _JSON.match(text):
        return "JSON", "Write it as CSV or Parquet"
    if b"\0" in head[:512].partition(b"\n")[0] and not head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")):
        return None if _is_wide(head[:512]) else ("no text, nor a workbook", _AS_CSV)
    return None


def _name_archive(head: bytes) -> tuple[str, str]:
    if b"vnd.oasis.opendocument.spreadsheet" in head[:200] or b"xl/" in head or b"workbook" in head:
        return WORKBOOK
    if b"[Content_Types].xml" in head[:200]:
        return WORKBOOK if b"word/" not in head and b"ppt/" not in head else ("a text document", _AS_CSV)
    if b"Index/" in head and b".iwa" in head:
        return "a Numbers document", "Export it as CSV (UTF-8) or Excel"
    if b"vnd.oasis.opendocument" in head[:200]:
        return "a text document", _AS_CSV
    return "a ZIP archive", _UNPACK


def _is_wide(head: bytes) -> bool:
    """Return whether it is UTF-16 or UTF-32 without a byte order mark; the letters of a header are ASCII."""
    return head[:4].count(0) in (2, 3)
