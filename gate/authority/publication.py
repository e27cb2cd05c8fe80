"""What is published: named files, and how they reach a folder that gates read from.

`compose` decides what is published and touches no disk; `place` puts it into a folder so that whoever
reads meanwhile finds either the state before or the state after.  Signing belongs between the two: it
takes a `Publication` and adds targets or metadata of its own.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from gate.authority import files
from gate.authority.statuses import StatusList
from gate.core.rules import parse_rules
from gate.core.trust import parse_trust
from gate.errors import GateError, PublishError
from gate.store import wire


@dataclass(frozen=True, slots=True)
class Target:
    name: str  # path below the publication folder, as gates ask for it
    data: bytes


@dataclass(frozen=True, slots=True)
class Publication:
    head: wire.Head
    targets: tuple[Target, ...]  # in the order in which they must appear; the head is the last


def compose(*, trust: bytes, rules: bytes, statuses: StatusList, version: int, as_of: int) -> Publication:
    """`as_of`: Unix s, the moment the list speaks of.  Raises PublishError for a trust list or rules
    that no gate would take, or a moment that is none."""
    parse_trust(trust)
    parse_rules(rules)
    if as_of < 1:
        raise PublishError(f"a list cannot speak of the moment {as_of}", hint="Give Unix seconds")
    # A list without places has no form on the wire; one place that is not listed says the same.
    nibbles = statuses.nibbles() or b"\0"
    snapshot = wire.encode_snapshot(nibbles)
    name = f"status/snapshot-{version}.zst"
    head = wire.Head(
        version=version,
        as_of=as_of,
        size=max(1, statuses.size),
        listed=statuses.listed,
        snapshot=wire.SnapshotForm(target=name, length=len(snapshot), sha256=hashlib.sha256(snapshot).hexdigest()),
    )
    last = Target(wire.HEAD, head.model_dump_json(indent=1).encode() + b"\n")
    return Publication(head, (Target(wire.TRUST, trust), Target(wire.RULES, rules), Target(name, snapshot), last))


def published_head(folder: Path) -> wire.Head | None:
    """What `folder` offers now; None when nothing is there or it is damaged (publishing anew heals it)."""
    data = _published(folder, wire.HEAD)
    try:
        return None if data is None else wire.Head.parse(data)
    except PublishError:
        return None


def check_follows(folder: Path, publication: Publication) -> None:
    """Gates refuse what is older than what they hold, so it is not published.  Raises PublishError when
    a version would go back, when one version would mean two contents, or when the list would speak of
    an earlier moment."""
    head = published_head(folder)
    if head and publication.head.as_of < head.as_of:
        raise PublishError(
            f"the published list speaks of {head.as_of}, this one of {publication.head.as_of}, which is earlier",
            hint="Check this computer's clock (or --at)",
        )
    if head and publication.head.version <= head.version:
        raise PublishError(f"list version {head.version} is published already", hint="Publish a higher version")
    for target in publication.targets:
        if target.name in (wire.TRUST, wire.RULES):
            _check_version(target, _published(folder, target.name))


def place(publication: Publication, folder: Path) -> None:
    """Writes each file aside, fsyncs and renames it, the head last; then removes the snapshots that
    neither this head nor the one before it names (a gate may be fetching the latter right now).
    Raises StoreError."""
    before = published_head(folder)
    files.make_directory(folder / "status")
    for target in publication.targets:
        if _published(folder, target.name) != target.data:  # unchanged files keep their date for web caches
            files.write(folder / target.name, target.data)
    kept = {head.snapshot.target for head in (before, publication.head) if head}
    _prune(folder, kept)


def _published(folder: Path, name: str) -> bytes | None:
    try:
        return (folder / name).read_bytes()
    except OSError:
        return None


def _check_version(target: Target, published: bytes | None) -> None:
    if published is None or published == target.data:
        return
    try:
        {wire.TRUST: parse_trust, wire.RULES: parse_rules}[target.name](published)
    except GateError:
        return  # damaged: publishing anew heals it
    old, new = json.loads(published), json.loads(target.data)
    if new["version"] < old["version"]:
        raise PublishError(
            f"{target.name}: version {old['version']} is published, this is version {new['version']}",
            hint="Publish from the newest copy of this authority, or raise the version",
        )
    if new["version"] == old["version"] and new != old:
        raise PublishError(
            f"{target.name}: version {old['version']} is published already and reads differently",
            hint='Raise "version" in it',
        )


def _prune(folder: Path, kept: set[str]) -> None:
    status = folder / "status"
    stale = [path for path in status.glob("snapshot-*.zst") if f"status/{path.name}" not in kept]
    stale += [*folder.glob(f".*{files.PART}"), *status.glob(f".*{files.PART}")]  # left behind by a crash
    for path in stale:
        path.unlink(missing_ok=True)
