"""The secrets of the file on the card, and the texts without them.

Two kinds: those under `[provision.secrets]`, which the configuration refers to by `{credential:NAME}`, and passwords
that stand in an address.  The latter get a name, and a reference takes their place.
"""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gate.core.toml_text import quoted
from gate.device.provision.form import TABLE, ProvisionTable
from gate.ports.credentials import NAME, OPENING, REFERENCE, names_in, reference
from gate.settings.load import SECRET_TABLES
from gate.settings.locate import KeyPath, Spans, spans
from gate.settings.problems import Finding

_USER_AND_PASSWORD = re.compile(r"^[a-z][a-z0-9+.-]*://[^/?#]*?:([^/?#]*)@", re.IGNORECASE)
_IN_QUERY = re.compile(r"[?&](?:password|passwd|pwd|pass|token|key|secret|auth)=([^&#]+)", re.IGNORECASE)
_ODD_PORT = re.compile(r"^[a-z][a-z0-9+.-]*://[^/?#@\[\]]*:[^/?#@\]]*[^\d/?#@\]][^/?#@]*[/?#].*@", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=%-]*")  # RFC 3986: of a user's part without encoding
_LONGEST = 4096  # bytes of a secret
_SECRETS: KeyPath = (TABLE, "secrets")
_WIFI: KeyPath = (TABLE, "wifi", "password")

Edit = tuple[int, int, str]
"""Begin, end and the text that takes the place of a part of the text."""


@dataclass(frozen=True, slots=True)
class Separated:
    """The file on the card, taken apart."""

    secrets: Mapping[str, str]  # by name; those that are given
    referred: Mapping[str, frozenset[str]]  # name -> the tables that refer to it
    config: str  # the configuration: without [provision], with references
    card: str  # what may stay on the card
    findings: tuple[Finding, ...]


def separate(text: str, data: Mapping[str, Any], table: ProvisionTable, kept: Collection[str]) -> Separated:
    """Take a text apart that TOML accepts.  `data`: its content.  `kept`: names of secrets that the device has.
    Findings never hold a secret."""
    where = spans(text)
    findings: list[Finding] = []
    given = dict(_given(table.secrets, findings))
    texts = list(_texts({name: value for name, value in data.items() if name in SECRET_TABLES}, ()))
    referred = _referred(texts)
    taken = {*given, *referred}
    inline: dict[str, str] = {}
    edits: list[Edit] = []
    for path, value in texts:
        changed, found, fault = _without(value, path, taken)
        inline |= found
        if fault:
            findings.append(fault)
        if found and path in where.values:
            edits.append((*where.values[path], quoted(changed)))
            for name in found:
                referred.setdefault(name, set()).add(str(path[0]))
    findings += _unknown(texts, given, kept)
    findings += _unfit(texts, given)
    secrets = {name: value for name, value in given.items() if value} | inline
    blanks = [(*span, '""') for path, span in where.values.items() if path[:2] == _SECRETS and len(path) == 3]
    blanks += [(*where.values[_WIFI], '""')] if _WIFI in where.values else []
    config = _edited(text, [*edits, *_own_tables(text, where)])
    card = _edited(text, [*edits, *blanks])
    if TABLE in tomllib.loads(config):
        findings.append(
            Finding(
                (TABLE,), "this is written in another way than as a table", "Write [provision] and its keys below it"
            )
        )
    return Separated(
        secrets, {name: frozenset(where_) for name, where_ in referred.items()}, config, card, tuple(findings)
    )


def _given(table: Mapping[str, Any], findings: list[Finding]) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        path = (*_SECRETS, name)
        if not NAME.fullmatch(name):
            findings.append(Finding(path, "this is no name of a secret", "Write small letters, digits and '-'"))
        elif not isinstance(value, str):
            findings.append(Finding(path, "a secret is text in quotes", 'Write it like "text"'))
        elif not value.isprintable() or len(value.encode()) > _LONGEST:
            findings.append(
                Finding(path, "a secret is one line of text", f"Write at most {_LONGEST} bytes in one line")
            )
        else:
            yield name, value


def _texts(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _texts(item, (*path, place))
    elif isinstance(value, str):
        yield path, value


def _names(value: str) -> list[str]:
    try:
        return names_in(value)
    except ValueError:  # the review of the configuration reports it
        return []


def _referred(texts: Collection[tuple[KeyPath, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path, value in texts:
        for name in _names(value):
            found.setdefault(name, set()).add(str(path[0]))
    return found


def _without(value: str, path: KeyPath, taken: set[str]) -> tuple[str, dict[str, str], Finding | None]:
    """Return an address with references instead of its passwords, these by name, and what is wrong with it."""
    plain = REFERENCE.sub(lambda match: "x" * len(match[0]), value)  # what a reference holds is no part of the address
    if _ODD_PORT.match(plain):
        what = "the password in this address ends nowhere"
        return value, {}, Finding(path, what, "Write signs such as / ? # and @ percent-encoded: %2F %3F %23 %40")
    found: dict[str, str] = {}
    places = [match.span(1) for match in (_USER_AND_PASSWORD.match(plain), *_IN_QUERY.finditer(plain)) if match]
    for begin, end in reversed(places):
        secret = value[begin:end]
        if not secret or OPENING in secret:
            continue
        name = _free_name(path, taken)
        taken.add(name)
        found[name] = secret
        value = value[:begin] + reference(name) + value[end:]
    return value, found, None


def _free_name(path: KeyPath, taken: Collection[str]) -> str:
    base = re.sub(r"[^a-z0-9]+", "-", "-".join(map(str, path)).lower()).strip("-")[:40].strip("-")
    return next(name for name in (base, *(f"{base}-{number}" for number in range(2, 1000))) if name not in taken)


def _unknown(
    texts: Collection[tuple[KeyPath, str]], given: Mapping[str, str], kept: Collection[str]
) -> Iterator[Finding]:
    for path, value in texts:
        for name in _names(value):
            if not given.get(name) and name not in kept:
                what = f"the secret {name} is not given, and the device has none of this name"
                yield Finding(path, what, f'Write {name} = "…" under [provision.secrets]')
    asked = {name for _, value in texts for name in _names(value)}
    for name, value in given.items():
        if not value and name not in kept and name not in asked:
            yield Finding(
                (*_SECRETS, name), "the device has no secret of this name to keep", "Write it, or remove the key"
            )


def _unfit(texts: Collection[tuple[KeyPath, str]], given: Mapping[str, str]) -> Iterator[Finding]:
    in_addresses = {name for _, value in texts if "://" in value for name in _names(value)}
    for name in sorted(in_addresses & set(given)):
        if not _IN_ADDRESS.fullmatch(given[name]):
            what = "this secret stands in an address, and has signs that end it there"
            yield Finding((*_SECRETS, name), what, "Write them percent-encoded: @ as %40, / as %2F, : as %3A")


def _own_tables(text: str, where: Spans) -> Iterator[Edit]:
    """Yield the parts of the text that are `[provision]` and the tables below it.  A comment above the next table
    stays."""
    ends = [*(begin for begin, _ in where.headers[1:]), len(text)]
    for (begin, path), end in zip(where.headers, ends, strict=False):  # a text without headers has one end
        if path[0] == TABLE:
            last = max((stop for _, stop in where.values.values() if begin < stop <= end), default=begin)
            newline = text.find("\n", last)
            yield begin, min(end, len(text) if newline < 0 else newline + 1), ""


def _edited(text: str, edits: Collection[Edit]) -> str:
    for begin, end, new in sorted(edits, reverse=True):
        text = text[:begin] + new + text[end:]
    return text
