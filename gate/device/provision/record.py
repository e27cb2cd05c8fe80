"""Record of the last set-up: its file, and the files that it made.

Nothing large is imported: at every start the lane waits for the answer that nothing is new.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from gate.device.layout import DeviceLayout
from gate.device.provision.change import is_decided
from gate.store.durable import read_regular

RESULT = "gate-result.txt"  # on the card
APPLIED = "gate.toml is APPLIED"  # ends its first line

_MOST = 1 << 16  # bytes
_LARGEST_FILE = 1 << 17  # bytes of the file that are read: one that is larger was never applied
_FORM = 1


@dataclass(frozen=True, slots=True)
class SetUpRecord:
    """The last file that was applied.  `given`, `left`: SHA-256 of the file as it came and as it stays on the card.
    `files`: paths below the root that go when a later file does not ask for them."""

    device: str
    at: int  # Unix s, system time
    given: str
    left: str
    files: tuple[str, ...]

    def to_json(self) -> bytes:
        return json.dumps({"form": _FORM, **asdict(self)}).encode() + b"\n"


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def record_path(layout: DeviceLayout) -> Path:
    return layout.provisioned


def unchanged_since(path: Path, layout: DeviceLayout, card: Path | None) -> int | None:
    """Return when the file at `path` was applied, Unix s, if nothing at all is left to do: no change to finish, no
    secret to wipe, and the report on the card is that of this file.  None where a whole run has to look."""
    record = read_record(layout)
    if record is None or card is None or is_decided(layout):
        return None
    with suppress(OSError, ValueError):
        content, result = read_regular(path, _LARGEST_FILE), read_regular(card / RESULT, _MOST) or b""
        said = result.decode("utf-8-sig").partition("\r\n")
        applied = said[0].endswith(APPLIED) and f" {record.device} " in said[2]
        known = content is not None and digest(content) == record.left
        if applied and known and all(path.is_file() for path in (layout.config, layout.provisioned)):
            return record.at
    return None


def read_record(layout: DeviceLayout) -> SetUpRecord | None:
    """Return the record; None where nothing was set up, or the record is damaged: then the file is applied again."""
    try:
        data = json.loads(read_regular(record_path(layout), _MOST) or b"")
        if data.pop("form") != _FORM:
            return None
        record = SetUpRecord(**data)
        return SetUpRecord(record.device, int(record.at), record.given, record.left, tuple(map(str, record.files)))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
