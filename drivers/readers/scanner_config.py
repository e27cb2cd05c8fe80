"""The settings that every scanner has, whatever it is attached to: its format of a code."""

from typing import Annotated, Literal

from pydantic import Field

from gate.ports.driver import Duration
from gate.ports.reader import ReaderConfig


class ScannerText(ReaderConfig):
    ends: Annotated[
        Literal["line", "silence"],
        Field(
            description="what ends a code: a line end (CR, LF, TAB, ETX; ENTER of one that types), or a tenth of a "
            "second of silence, for scanners that send none"
        ),
    ] = "line"
    prefix: Annotated[
        str, Field(max_length=64, description="prefix that the scanner is set to put before each code; it is removed")
    ] = ""
    suffix: Annotated[
        str,
        Field(
            max_length=64,
            description="suffix that it is set to put after each code, before the line end; it is removed",
        ),
    ] = ""
    same_code_after: Annotated[
        Duration,
        Field(ge=0, le=60, description="time out of view after which the same code is a new presentation"),
    ] = 3.0
