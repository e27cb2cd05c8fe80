"""Memory that is overwritten when it is freed: an IIN passes through the desk, and nothing of it is to stay.

The interpreter and the C library can do it, if they are told before they start.
"""

import os
import sys

_WIPING = {"PYTHONMALLOC": "malloc_debug", "MALLOC_PERTURB_": "165"}
"""CPython fills what it frees with 0xDD, glibc what it frees with 0x5A."""


def wipe_freed_memory() -> None:
    """Start this program again with memory that is overwritten when it is freed, unless it has it."""
    if all(name in os.environ for name in _WIPING):
        return
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **_WIPING})  # noqa: S606 - itself
