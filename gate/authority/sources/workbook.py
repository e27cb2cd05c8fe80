"""Rows from a workbook of Excel or LibreOffice: xlsx, xlsb, xls, ods; read by calamine."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gate.authority.sources.formulas import blank_rows, is_uncalculated
from gate.authority.sources.ids import Ids
from gate.authority.sources.problems import Problems
from gate.authority.sources.rows import BATCH, STATUSES, Batch, Columns, Progress, RowByRow, is_status, not_installed
from gate.core.iin import looks_like_iin
from gate.errors import PublishError
from gate.worker.stderr import silenced

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

SUFFIXES = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"})
LARGEST = 256 << 20  # bytes of the file
UNPACKED = 2 << 30  # bytes of its content: a million rows are some 100 MB

_CALCULATE = "Open it in Excel or LibreOffice and save it again, or paste the values in place of the formulas"
_SAVE = 'Open it, remove its password if it has one, and save it as "Excel workbook (.xlsx)" or "CSV UTF-8"'


class Workbook:
    """A `PeopleSource` over a workbook.  Row numbers are those that the program shows.  The sheet is the one whose
    first row names the columns."""

    called = "row"

    def __init__(self, path: Path, progress: Progress | None = None) -> None:
        self._path = path
        self._progress = progress

    def batches(self, limit: int, problems: Problems, ids: Ids | None = None) -> Iterator[Batch]:
        self._check_size()
        if is_uncalculated(self._path):
            raise PublishError(f"{self._path} has a formula that was never calculated", hint=_CALCULATE)
        with self._opened() as workbook:
            sheet, columns = self._sheet(workbook)
            closer = RowByRow(columns, limit, problems, ids or Ids(None))
            self._check_blank_rows(sheet, workbook.sheet_names.index(sheet.name), problems)
            for number, cells in _filled(sheet, skip=1):
                closer.take(number, [_plain(cell, columns, at) for at, cell in enumerate(cells)])
                if len(closer) == BATCH:
                    yield closer.batch()
                if self._progress:
                    self._progress(1)
            yield closer.batch()

    def _check_size(self) -> None:
        try:
            size = self._path.stat().st_size
            with zipfile.ZipFile(self._path) as archive:
                unpacked = sum(entry.file_size for entry in archive.infolist())
        except OSError as error:
            raise PublishError(f"cannot read {self._path}: {error.strerror}", hint="Name a file") from error
        except Exception:  # noqa: BLE001 - an xls is no archive; calamine reports faults of the others
            unpacked = 0
        if size > LARGEST or unpacked > UNPACKED:
            raise PublishError(f"the workbook {self._path} is too large", hint="Save its table as CSV UTF-8")

    def _check_blank_rows(self, sheet: "CalamineSheet", place: int, problems: Problems) -> None:
        if blank := blank_rows(self._path, place):
            for number in sorted(blank.difference(number for number, _ in _filled(sheet))):
                problems.add(number, "has only formulas that failed or were never calculated; write values")

    def _sheet(self, workbook: "CalamineWorkbook") -> tuple["CalamineSheet", Columns]:
        found, others = [], []
        for name in workbook.sheet_names:
            with self._reading():
                sheet = workbook.get_sheet_by_name(name)
                _, header = next(_filled(sheet), (0, []))
            if columns := Columns.named([str(cell) for cell in header]):
                found.append((sheet, columns))
            else:
                others.append(sheet)
        if len(found) > 1:
            names = ", ".join(sheet.name for sheet, _ in found)
            raise PublishError(f"several sheets of {self._path} are such tables: {names}", hint="Leave one of them")
        if not found:
            raise PublishError(
                f"no sheet of {self._path} begins with the names of the columns",
                hint='Its first row must name "idx" or "person", and "status"',
            )
        for sheet in others:
            if _has_statuses(sheet, found[0][1]):
                raise PublishError(
                    f"the sheet {sheet.name} of {self._path} has statuses too, and does not begin with the names of "
                    "the columns",
                    hint="Move its rows to the other sheet, or take it out",
                )
        return found[0]

    @contextmanager
    def _opened(self) -> Iterator["CalamineWorkbook"]:
        try:
            from python_calamine import CalamineWorkbook
        except ImportError as error:
            raise not_installed("A workbook", "python-calamine") from error
        with self._reading():
            workbook = CalamineWorkbook.from_path(self._path)
        yield workbook

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Replace the library's exceptions, whose messages help no user."""
        try:
            with silenced():
                yield
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of its Rust code is no Exception
            raise PublishError(
                f"{self._path} is no workbook that can be read, is damaged, or has a password", hint=_SAVE
            ) from error


def _has_statuses(sheet: "CalamineSheet", columns: Columns) -> bool:
    """Return whether this sheet also has rows of the table with these columns.  A legend of the statuses does not
    count."""
    count = 0
    for _, cells in _filled(sheet):
        if Columns.named([str(cell) for cell in cells]):
            return True
        if len(cells) > max(columns.key, columns.status) and is_status(cells[columns.status]):
            if columns.by_person and looks_like_iin(str(cells[columns.key])):
                return True
            count += cells[columns.key] != ""
    return count > len(STATUSES)


def _filled(sheet: "CalamineSheet", skip: int = 0) -> Iterator[tuple[int, list[object]]]:
    """Yield rows that are not empty with their numbers, after the first `skip`."""
    first = (sheet.start or (0, 0))[0] + 1
    for number, cells in enumerate(sheet.iter_rows(), first):
        if any(cell not in ("", None) for cell in cells):
            if skip:
                skip -= 1
                continue
            yield number, list(cells)


def _plain(cell: object, columns: Columns, at: int) -> object:
    """Convert a place to a whole number; an id that is a number stays one, and is refused."""
    if at == columns.key and not columns.by_person and isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return cell
