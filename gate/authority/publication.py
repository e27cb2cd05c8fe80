"""The files of a publication of the lists, and the head that names the deltas and the snapshot.

Pure: `gate.authority.repository` signs the result and brings it to gates.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from gate.authority.change_limits import Crowd
from gate.authority.repository import AuthorityRepository, Content
from gate.authority.roles import SigningRole
from gate.core.rules import parse_rules
from gate.core.time_reset import TimeReset, parse_time
from gate.core.trust import parse_trust
from gate.errors import PublishError, StoreError, UnmeantError
from gate.store import status_delta
from gate.store import status_wire as wire
from gate.store.apply_list import SHRINKS_BELOW
from gate.store.documents import RULES, TIME, TRUST

MOST_DELTAS = 32  # in the chain: each adds some 200 bytes to every sync that finds a new list


@dataclass(frozen=True, slots=True)
class Published:
    """The list that gates can get now, and the lengths of its deltas."""

    head: wire.Head
    nibbles: bytes
    lengths: dict[str, int]


@dataclass(frozen=True, slots=True)
class Lists:
    """The content to publish."""

    trust: bytes
    rules: bytes
    nibbles: bytes
    size: int
    listed: int
    time: bytes | None = None  # time.json, where the time was reset


def published(repository: AuthorityRepository) -> Published | None:
    """Read the last publication; None before the first.  Raises StoreError."""
    data = repository.content(SigningRole.STATUS, wire.HEAD)
    if data is None:
        return None
    head = wire.Head.parse(data)
    packed = repository.content(SigningRole.STATUS, head.snapshot)
    if packed is None:
        raise StoreError(f"the snapshot {head.snapshot} is missing", hint="Put it back from a backup")
    return Published(head, wire.decode_snapshot(packed, head.size), repository.lengths(SigningRole.STATUS))


def documents(lists: Lists, before: dict[str, bytes]) -> Content:
    """Return trust.json, rules.json and, if there is one, time.json.  Raises PublishError for content that gates
    would refuse: invalid, or changed under a version that was published `before`."""
    contents = {TRUST: lists.trust, RULES: lists.rules} | ({TIME: lists.time} if lists.time else {})
    versions = {name: _version(name, data) for name, data in contents.items()}
    for name, published in before.items():
        if name not in contents:
            raise PublishError(f"{name} is published, and missing here", hint="Put it back from a backup")
        old = _version(name, published)
        if versions[name] < old or (versions[name] == old and contents[name] != published):
            raise PublishError(
                f"{name}: version {old} is published already and reads differently",
                hint=f'Raise "version" in it above {old}',
            )
    return Content(contents)


def pending_reset(lists: Lists, before: dict[str, bytes]) -> TimeReset | None:
    """Return the reset of the time to publish, if it is a new one."""
    if lists.time is None:
        return None
    reset = parse_time(lists.time)
    return reset if TIME not in before or parse_time(before[TIME]).number < reset.number else None


def _version(name: str, data: bytes) -> int:
    if name == TIME:
        return parse_time(data).number
    return parse_trust(data).version if name == TRUST else parse_rules(data).version


def status(
    lists: Lists, before: Published | None, *, version: int, as_of: int, shrink: bool, grow: bool
) -> tuple[wire.Head, Content]:
    """Return the head and its files.  `as_of`: the list's time, Unix s.  `shrink` confirms that far fewer people are
    listed than before, `grow` that many are new or change status.  Raises PublishError for content that gates would
    refuse, and for a change that is not confirmed."""
    if before:
        _check_follows(lists, before.head, shrink=shrink)
        if not grow:
            _weighed(before, lists).check("publish")
    shrunk_at = before.head.shrunk_at if before else 0
    new: dict[str, bytes] = {}
    snapshot = before.head.snapshot if before and before.nibbles == lists.nibbles else f"status/snapshot-{version}.zst"
    if not before or snapshot != before.head.snapshot:
        new[snapshot] = wire.encode_snapshot(lists.nibbles)
    deltas: tuple[wire.DeltaForm, ...] = ()
    if before:
        link = wire.DeltaForm(since=before.head.version, target=f"status/delta-{before.head.version}-{version}.zst")
        new[link.target] = status_delta.encode_delta(before.nibbles, lists.nibbles)
        lengths = before.lengths | {name: len(data) for name, data in new.items()}
        deltas = _worth_it((*before.head.deltas, link), lengths, lengths[snapshot])
        new = {name: data for name, data in new.items() if name == snapshot or name in {one.target for one in deltas}}
    head = wire.Head(
        version=version,
        as_of=as_of,
        size=lists.size,
        listed=lists.listed,
        sha256=hashlib.sha256(lists.nibbles).hexdigest(),
        snapshot=snapshot,
        deltas=deltas,
        shrunk_at=version if shrink else shrunk_at,
    )
    named = {snapshot, *(delta.target for delta in deltas)}
    kept = frozenset(named - new.keys())
    return head, Content(new | {wire.HEAD: head.model_dump_json().encode() + b"\n"}, kept)


def _check_follows(lists: Lists, head: wire.Head, *, shrink: bool) -> None:
    if lists.listed < SHRINKS_BELOW * head.listed and not shrink:
        raise UnmeantError(
            f"{head.listed} people are listed in what is published, {lists.listed} would be left: nothing was changed",
            hint="Import what is missing; if it is right, publish with --shrink",
        )


def _weighed(before: Published, lists: Lists) -> Crowd:
    now = np.frombuffer(lists.nibbles, np.uint8)
    old = np.zeros(now.size, np.uint8)
    kept = before.nibbles[: now.size]
    old[: len(kept)] = np.frombuffer(kept, np.uint8)
    new = changed = 0
    for half in (np.uint8(0x0F), np.uint8(0xF0)):
        listed, known = now & half > 0, old & half > 0
        new += int(np.count_nonzero(listed & ~known))
        changed += int(np.count_nonzero(listed & known & ((now ^ old) & half > 0)))
    return Crowd(before.head.listed, new, changed)


def _worth_it(chain: tuple[wire.DeltaForm, ...], lengths: dict[str, int], snapshot: int) -> tuple[wire.DeltaForm, ...]:
    """Return the newest part of the chain that is shorter than the snapshot; gates take the shorter way."""
    total, kept = 0, 0
    for delta in reversed(chain[-MOST_DELTAS:]):
        total += lengths[delta.target]
        if total >= snapshot:
            break
        kept += 1
    return chain[len(chain) - kept :]
