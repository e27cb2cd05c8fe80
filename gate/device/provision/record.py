"""What was set up last: which file, and which files came of it."""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from gate.device.layout import DeviceLayout
from gate.store.durable import read_regular

_MOST = 1 << 16  # bytes
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


def read_record(layout: DeviceLayout) -> SetUpRecord | None:
    """Return the record; None where nothing was set up, or the record is damaged: then the file is applied again."""
    try:
        data = json.loads(read_regular(record_path(layout), _MOST) or b"")
        if data.pop("form") != _FORM:
            return None
        record = SetUpRecord(**data)
        return SetUpRecord(record.device, int(record.at), record.given, record.left, tuple(map(str, record.files)))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
