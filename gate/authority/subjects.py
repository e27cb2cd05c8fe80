"""The published subject index, and the devices that may decrypt it."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from nacl.signing import VerifyKey
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from gate.authority import files
from gate.authority.people import People
from gate.authority.repository import Content
from gate.core.form_error import first_error
from gate.errors import StoreError, UsageError
from gate.store.subject_segments import Digests, encode_segment
from gate.store.subject_wire import MOST_PLACES, SUBJECTS, SubjectSegment, SubjectsHead, key_name, seal, sealed_target

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_PUBLIC = re.compile(r"[0-9a-f]{64}")


class _Device(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(pattern=_NAME.pattern)]
    public: Annotated[str, StringConstraints(pattern=_PUBLIC.pattern)]


class _Book(BaseModel):
    model_config = ConfigDict(extra="forbid")

    devices: Annotated[list[_Device], Field()] = []


@dataclass(frozen=True, slots=True)
class PublishedSubjects:
    """The index that is offered now."""

    head: SubjectsHead | None
    targets: frozenset[str]


class SubjectDevices:
    """`devices.json`: the gates that check people by IIN.  The caller holds the authority's lock."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def add(self, name: str, public: str) -> None:
        """Add a device, or replace the key of a known one.  Raises UsageError, StoreError."""
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name!r} is no device's name", hint="Write it as in [device] id of its gate.toml")
        if not _PUBLIC.fullmatch(public):
            raise UsageError("a device's key is 64 hex digits", hint="`gate list device-key` prints it on the device")
        others = [device for device in self._load() if device.name != name]
        self._save([*others, _Device(name=name, public=public)])

    def remove(self, name: str) -> None:
        """Remove a device: it gets no further keys, but keeps what it has.  Raises UsageError, StoreError."""
        devices = self._load()
        if name not in [device.name for device in devices]:
            known = ", ".join(device.name for device in devices)
            raise UsageError(f"there is no device {name!r}", hint=f"Known: {known or 'none'}")
        self._save([device for device in devices if device.name != name])

    def keys(self) -> list[VerifyKey]:
        return [VerifyKey(bytes.fromhex(device.public)) for device in self._load()]

    def _load(self) -> list[_Device]:
        if not self._file.exists():
            return []
        try:
            return _Book.model_validate_json(self._file.read_bytes()).devices
        except (OSError, ValidationError) as error:
            what = first_error(error) if isinstance(error, ValidationError) else error.strerror
            raise StoreError(f"{self._file}: {what}", hint="Put it back from a backup") from error

    def _save(self, devices: list[_Device]) -> None:
        ordered = sorted((device.model_dump() for device in devices), key=lambda device: str(device["name"]))
        files.write(self._file, json.dumps({"devices": ordered}, indent=1).encode() + b"\n")


def content(people: People, key: bytes, devices: list[VerifyKey], before: PublishedSubjects) -> Content:
    """Return the index to publish; empty while no device needs it."""
    if not devices:
        return Content({})
    name = key_name(key)
    known = before.head if before.head and before.head.key == name else None
    segments = tuple(_summed(segment, people) for segment in plan(known.segments if known else (), people.size))
    head = SubjectsHead(key=name, runs=tuple(people.runs), segments=segments)
    sealed = {sealed_target(device): device for device in devices}
    usable = before.targets if known else frozenset()
    new = {SUBJECTS: head.model_dump_json().encode() + b"\n"}
    for segment in segments:
        if segment.target not in usable:
            new[segment.target] = encode_segment(_digests(segment, people))
    for target, device in sealed.items():
        if target not in usable:
            new[target] = seal(key, device)
    kept = ({segment.target for segment in segments} | sealed.keys()) - new.keys()
    return Content(new, frozenset(kept))


def _summed(segment: SubjectSegment, people: People) -> SubjectSegment:
    if segment.sha256 is not None:
        return segment
    digests = _digests(segment, people).astype(">u8").tobytes()
    return segment.model_copy(update={"sha256": hashlib.sha256(digests).hexdigest()})


def _digests(segment: SubjectSegment, people: People) -> Digests:
    return np.concatenate([*people.digests(segment.first, segment.last)])


def plan(before: tuple[SubjectSegment, ...], places: int) -> tuple[SubjectSegment, ...]:
    """Return the segments up to `places`: the old ones, and the new places.  The later of two neighbours is joined to
    the earlier once it is as large.  So a device that was offline long fetches few files, and any other little
    data."""
    segments = list(before)
    end = segments[-1].last if segments else 0
    while end < places:
        last = min(places, (end // MOST_PLACES + 1) * MOST_PLACES)  # lets full segments be joined
        segments.append(SubjectSegment(first=end, last=last))
        while len(segments) > 1 and _joins(segments[-2], segments[-1]):
            later, earlier = segments.pop(), segments.pop()
            segments.append(SubjectSegment(first=earlier.first, last=later.last))
        end = last
    return tuple(segments)


def _joins(earlier: SubjectSegment, later: SubjectSegment) -> bool:
    return later.last - later.first >= earlier.last - earlier.first and later.last - earlier.first <= MOST_PLACES
