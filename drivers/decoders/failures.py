"""Containment of a reader library's exceptions: a step that raises has read nothing.

pyzbar raises ValueError on a structured append, OpenCV and NumPy raise on degenerate geometry.  A stranger can choose
such a picture.
"""

from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")

failures: Counter[str] = Counter()
"""Of this process, by function or step and exception: "decode_with_zbar ValueError"."""


def count_failure(where: str, error: Exception) -> None:
    """Add one to the failures of `where`."""
    failures[f"{where} {type(error).__name__}"] += 1


def contain_failures(
    nothing: Callable[[], _Result],
) -> Callable[[Callable[_Given, _Result]], Callable[_Given, _Result]]:
    """Decorate a function: an exception that it raises is counted, and it returns `nothing()`."""

    def decorate(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
        @wraps(function)
        def contained(*args: _Given.args, **kwargs: _Given.kwargs) -> _Result:
            try:
                return function(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - libraries name no types
                count_failure(function.__name__, error)
                return nothing()

        return contained

    return decorate
