"""A collection of pictures with their texts: a CSV file, and files beside it."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rendering import Grey

from drivers.decoders.image_file import load_grey
from gate.errors import PictureError, UsageError

COLUMNS = frozenset({"set", "file", "expected", "codes"})


@dataclass(frozen=True, slots=True)
class Case:
    set: str
    picture: Grey
    text: str | None  # of its code; None: there is no code
    codes: int = 1


def cases(manifest: Path, problems: list[str]) -> Iterator[Case]:
    """Yield the rows.  `expected` names a file with the text; without one, `codes` states that there is no code (0).

    Other rows are skipped: the right answer is unknown.  Raises UsageError."""
    with manifest.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = COLUMNS - set(reader.fieldnames or ())
        if missing:
            raise UsageError(f"{manifest}: no column {', '.join(sorted(missing))}", hint="Give a CSV file with these")
        for row in reader:
            codes = int(row["codes"] or 1)
            if not row["expected"] and codes:
                continue
            try:
                picture = load_grey(manifest.parent / row["file"])
                text = _text(manifest.parent / row["expected"]) if row["expected"] else None
            except (PictureError, OSError) as error:
                problems.append(str(error))
                continue
            yield Case(row["set"], picture, text, codes)


def _text(path: Path) -> str:
    data = path.read_bytes()
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
