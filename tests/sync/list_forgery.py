"""What somebody who has taken over the sync could write into list.db: every digest in it is right."""

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace

from gate.core.model import Listing
from gate.store.documents import RULES, SIGNATURES, TRUST
from gate.store.list_file import ListHead, open_held
from gate.store.list_write import version_of, write_list
from gate.store.places import Places, Where
from gate.store.status_wire import HEAD


@dataclass(frozen=True, slots=True)
class Content:
    head: ListHead
    documents: Mapping[str, bytes]
    nibbles: bytes


Forgery = Callable[[Content], Content]


def forge(where: Where, change: Forgery) -> None:
    places = Places.of(where)
    file = open_held(places)
    assert file is not None
    with closing(file):
        content = change(Content(file.head, file.documents(), file.nibbles()))
    written = {name: (version_of(body), body) for name, body in content.documents.items()}
    write_list(places, content.head, written, content.nibbles)


def rogue_issuer(trust: bytes) -> Forgery:
    """`trust`: a trust list that names an issuer of one's own."""

    def change(content: Content) -> Content:
        version = json.loads(content.documents[TRUST])["version"]
        mine = json.dumps(json.loads(trust) | {"version": version + 1}).encode()
        return replace(content, documents={**content.documents, TRUST: mine})

    return change


def other_rules(content: Content) -> Content:
    """Everybody enters."""
    rules = json.loads(content.documents[RULES])
    admit = [{"id": "open", "admit": ["green", "blue", "yellow", "red"]}]
    mine = json.dumps({"version": rules["version"] + 1, "rules": admit}).encode()
    return replace(content, documents={**content.documents, RULES: mine})


def green(idx: int) -> Forgery:
    """One person's colour, in a list that agrees with itself, and with a head that agrees with it."""

    def change(content: Content) -> Content:
        nibbles = bytearray(content.nibbles)
        kept = nibbles[idx // 2] & (0x0F if idx % 2 else 0xF0)
        nibbles[idx // 2] = kept | Listing.GREEN << (4 if idx % 2 else 0)
        sha256 = hashlib.sha256(nibbles).hexdigest()
        head = json.dumps(json.loads(content.documents[HEAD]) | {"sha256": sha256}).encode()
        documents = {**content.documents, HEAD: head}
        return Content(replace(content.head, sha256=sha256), documents, bytes(nibbles))

    return change


def green_under_its_head(idx: int) -> Forgery:
    """As `green`, but the head that was signed stays."""

    def change(content: Content) -> Content:
        return replace(green(idx)(content), documents=content.documents)

    return change


def newest_of_all(content: Content) -> Content:
    """A number that no other list is newer than, of a time that never comes."""
    return replace(content, head=replace(content.head, version=2**52, as_of=2**40))


def unsigned(content: Content) -> Content:
    """The metadata is gone."""
    mine = (TRUST, RULES)
    documents = {name: body for name, body in content.documents.items() if name in mine}
    return replace(content, documents=documents)


def without_signatures_in(role: str) -> Forgery:
    def change(content: Content) -> Content:
        documents = dict(content.documents)
        for name in documents:
            if name.endswith(f"{role}.json") and name.startswith(SIGNATURES):
                signed = json.loads(documents[name])
                documents[name] = json.dumps(signed | {"signatures": []}).encode()
        return replace(content, documents=documents)

    return change
