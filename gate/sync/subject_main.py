"""`python -m gate.sync.subject_main`: finds one person in the subject index, and verifies the place it states.

A child of the lane, so that the number lives in the memory of a process that ends with the answer, and a malicious
index can harm neither the lane nor its memory.  From the first byte of the index on it can write the lane's own
lists only, make no socket, and run no program.
"""

import os
import tempfile
from pathlib import Path

from gate.errors import GateError, StoreError
from gate.store import device_key
from gate.store.places import Places
from gate.store.subject_messages import FIND_SUBJECT, LONGEST_WORDS, FoundSubject, SoughtSubject, UnfoundSubject
from gate.worker.codec import Started
from gate.worker.confine import Rights, die_first, give_up, libraries, lower_data
from gate.worker.link import Link

MEMORY = 512 << 20  # bytes of data, as in a takeover: a segment is read whole to be verified
REQUESTED_WITHIN = 10.0  # seconds


def main() -> None:
    link = Link(FIND_SUBJECT)
    os.umask(0o077)
    places = Places(Path(link.settings["state_dir"]), Path(link.settings["list_dir"]))
    own = places.verified.list_dir
    root = Path(link.settings["root"]) if link.settings["root"] else None
    lower_data(MEMORY)
    die_first()
    from gate.store.subjects import find_subject
    from gate.sync.round import read_root
    from gate.sync.signed_subjects import confirm

    try:
        device, known = device_key.load(places.state_dir), read_root(root) if root else None
    except GateError as error:
        link.fail(error.what, error.hint)
    tempfile.tempdir = str(own)  # no other folder can be written
    give_up(Rights(read=(*libraries(), str(places.subjects)), write=(str(own),) if known else ()))
    link.send(Started())
    sought = link.receive(REQUESTED_WITHIN)
    if not isinstance(sought, SoughtSubject):
        link.end()
    try:
        if device is None or (known and not own.is_dir()):
            raise StoreError("there is no list yet", hint="Sync, and try again")
        idx = find_subject(sought.iin, device, places)
        if idx is not None and known is not None:
            confirm(sought.iin, idx, device, places, known)
        link.send(FoundSubject(idx))
    except GateError as error:
        link.send(UnfoundSubject(error.what[:LONGEST_WORDS], error.hint[:LONGEST_WORDS]))
    link.end()


if __name__ == "__main__":
    main()
