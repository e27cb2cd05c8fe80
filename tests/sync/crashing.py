"""A sync that is killed, or refused by the disk, at any one of its system calls.

A job: state, mirror, root, now.
"""

import logging
from pathlib import Path

from gate.errors import GateError
from gate.sync.sync import ListSource, sync
from tests.commands.jobs import carry_out

REFUSED = 17  # exit code: a GateError, as it should be


def _run(job: dict[str, str]) -> int:
    try:
        sync(ListSource([job["mirror"]], Path(job["root"]), Path(job["state"]), 1e9), float(job["now"]))
    except GateError:
        return REFUSED
    return 0


if __name__ == "__main__":
    logging.disable()
    carry_out(_run)
