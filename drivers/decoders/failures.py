"""Keeps what a reader library stumbles over from ending a process: such a step has read nothing.

pyzbar raises ValueError on a structured append, OpenCV and NumPy raise on degenerate geometry; which picture does
it is for a stranger to choose.
"""

from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")

failures: Counter[str] = Counter()
"""Of this process, by step and exception: "zbar_texts ValueError"."""


def shielded(nothing: Callable[[], _Result]) -> Callable[[Callable[_Given, _Result]], Callable[_Given, _Result]]:
    """Decorate a step of reading: whatever it raises is counted, and it gives `nothing()`."""

    def decorate(step: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
        @wraps(step)
        def guarded(*args: _Given.args, **kwargs: _Given.kwargs) -> _Result:
            try:
                return step(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - libraries name no types
                failures[f"{step.__name__} {type(error).__name__}"] += 1
                return nothing()

        return guarded

    return decorate
