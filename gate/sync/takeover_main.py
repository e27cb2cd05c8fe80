"""`python -m gate.sync.takeover_main`: verifies a sync's offer, and takes it into the lane's own list.

A child of the lane, at the lowest priority: the memory of python-tuf and NumPy is freed when it exits.  From the
first byte of the offer on it can write the lane's own lists only, make no socket, and run no program.
"""

import os
import tempfile
from contextlib import suppress
from os.path import lexists
from pathlib import Path

from gate.errors import DamagedError, GateError, PublishError
from gate.store.places import Places
from gate.store.takeover_messages import LONGEST, TAKEOVER, TakeoverRefused, Took
from gate.worker.codec import Started
from gate.worker.confine import Rights, die_first, give_up, libraries, lower_data
from gate.worker.link import Link

MEMORY = 512 << 20  # bytes of data, as in a visit to a mirror
NICE = 19
_KILLED_FIRST = 900  # of 1000: before all but a visit to a mirror


def main() -> None:
    link = Link(TAKEOVER)
    os.umask(0o077)
    places = Places(Path(link.settings["state_dir"]), Path(link.settings["list_dir"]))
    if lexists(places.verified.list_db):  # without one the lane admits nobody until this is done
        _stand_back()
    lower_data(MEMORY)  # a malicious file ends this process, and no other
    die_first(_KILLED_FIRST)
    from gate.sync.takeover import take_over

    link.send(Started())
    tempfile.tempdir = os.environ["SQLITE_TMPDIR"] = str(places.verified.list_dir)  # no other folder can be written
    rights = Rights(read=libraries(), write=(str(places.verified.list_dir),))
    try:
        link.send(Took(*take_over(places, Path(link.settings["root"]), lambda: give_up(rights))))
    except GateError as error:
        final = isinstance(error, DamagedError | PublishError)
        link.send(TakeoverRefused(error.what[:LONGEST], error.hint[:LONGEST], final))
    except MemoryError:
        what = f"{places.held_list_db}: it takes too much memory"
        link.send(TakeoverRefused(what, "The next `gate sync` writes it again", True))
    link.end()


def _stand_back() -> None:
    """Lower this process's priority below the lane's."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICE)


if __name__ == "__main__":
    main()
