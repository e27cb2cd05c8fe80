"""The common base of every table of a configuration."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

WRONG = "gate"
"""Type of the errors made here.  Their `ctx` holds `what`, `hint` and, if another key than the table is at fault,
`key`."""

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
WORD_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$"  # as in venue rules

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Word = Annotated[str, StringConstraints(pattern=WORD_PATTERN)]

DAY = 86400.0

TABLES = "tables"
"""Mark of a field that a file states as [[tables]] of its own, after all other keys of its table."""


def wrong(what: str, hint: str, *, key: str = "") -> PydanticCustomError:
    """Return an error with what is wrong and what to do."""
    return PydanticCustomError(WRONG, "{what}", {"what": what, "hint": hint, "key": key})


class Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
