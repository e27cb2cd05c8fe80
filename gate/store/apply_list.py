"""Take a publication into list.db: verified content, a new file, never a moment without a list.

This is the only way in.  `gate.sync` verifies who signed a publication.  This module checks its content against
itself and against the list that is held.
"""

import hashlib
from collections.abc import Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass, field

import numpy as np

from gate.core.rules import parse_rules
from gate.core.time_reset import TimeReset, parse_time
from gate.core.trust import parse_trust
from gate.errors import PublishError, StoreError
from gate.store.documents import RULES, TIME, TRUST
from gate.store.last_sync import Synced, record_sync
from gate.store.list_file import ListFile, ListHead, find_damage, open_held, read_held
from gate.store.list_write import set_aside, version_of, write_list
from gate.store.places import Places, Where
from gate.store.status_wire import MAX_VALUE, Head, byte_length

_VERSIONED = frozenset({TRUST, RULES, TIME})  # documents that carry their own version

SHRINKS_BELOW = 0.5  # share of the people listed before: a larger drop must be intended by the authority


@dataclass(frozen=True, slots=True)
class Publication:
    """A publication of the authority.  `nibbles` is None where its list is the one already held."""

    trust: bytes
    rules: bytes
    head: Head
    nibbles: bytes | None
    time: bytes | None = None  # only where the authority once reset the time
    proof: Mapping[str, bytes] = field(default_factory=dict)
    """The signed files of it, by name as on a mirror: TUF metadata, and the head.  Kept beside the documents, so
    that the lane can verify them again."""


@dataclass(frozen=True, slots=True)
class HeldList:
    """The content of list.db, as far as a sync needs it."""

    version: int
    as_of: int
    size: int
    sha256: str  # of the nibbles; "" where they are damaged, to be fetched again
    trust: bytes
    rules: bytes
    time: bytes | None
    earlier: bool  # of an earlier form, or in an earlier place: to be written again


def held(where: Where) -> HeldList | None:
    """Return what list.db holds; None when there is no list, or none that can be read.  Verifies the whole content,
    which takes 20 ms for a list of 20 million people."""
    try:
        return read_held(where, lambda file: _held(file, Places.of(where)))
    except (StoreError, KeyError):
        return None


def _held(file: ListFile, places: Places) -> HeldList:
    documents, head = file.documents(), file.head
    return HeldList(
        head.version,
        head.as_of,
        head.size,
        head.sha256 if _is_whole(file) else "",
        documents[TRUST],
        documents[RULES],
        documents.get(TIME),
        file.earlier or file.path != places.list_db,
    )


def held_nibbles(where: Where) -> bytes | None:
    """Return the whole list that is held; None when there is none, or it is damaged."""
    try:
        return read_held(where, ListFile.nibbles)
    except StoreError:
        return None


def set_damaged_aside(where: Where) -> str | None:
    """Keep a damaged list.db under another name; return what is wrong with it, None when nothing is.  Raises
    StoreError when the disk refuses."""
    what = find_damage(where)
    if what is not None:
        set_aside(Places.of(where).held_list_db)
    return what


@dataclass(frozen=True, slots=True)
class _Content:
    """The content of a new list.db."""

    head: ListHead
    documents: dict[str, tuple[int, bytes]]
    nibbles: bytes
    same: bool  # as the content held


def apply(
    publication: Publication,
    where: Where,
    synced: Synced | None = None,
    *,
    may_shrink: bool = False,
    start_over: bool = False,
) -> bool:
    """Take a publication in; return whether anything had to be written.  `synced`: recorded afterwards.
    `may_shrink`: accept far fewer people than are held, as a sync has judged them before.  `start_over`: the held
    list was signed by nobody, and sets no floor.

    Raises PublishError (content unfit, or older than the list held) and StoreError.  In every error the held list
    stays."""
    places = Places.of(where)
    file = None if start_over else _open_sound(places)
    with nullcontext() if file is None else closing(file):
        content = _content(publication, places, file, may_shrink=may_shrink)
    if not content.same:
        write_list(places, content.head, content.documents, content.nibbles)
    if synced is not None:
        record_sync(synced, places)
    return not content.same


def check(publication: Publication, where: Where) -> None:
    """Raise the errors that `apply` would raise, and write nothing."""
    places = Places.of(where)
    file = _open_sound(places)
    with nullcontext() if file is None else closing(file):
        _content(publication, places, file, may_shrink=True)


def _content(publication: Publication, places: Places, file: ListFile | None, *, may_shrink: bool) -> _Content:
    """Return the new content.  `file`: the list held, where it counts."""
    offered = publication.head
    trust, rules = parse_trust(publication.trust), parse_rules(publication.rules)
    if publication.nibbles is not None:
        _check_nibbles(offered, publication.nibbles)
    head = ListHead(offered.version, offered.as_of, offered.size, offered.listed, offered.sha256)
    documents = {TRUST: (trust.version, publication.trust), RULES: (rules.version, publication.rules)}
    time = None if publication.time is None else parse_time(publication.time)
    if time is not None and publication.time is not None:
        documents[TIME] = time.number, publication.time
    documents |= {name: (0, body) for name, body in publication.proof.items()}
    if file is not None:
        bodies = file.documents()
        _check_documents(documents, bodies)
        _check_follows(offered, _least_as_of(file.head, bodies.get(TIME), time), file.head, may_shrink=may_shrink)
        if TIME in bodies and TIME not in documents:
            documents[TIME] = (version_of(bodies[TIME]), bodies[TIME])  # a reset stays in force
        same = file.head == head and bodies == {name: body for name, (_, body) in documents.items()}
        same = same and not file.earlier and file.path == places.list_db and _is_whole(file)
        nibbles = _nibbles(file, offered) if publication.nibbles is None else publication.nibbles
    elif publication.nibbles is None:
        raise PublishError("the list in use has changed meanwhile", hint="Sync again")
    else:
        same, nibbles = False, publication.nibbles
    return _Content(head, documents, nibbles, same)


def _open_sound(places: Places) -> ListFile | None:
    """Open the held list; None where there is none, or its head or documents are damaged and set no floor."""
    try:
        file = open_held(places)
        if file is not None:
            try:
                file.documents()
            except BaseException:
                file.close()
                raise
    except StoreError:
        return None
    return file


def _is_whole(file: ListFile) -> bool:
    try:
        file.check()
    except StoreError:
        return False
    return True


def _nibbles(file: ListFile, head: Head) -> bytes:
    if file.head.sha256 != head.sha256:
        raise PublishError("the list in use has changed meanwhile", hint="Sync again")
    try:
        return file.nibbles()
    except StoreError as error:
        raise PublishError("the list in use has changed meanwhile", hint="Sync again") from error


def _check_nibbles(head: Head, nibbles: bytes) -> None:
    if len(nibbles) != byte_length(head.size):
        raise PublishError(f"the list does not hold the {head.size} places its head names", hint="Publish it again")
    pairs = np.frombuffer(nibbles, np.uint8)
    low, high = pairs & 15, pairs >> 4
    if max(low.max(), high.max()) > MAX_VALUE:
        raise PublishError("the list holds unknown values", hint="Publish it again, or update the gate")
    if head.size % 2 and high[-1]:
        raise PublishError("the list holds a place beyond its end", hint="Publish it again")
    listed = int(np.count_nonzero(low) + np.count_nonzero(high))
    if listed != head.listed:
        raise PublishError(f"the list names {listed} people, its head says {head.listed}", hint="Publish it again")
    if hashlib.sha256(nibbles).hexdigest() != head.sha256:
        raise PublishError("the list is not the one its head names", hint="Publish it again")


def _check_documents(offered: dict[str, tuple[int, bytes]], held: dict[str, bytes]) -> None:
    for name, (version, body) in offered.items():
        if name in held and name in _VERSIONED:
            _floor(name, version_of(held[name]), version, same=held[name] == body)


def _floor(name: str, held: int, offered: int, *, same: bool) -> None:
    if offered < held:
        raise PublishError(
            f"{name}: version {offered} is older than version {held} held here", hint="Publish from the newest state"
        )
    if offered == held and not same:
        raise PublishError(
            f"{name}: version {offered} is held here with other content", hint="Publish it with a higher version"
        )


def _least_as_of(held: ListHead, taken: bytes | None, offered: TimeReset | None) -> int:
    """Return the earliest time that a list may carry; a new reset of the time withdraws the held list's time."""
    if offered is None or (taken is not None and offered.number <= version_of(taken)):
        return held.as_of
    return min(held.as_of, offered.to)


def _check_follows(head: Head, least: int, held: ListHead, *, may_shrink: bool) -> None:
    same = (held.sha256, held.as_of) == (head.sha256, head.as_of)
    _floor("status list", held.version, head.version, same=same)
    if head.as_of < least:
        raise PublishError(
            f"status list: version {head.version} is dated earlier than version {held.version} held here",
            hint="Publish it with the present time",
        )
    if head.listed < SHRINKS_BELOW * held.listed and head.shrunk_at <= held.version and not may_shrink:
        raise PublishError(
            f"status list: version {head.version} names {head.listed} people, the version before named {held.listed}",
            hint="If that is right, publish it with `gate authority publish DIR --shrink`",
        )
