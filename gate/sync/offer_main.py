"""`python -m gate.sync.offer_main`: reads a list.db that a sync wrote, for the process that verifies it.

An attacker may have made the file that SQLite opens here.  So this process first gives up every right but reading
that file.  It writes plain bytes: a line of JSON (lengths, or the fault), then the documents and the nibbles.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from contextlib import closing, suppress
from pathlib import Path

from gate.errors import GateError
from gate.logs import set_up_child
from gate.store.list_file import ListFile, damaged, is_earlier
from gate.worker.confine import Rights, give_up, lower, lower_limits

MEMORY = 512 << 20  # bytes of address space
CPU = 60  # seconds: ends an endless query; 20 million people take 0.3 here
_PR_SET_PDEATHSIG = 1  # prctl(2)


def main() -> None:
    out = os.dup(1)
    os.dup2(2, 1)  # library output must not mix with the answer
    set_up_child()
    lower_limits(MEMORY)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    with suppress(OSError, ValueError):
        lower(resource.RLIMIT_CPU, CPU)
    path = Path(json.loads(sys.stdin.readline()))
    give_up(Rights(read=(str(path),)))
    try:
        header, bodies = _read(path)
    except GateError as error:
        header, bodies = {"what": error.what, "hint": error.hint}, []
    _write(out, json.dumps(header).encode() + b"\n")
    for body in bodies:
        _write(out, body)


def _read(path: Path) -> tuple[dict[str, object], list[bytes]]:
    if is_earlier(path):
        raise damaged(path, "it is of an earlier form, without signatures")
    with closing(ListFile(path)) as file:
        documents, nibbles = file.documents(), file.nibbles()
    lengths = [(name, len(body)) for name, body in documents.items()]
    return {"documents": lengths, "nibbles": len(nibbles), "as_of": file.head.as_of}, [*documents.values(), nibbles]


def _write(out: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(out, left) :]


if __name__ == "__main__":
    main()
