"""What a test asks the server of commands for."""

from dataclasses import dataclass

LONGEST = 1 << 20  # bytes: an environment and a command line


@dataclass(frozen=True, slots=True)
class Request:
    module: str  # run as by `python -m`
    arguments: list[str]
    environment: dict[str, str]
    folder: str
    strict: bool  # warnings are errors
    session: bool  # in a session of its own
    umask: int | None
