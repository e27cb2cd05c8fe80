"""Serial lines of tests."""

import os
import time
from contextlib import suppress


def fill(line: int) -> None:
    """Until it takes nothing more, and goes on taking nothing: the kernel moves bytes on a little later."""
    taken = True
    while taken:
        taken = False
        for size in (512, 1):
            with suppress(BlockingIOError):
                while os.write(line, bytes(size)):
                    taken = True
        time.sleep(0.02)
