"""A made-up nation, and its authority's cost of importing and publishing it.

The people are made up from a stable seed: 70 % blue, 25 % green, 2 % yellow, 1 % red, 2 % unlisted.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from spending import Spent, gate

NATION = 20_000_000
MIX = {"blue": 0.70, "green": 0.25, "yellow": 0.02, "red": 0.01, "unlisted": 0.02}

Form = Literal["idx", "person"]

_SEED = 20_261_124
_BLOCK = 100_000  # rows written at once
_DAYS = 29_220  # people were born in eighty years
_STEP = 1_000_000_007  # prime: steps through all made-up ids without a repetition
_IDS = _DAYS * 10_000
_ENDS = np.array([list(f",{word}\n".encode().ljust(10, b"\0")) for word in MIX], np.uint8)


def write_csv(path: Path, form: Form, people: int = NATION) -> None:
    """Write `people` rows, `idx,status` in order or `person,status` in none; 20 million take a few seconds."""
    with path.open("wb") as file:
        file.write(f"{form},status\n".encode())
        for block in _rows(form, people):
            file.write(block)


def import_and_publish(form: Form, people: int = NATION, *, parent: Path) -> dict[str, Spent]:
    """Measure `gate authority import` and `publish`, each in a process of its own.

    They work in a folder below `parent` that is removed afterwards.  The second import finds all people known.
    Raises RuntimeError with the command's output."""
    with TemporaryDirectory(prefix="gate-bench-", dir=parent) as folder:
        csv, authority = Path(folder) / "people.csv", Path(folder) / "authority"
        write_csv(csv, form, people)
        gate("authority", "init", authority)
        gate("authority", "add-issuer", authority, "bench")
        return {
            "import": gate("authority", "import", authority, csv)[0],
            "import_again": gate("authority", "import", authority, csv)[0],
            "publish": gate("authority", "publish", authority)[0],
        }


def _rows(form: Form, people: int) -> Iterator[bytes]:
    random = np.random.default_rng(_SEED)
    for start in range(0, people, _BLOCK):
        number = np.arange(start, min(start + _BLOCK, people))
        keys = _decimals(number) if form == "idx" else _ids(number)
        ends = _ENDS[random.choice(len(MIX), number.size, p=list(MIX.values()))]
        cells = np.concatenate([keys, ends], axis=1)
        yield cells[cells != 0].tobytes()


def _ids(number: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return twelve digits like an IIN: day of birth, century and sex, serial number; all different."""
    mixed = number * _STEP % _IDS
    day = (np.datetime64("1941-01-01") + mixed % _DAYS).astype("datetime64[D]")
    year = day.astype("datetime64[Y]").astype(np.int64) + 1970
    month = day.astype("datetime64[M]").astype(np.int64) % 12 + 1
    of_month = (day - day.astype("datetime64[M]")).astype(np.int64) + 1
    serial = mixed // _DAYS
    century = np.where(year < 2000, 3, 5) + serial % 2
    value = (year % 100 * 10_000 + month * 100 + of_month) * 10**6 + century * 10**5 + serial * 10
    return _decimals(value, width=12)


def _decimals(value: NDArray[np.int64], width: int = 0) -> NDArray[np.uint8]:
    """Return digits, one row a number; 0 in place of leading zeros unless `width` is given."""
    powers = 10 ** np.arange((width or len(str(value.max()))) - 1, -1, -1)
    digits = (value[:, None] // powers % 10 + ord("0")).astype(np.uint8)
    if not width:
        digits[(value[:, None] < powers) & (powers > 1)] = 0
    return digits
