"""One input to one target, within its bounds."""

import resource
import time
from pathlib import Path

from gate.errors import ConfigError
from tests.fuzz.target import Target
from tests.fuzz.targets import CORPUS

MEMORY = 700  # MB that a process may grow to: the largest picture takes 550
_TRIES = 3  # a collection of garbage may fall into one of them


def check(target: Target, data: bytes) -> bool:
    """Run it; False when it was refused.  Raises AssertionError for too much processor or memory, and whatever
    is not the target's own refusal."""
    spent, said = [], ""
    for _ in range(_TRIES):
        start = time.thread_time()
        said = _refused(target, data)
        spent.append(time.thread_time() - start)
        if spent[-1] <= target.cpu:
            break
    assert "\n" not in said or target.refusal is ConfigError, "a refusal is one line"
    assert min(spent) <= target.cpu, f"took {min(spent):.3f} s of processor, at most {target.cpu} s are allowed"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    assert peak <= MEMORY, f"this process grew to {peak} MB"
    return not said


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
