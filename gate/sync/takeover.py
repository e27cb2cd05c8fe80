"""Takeover of the list that a sync wrote as the lane's own, verified by the lane's own root.

    root.json (/etc/gate) -> roots -> timestamp -> snapshot -> targets -> trust.json, rules.json, time.json
                                                           `-> status  -> head -> the nibbles

All of it is in the sync's list.db.  The lane keeps its last accepted metadata in a separate folder, so that nothing
older is accepted, whatever the sync wrote.  Expiry is not judged here: each decision judges the age of the list by
its time.
"""

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from gate.errors import PublishError, StoreError
from gate.store.apply_list import apply, check
from gate.store.database import unusable
from gate.store.documents import RULES, TIME, TRUST
from gate.store.durable import make_own_directory
from gate.store.places import Places
from gate.store.status_wire import HEAD
from gate.sync.kept_metadata import KeptMetadata
from gate.sync.lock import alone
from gate.sync.offer import ListOffer, read_offer
from gate.sync.round import read_root
from gate.sync.signed_list import is_signed, verified


def take_over(places: Places, root: Path, ready: Callable[[], object] = lambda: None) -> tuple[int, bool]:
    """Verify the sync's offer in `places`, and replace the lane's own list by it.  Return its version, and whether
    anything was new.  `root`: root.json.  `ready` is called before anything of the offer is parsed: from then on
    only the lane's own lists are read and written, and no program is run.  Raises ForgedError, PublishError (older
    than the held list), DamagedError, StoreError, and SyncError for a root.json that cannot be used; the held list
    then stays."""
    own, known, offer = places.verified, read_root(root), _offer(places)
    folder = own.list_dir / "tuf"
    try:
        make_own_directory(own.list_dir, 0o700)
    except OSError as error:
        raise unusable(own.list_dir, error) from error
    ready()
    with alone(own.list_dir), closing(KeptMetadata(folder)) as kept:
        with verified(offer.path, offer.documents, known, kept, folder) as (repository, publication):
            whole = replace(publication, nibbles=offer.nibbles, proof=repository.proof(HEAD, "status"))
            changed = apply(whole, own, may_shrink=True, start_over=not _counts(own, known))
            repository.keep()
            repository.keep_only(frozenset({TRUST, RULES, HEAD, TIME}))
        return publication.head.version, changed


def examine(places: Places, root: Path) -> int:
    """Return the offer's version if the lane would accept it; nothing is changed.  Raises as `take_over` does."""
    known, offer = read_root(root), _offer(places)
    with TemporaryDirectory(prefix="gate-") as temporary:
        folder, own = Path(temporary) / "tuf", places.verified.list_dir / "tuf"
        if own.is_dir():
            shutil.copytree(own, folder, symlinks=True)
        with (
            closing(KeptMetadata(folder)) as kept,
            verified(offer.path, offer.documents, known, kept, folder) as (_, publication),
        ):
            if _counts(places.verified, known):
                check(replace(publication, nibbles=offer.nibbles), places.verified)
            return publication.head.version


def _offer(places: Places) -> ListOffer:
    offer = read_offer(places.held_list_db)
    if offer.is_outdated:
        hint = "Load a newer one: `gate sync --once` or `gate list load DIR`"
        raise PublishError(f"{offer.path}: the list was declared wrong by hand", hint=hint)
    return offer


def _counts(own: Places, root: bytes) -> bool:
    """Return whether the lane's own list can refuse an older one; not where root.json is another authority's now."""
    try:
        return is_signed(own, root)
    except StoreError:
        return True  # damaged; the replacement must not be older
