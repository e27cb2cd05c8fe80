"""One input to one target, within its bounds."""

import resource
import time
from pathlib import Path
from typing import NamedTuple

from gate.errors import ConfigError
from tests.fuzz.target import Target
from tests.fuzz.targets import CORPUS

MEMORY = 700  # MB that a process may grow to: the largest picture takes 550
_TRIES = 5  # collections of garbage, first uses of a table and other programs on the same core fall into some of them


class Checked(NamedTuple):
    taken: bool
    seconds: float  # of processor: the least of the tries


def check(target: Target, data: bytes) -> Checked:
    """Run one input, again where it was slow.  Raises AssertionError for too much processor or memory, and an
    exception that is not the target's own refusal."""
    spent, said = [], ""
    for _ in range(_TRIES):
        start = time.thread_time()
        said = _refused(target, data)
        spent.append(time.thread_time() - start)
        if spent[-1] <= target.cpu / 4:  # so that the slowest of a run is the slowest input
            break
    assert "\n" not in said or target.refusal is ConfigError, "a refusal is one line"
    assert min(spent) <= target.cpu, f"took {min(spent):.3f} s of processor, at most {target.cpu} s are allowed"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    assert peak <= MEMORY, f"this process grew to {peak} MB"
    return Checked(not said, min(spent))


def _refused(target: Target, data: bytes) -> str:
    """The words of its refusal; "" when it took the input."""
    if target.refusal is None:
        target.run(data)
        return ""
    try:
        target.run(data)
    except target.refusal as error:
        return str(error) or "refused"
    return ""


def corpus(name: str) -> list[Path]:
    """Inputs that once broke something, or are hard to come to."""
    return sorted(path for path in (CORPUS / name).glob("*") if path.is_file())
