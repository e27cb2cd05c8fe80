"""The record of an acceptance: what was tried at a gate before it was handed over, and how its digest is kept.

The record is one HTML file.  Its facts are JSON in it, between two marks; their SHA-256 is a row of the gate's journal,
whose chain is signed with the device's key.  So the file proves itself against the journal, and nobody needs a key to
make it.  Pure.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

BEGIN = '<script type="application/json" id="acceptance">'
END = "</script>"
LARGEST = 256 * 1024  # characters of a record


def canonical(facts: Mapping[str, Any]) -> str:
    """Return the facts as one text of ASCII that HTML takes for nothing else."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def digest_of(text: str) -> str:
    """Return the SHA-256 of canonical facts, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def facts_in(record: str) -> tuple[str, dict[str, Any]]:
    """Return the canonical text of the facts in a record, and the facts.  Raises ValueError for another file."""
    head, begin, rest = record[:LARGEST].partition(BEGIN)
    text, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in after or BEGIN in head:
        raise ValueError("this file is no record of an acceptance")
    facts = json.loads(text)
    if not isinstance(facts, dict) or canonical(facts) != text:
        raise ValueError("the facts in this record were written by something else")
    return text, facts
