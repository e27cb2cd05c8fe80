"""A signed reset of the time, made with the offline keys when a list carried a time that never was.

Data, signed and synced like the trust list.  `parse_time` takes the JSON of `time.json`:

    {"version": 1, "to": 1800000000}        # Unix s: no floor later than that was right

Every gate obeys each version once: see gate.core.trusted_time.reset.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gate.core.form_error import first_error
from gate.core.trusted_time import LATEST
from gate.errors import PublishError


class TimeForm(BaseModel):
    """time.json as a whole."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Annotated[int, Field(ge=1, lt=2**53, strict=True)]
    to: Annotated[int, Field(ge=1, le=int(LATEST), strict=True)]


@dataclass(frozen=True, slots=True)
class TimeReset:
    """One reset of the time."""

    number: int  # its version: a gate obeys each once, and none below the last
    to: int  # Unix s


def parse_time(text: str | bytes) -> TimeReset:
    """Parse a reset.  Raises PublishError."""
    try:
        form = TimeForm.model_validate_json(text)
    except ValidationError as error:
        hint = "Write it again: `gate authority reset-time DIR`"
        raise PublishError(f"time.json: {first_error(error)}", hint=hint) from error
    return TimeReset(form.version, form.to)
