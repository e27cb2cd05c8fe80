"""The content of the sync's list.db, read by a sandboxed process.  Nothing of it is trusted yet."""

import json
import os
import selectors
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from gate.errors import DamagedError, StoreError
from gate.store.list_file import HINT
from gate.store.list_write import OUTDATED
from gate.worker.process import one_line

READ_WITHIN = 120.0  # seconds: 20 million people take 0.3 here; a card may be slow
MOST_DOCUMENTS = 16 << 20  # bytes of all documents
MOST_NIBBLES = 64 << 20  # bytes of the list: 128 million people
_MOST_HEADER = 64 << 10  # bytes
_CHUNK = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class ListOffer:
    """The unverified content of a list.db."""

    path: Path
    documents: dict[str, bytes]  # by name
    nibbles: bytes
    is_outdated: bool  # a person declared it wrong: `gate clock reset --list-is-wrong`


def read_offer(path: Path) -> ListOffer:
    """Read a list.db.  Raises DamagedError for a file that is no readable list, StoreError when the process cannot be
    started."""
    return parse_offer(path, _answer(path))


def parse_offer(path: Path, content: bytes) -> ListOffer:
    """Parse all that the process wrote about the file `path`.  Raises DamagedError."""
    header, _, rest = content.partition(b"\n")
    del content
    try:
        if len(header) > _MOST_HEADER:
            raise ValueError("a header")
        answer = json.loads(header)
        if "what" in answer:
            raise DamagedError(one_line(answer["what"]), hint=one_line(answer["hint"]))
        return _parsed(path, answer, memoryview(rest))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DamagedError(f"{path}: it cannot be read ({type(error).__name__})", hint=HINT) from error


def _parsed(path: Path, answer: dict[str, Any], rest: memoryview) -> ListOffer:
    """Parse the answer.  Raises ValueError, TypeError, KeyError."""
    documents, at = {}, 0
    for name, length in answer["documents"]:
        if type(name) is not str or type(length) is not int or not 0 <= length <= MOST_DOCUMENTS:
            raise ValueError("a document")
        documents[name] = bytes(rest[at : at + length])
        at += length
    if at > MOST_DOCUMENTS or answer["nibbles"] != len(rest) - at:
        raise ValueError("length")
    return ListOffer(path, documents, bytes(rest[at:]), answer["as_of"] == OUTDATED)


def _answer(path: Path) -> bytes:
    """Return all output of the process.  Raises StoreError, DamagedError."""
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "gate.sync.offer_main"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONUTF8": "1", "MALLOC_ARENA_MAX": "1"},
        )
    except OSError as error:
        raise StoreError(
            f"the process that reads {path} cannot be started: {error.strerror}", hint="Free memory, or processes"
        ) from error
    assert process.stdin is not None  # noqa: S101 - PIPE above
    assert process.stdout is not None  # noqa: S101 - PIPE above
    try:
        with suppress(OSError):  # it has ended: its output is checked below
            process.stdin.write(json.dumps(str(path)).encode() + b"\n")
            process.stdin.flush()
        return _bounded(path, process.stdout.fileno())
    finally:
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                pipe.close()
        process.wait()


def _bounded(path: Path, descriptor: int) -> bytes:
    content, end = bytearray(), monotonic() + READ_WITHIN
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while (left := end - monotonic()) > 0:
            if not selector.select(left):
                continue
            chunk = os.read(descriptor, _CHUNK)
            if not chunk:
                if not content:
                    raise DamagedError(f"{path}: the process that reads it ended", hint=HINT)
                return bytes(content)
            content += chunk
            if len(content) > MOST_DOCUMENTS + MOST_NIBBLES + _MOST_HEADER:
                raise DamagedError(f"{path}: it holds more than any list", hint=HINT)
    raise DamagedError(f"{path}: it cannot be read within {READ_WITHIN:.0f} s", hint=HINT)
