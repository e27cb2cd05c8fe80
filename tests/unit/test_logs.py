"""The log: a line that cannot be written is lost, and ends nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import structlog
from gate.runtime.logs import set_up
set_up()
for number in range(2000):  # more than any buffer holds
    structlog.get_logger().error("the list is gone", number=number)
print("went on")
"""


@pytest.mark.parametrize("target", ["a pipe that nobody reads", "a full disk"])
def test_a_log_that_cannot_be_written_ends_nothing(target: str) -> None:
    if target == "a full disk":
        log = os.open(Path("/dev/full"), os.O_WRONLY)
    else:
        nobody, log = os.pipe()
        os.close(nobody)
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=log, timeout=60, check=False
        )
    finally:
        os.close(log)
    assert done.stdout == b"went on\n"
