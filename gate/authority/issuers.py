"""Issuers, their keys, and the trust list that gates verify passes with.

Private keys are in `private/<kid>.key` (mode 0600, format of gate.authority.private_keys).  `trust.json`
holds the public keys in the format in which they are published.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from nacl.signing import SigningKey
from pydantic import ValidationError

from gate.authority import files
from gate.authority.private_keys import PrivateKeys
from gate.core.form_error import first_error
from gate.core.trust import IssuerForm, KeyForm, TrustForm, key_id, parse_trust
from gate.errors import PublishError, StoreError, UnmeantError, UsageError

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


class Covers(StrEnum):
    """What a list names all the keys of.  A key that was withdrawn is only missing from it."""

    FORMAT = "format"
    ISSUER = "issuer"
    ONE_KEY = "one key"


@dataclass(frozen=True, slots=True)
class KeyList:
    """A published list of keys that sign certificates of other systems."""

    issuers: tuple[IssuerForm, ...]
    covers: Covers


@dataclass(frozen=True, slots=True)
class KeyChange:
    """What an import of keys changes."""

    keys: int  # on the list
    new: int
    gone: int


class Issuers:
    """The trust list of one authority.  Every call reads the files, because several processes may take turns.  The
    caller holds the authority's lock while it changes something."""

    def __init__(self, trust_file: Path, private: Path, keys: PrivateKeys) -> None:
        self._trust_file = trust_file
        self._private = private
        self._keys = keys

    def add(self, issuer: str, *, names: Mapping[str, str], max_lifetime: int, not_before: int, not_after: int) -> str:
        """Add an issuer with a first key; return its kid.  Raises UsageError, StoreError."""
        if not _ID.fullmatch(issuer):
            raise UsageError(
                f"{issuer!r} is no issuer's id", hint="Use 1 to 32 of the letters a-z, digits, dot, dash and underscore"
            )
        for language in names:
            if not _LANGUAGE.fullmatch(language):
                raise UsageError(
                    f"{language!r} is no language", hint="Write the name as --name kk=..., ru=... or en=..."
                )
        version, known = self._content()
        if any(form.id == issuer for form in known):
            raise UsageError(
                f"issuer {issuer!r} exists already", hint=f"`gate authority rotate` gives {issuer!r} a new key"
            )
        key = SigningKey.generate()
        try:
            form = _key_form(key, not_before, not_after)
            added = IssuerForm(id=issuer, name=dict(names), max_lifetime=max_lifetime, keys=(form,))
        except ValidationError as error:
            raise UsageError(f"issuer {issuer!r}: {first_error(error)}", hint="Correct the options") from error
        self._keep(key, form.kid)
        self._save(version, (*known, added))
        return form.kid

    def rotate(self, issuer: str, *, not_before: int, not_after: int) -> str:
        """Add a key that signs from `not_before` on; the old ones stay valid until their own end.  Return the new
        kid.  Raises UsageError, StoreError."""
        version, known = self._content()
        found = self._find(known, issuer)
        key = SigningKey.generate()
        try:
            form = _key_form(key, not_before, not_after)
        except ValidationError as error:
            raise UsageError(f"issuer {issuer!r}: {first_error(error)}", hint="Correct the options") from error
        self._keep(key, form.kid)
        changed = found.model_copy(update={"keys": (*found.keys, form)})
        self._save(version, tuple(changed if old is found else old for old in known))
        return form.kid

    def revoke(self, kid: str, *, at: int) -> str:
        """Revoke a key from the next publication on, past passes included.  Return its issuer's id.  Raises
        UsageError for an unknown kid."""
        version, known = self._content()
        for form in known:
            for key in form.keys:
                if key.kid != kid.lower():
                    continue
                if key.revoked_at is None:
                    revoked = key.model_copy(update={"revoked_at": at})
                    keys = tuple(revoked if old is key else old for old in form.keys)
                    changed = form.model_copy(update={"keys": keys})
                    self._save(version, tuple(changed if old is form else old for old in known))
                return form.id
        kids = ", ".join(key.kid for form in known for key in form.keys)
        raise UsageError(f"no issuer has the key {kid!r}", hint=f"Known keys: {kids or 'none'}")

    def take_keys(self, listed: KeyList, *, shrink: bool = False) -> KeyChange:
        """Put the keys of certificates of other systems into the trust list, in place of those that the list covers.
        `shrink` confirms that most of these vanish.  Raises UsageError, UnmeantError."""
        version, known = self._content()
        formats, ids = {form.format for form in listed.issuers}, {form.id for form in listed.issuers}
        if clash := next((form.id for form in known if form.id in ids and form.format not in formats), None):
            raise UsageError(f"issuer {clash!r} exists already, with keys of another format", hint="Rename that issuer")
        replaced = {
            form.id: form
            for form in known
            if form.id in ids or (listed.covers is Covers.FORMAT and form.format in formats)
        }
        issuers = listed.issuers
        if listed.covers is Covers.ONE_KEY:
            issuers = tuple(_with_keys_of(form, replaced.get(form.id)) for form in issuers)
        before = {(form.id, key.kid) for form in replaced.values() for key in form.keys}
        after = {(form.id, key.kid) for form in issuers for key in form.keys}
        change = KeyChange(len(after), len(after - before), len(before - after))
        if change.gone * 2 > len(before) and not shrink:
            raise UnmeantError(
                f"{change.gone} of {len(before)} keys would vanish: nothing was changed",
                hint="Check that the list is whole; if it is right, import it with --shrink",
            )
        try:
            self._save(version, (*(form for form in known if form.id not in replaced), *issuers))
        except ValidationError as error:
            raise UsageError(f"the list of keys: {first_error(error)}", hint="Correct the list") from error
        return change

    def signing_key(self, issuer: str, at: int) -> SigningKey:
        """Return the newest key of `issuer` that may sign at `at` (Unix s) and is in this folder.  Raises UsageError,
        StoreError."""
        found = self._find(self._content()[1], issuer)
        usable = [
            key
            for key in found.keys
            if key.revoked_at is None and key.not_before <= at <= key.not_after and self._key_file(key.kid).exists()
        ]
        if not usable:
            raise UsageError(
                f"issuer {issuer!r} has no key that may sign at {at}",
                hint="Make one with `gate authority rotate`, or correct --at",
            )
        # Of keys that start in the same second, the last one made: max() returns the first of equals.
        return self._load_key(max(reversed(usable), key=lambda key: key.not_before).kid)

    def max_lifetime(self, issuer: str) -> int:
        """Return the maximum lifetime of this issuer's passes, in seconds.  Raises UsageError."""
        return self._find(self._content()[1], issuer).max_lifetime

    def json(self) -> bytes:
        """Return `trust.json` as published.  Raises PublishError while there is no issuer."""
        if not self._trust_file.exists():
            raise PublishError("the trust list names no issuer", hint="Add one with `gate authority add-issuer`")
        text = self._read()
        parse_trust(text)
        return text

    def _read(self) -> bytes:
        try:
            return self._trust_file.read_bytes()
        except OSError as error:
            raise StoreError(f"cannot read {self._trust_file}: {error.strerror}", hint="Correct its rights") from error

    def _content(self) -> tuple[int, tuple[IssuerForm, ...]]:
        """Return version and issuers; (0, ()) before the first one."""
        if not self._trust_file.exists():
            return 0, ()
        try:
            form = TrustForm.model_validate_json(self._read())
        except ValidationError as error:
            raise StoreError(
                f"{self._trust_file} is damaged: {first_error(error)}", hint="Put it back from a backup"
            ) from error
        return form.version, form.issuers

    def _save(self, version: int, issuers: tuple[IssuerForm, ...]) -> None:
        form = TrustForm(version=version + 1, issuers=issuers)
        files.write(self._trust_file, form.model_dump_json(indent=1, exclude_none=True).encode() + b"\n")

    @staticmethod
    def _find(known: tuple[IssuerForm, ...], issuer: str) -> IssuerForm:
        for form in known:
            if form.id == issuer:
                return form
        ids = ", ".join(form.id for form in known)
        raise UsageError(
            f"there is no issuer {issuer!r}", hint=f"Known: {ids or 'none; see `gate authority add-issuer`'}"
        )

    def _key_file(self, kid: str) -> Path:
        return self._private / f"{kid}.key"

    def _keep(self, key: SigningKey, kid: str) -> None:
        """Write the private key to disk before the trust list names it."""
        self._keys.write(self._key_file(kid), bytes(key))

    def _load_key(self, kid: str) -> SigningKey:
        path = self._key_file(kid)
        key = SigningKey(self._keys.read(path))
        if key_id(bytes(key.verify_key)).hex() != kid:
            raise StoreError(f"{path} holds another key than its name says", hint="Put it back from a backup")
        return key


def _with_keys_of(form: IssuerForm, known: IssuerForm | None) -> IssuerForm:
    """Return the issuer with its keys before, but those that have got another content."""
    if known is None:
        return form
    named = {key.kid for key in form.keys}
    return form.model_copy(update={"keys": (*(key for key in known.keys if key.kid not in named), *form.keys)})


def _key_form(key: SigningKey, not_before: int, not_after: int) -> KeyForm:
    public = bytes(key.verify_key)
    return KeyForm(
        kid=key_id(public).hex(), alg="Ed25519", public=public.hex(), not_before=not_before, not_after=not_after
    )
