"""`gate read`: the texts of codes in pictures."""

import json
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from gate.errors import GateError, PictureError
from gate.logs import escaped
from gate.ports.decoder import Reading
from gate.registry import decoder

SUFFIXES = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".heif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
"""The picture files of a directory, by their endings.  A file that is named is read whatever its ending."""

_PROGRESS_FROM = 20  # pictures


@click.command()
@click.argument("pictures", metavar="(IMAGE|DIR)...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line: file, texts, decoder, ms.")
def read(pictures: tuple[Path, ...], as_json: bool) -> None:
    """Read the QR codes in pictures.

    Each picture gets a row.  A directory stands for the pictures in it and below it, sorted by name.  A file
    that cannot be opened as a picture is reported on stderr; the others are read, and the exit code is 1.
    """
    reader = decoder()
    problems: list[GateError] = []
    files = list(_walk(pictures, problems))
    width = max((len(escaped(str(path))) for path in files), default=0)
    for path in _with_progress(files):
        try:
            reading = reader.read_file(path)
        except PictureError as error:
            problems.append(error)
            continue
        click.echo(_as_json(path, reading) if as_json else _as_row(path, reading, width))
    for problem in problems:
        click.echo(f"gate: {problem}", err=True)
    sys.exit(1 if problems else 0)


def _walk(paths: Iterable[Path], problems: list[GateError]) -> Iterator[Path]:
    """Yield the named files, with directories replaced by the pictures under them."""
    for path in paths:
        try:
            status = path.stat()
        except OSError as error:
            problem = "there is no such file or directory" if isinstance(error, FileNotFoundError) else error.strerror
            problems.append(PictureError(f"{path}: {problem}", hint="Check the name"))
            continue
        if not stat.S_ISDIR(status.st_mode):
            yield path
            continue
        found = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        if not found:
            hint = "Name a picture, or a directory with PNG or JPEG files"
            problems.append(PictureError(f"{path}: holds no pictures", hint=hint))
        yield from found


def _with_progress(files: list[Path]) -> Iterator[Path]:
    """Yield the files, with a bar on stderr when there are many and a person watches who does not see the rows."""
    with ExitStack() as stack:
        if len(files) < _PROGRESS_FROM or sys.stdout.isatty() or not sys.stderr.isatty():
            yield from files
            return
        columns = (TextColumn("reading"), BarColumn(), MofNCompleteColumn())
        # Drawn from this thread, because the decoder silences stderr while it works.
        bar = Progress(
            *columns,
            console=Console(stderr=True),
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        stack.enter_context(bar)
        task = bar.add_task("reading", total=len(files))
        for file in files:
            yield file
            bar.update(task, advance=1, refresh=True)


def _as_json(path: Path, reading: Reading) -> str:
    row = {"file": str(path), "texts": list(reading.texts), "decoder": reading.decoder, "ms": round(reading.ms, 3)}
    return json.dumps(row)


def _as_row(path: Path, reading: Reading, width: int) -> str:
    """Return file, decoder, ms and text; a second text of the same picture has its own line."""
    first, *more = [escaped(text) for text in reading.texts] or ["-"]
    row = f"{escaped(str(path)):<{width}}  {reading.decoder or '-':<14}  {reading.ms:>7.1f} ms  "
    return "\n".join([row + first, *(" " * len(row) + text for text in more)])
