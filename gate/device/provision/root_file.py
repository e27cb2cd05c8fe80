"""The authority's root.json: from the card, the device or a mirror, and only the one whose fingerprint was given."""

import os
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from tuf.api.exceptions import DownloadHTTPError

from gate.device.provision.card import read_plain
from gate.device.provision.form import FINGERPRINT_HINT, TABLE
from gate.device.root_of_trust import fingerprint, is_root
from gate.errors import SyncError
from gate.settings.problems import Finding
from gate.sync.folder import Folder
from gate.sync.proxies import proxy_for
from gate.sync.round import MAX_ROOT, shown
from gate.sync.web import Web

FETCH_WITHIN = 60.0  # seconds: at boot the network may come up meanwhile
_VERSIONS = range(1, 33)  # of root.json that a mirror is asked for
_GOOD = 200
_PAUSE = 5.0  # seconds between two rounds


class RootNotFetchedError(SyncError):
    """No mirror gave the root.json that is wanted: the file may be right, and the network is to blame."""


def root_on_card(path: Path, wanted: str | None) -> tuple[bytes | None, Finding | None]:
    """Return root.json of the card, None where it is not there, and what is wrong with it."""
    at = (TABLE, "root")
    try:
        content = read_plain(path, MAX_ROOT)
    except FileNotFoundError:
        return None, None if wanted else Finding((TABLE, "root_sha256"), "this key is missing", FINGERPRINT_HINT)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return None, Finding(at, f"{path.name} on the card cannot be read ({why})", "Copy root.json there again")
    if not is_root(content):
        return None, Finding(at, f"{path.name} on the card is no root.json", "Get it from the authority again")
    if wanted is None:
        what = "there is no fingerprint, so this root.json could be anybody's"
        return None, Finding((TABLE, "root_sha256"), what, FINGERPRINT_HINT)
    if (found := fingerprint(content)) != wanted:
        what = f"{path.name} on the card has another fingerprint: {found}"
        hint = "Compare it with the authority's, by telephone if need be; then correct the file or the fingerprint"
        return None, Finding((TABLE, "root_sha256"), what, hint)
    return content, None


def installed_root(path: Path, wanted: str) -> bytes | None:
    """Return the root.json that the device has, if it is the one."""
    try:
        content = read_plain(path, MAX_ROOT)
    except (OSError, ValueError):
        return None
    return content if fingerprint(content) == wanted else None


def fetch_root(mirrors: Sequence[str], proxy: str | None, wanted: str, within: float) -> bytes:
    """Return root.json from a mirror.  Raises RootNotFetchedError."""
    deadline, problems = time.monotonic() + within, [""]
    environment = dict(os.environ) | ({"http_proxy": proxy, "https_proxy": proxy} if proxy else {})
    while True:
        problems = []
        for address in mirrors:
            try:
                if (content := _ask(address, environment, wanted)) is not None:
                    return content
                problems.append(f"{shown(address)} has no root.json of this fingerprint")
            except SyncError as error:
                problems.append(error.what)
        if time.monotonic() + _PAUSE > deadline:
            break
        time.sleep(_PAUSE)
    raise RootNotFetchedError(
        f"root.json is not on the card, and no mirror gives it: {'; '.join(problems)}",
        hint="Put root.json on the card beside this file, or connect the network and start again",
    )


def _ask(address: str, environment: Mapping[str, str], wanted: str) -> bytes | None:
    """Return the one root.json among those of a mirror; None where it has no such.  Raises SyncError."""
    if address.startswith("file:"):
        folder = Folder(address.rstrip("/"))
        return _one_of((folder.read(f"{folder.base}/{_name(number)}") for number in _VERSIONS), wanted)
    with closing(Web(address, proxy_for(address, environment))) as web:
        return _one_of((_over(web, f"{web.base}/{_name(number)}") for number in _VERSIONS), wanted)


def _one_of(files: Iterable[Generator[bytes, None, None]], wanted: str) -> bytes | None:
    for chunks in files:
        content = b""
        try:
            with closing(chunks):
                for chunk in chunks:
                    content += chunk
                    if len(content) > MAX_ROOT:
                        break
        except DownloadHTTPError:  # versions are numbered without gaps: this was the last
            return None
        if fingerprint(content) == wanted and is_root(content):
            return content
    return None


def _over(web: Web, url: str) -> Generator[bytes, None, None]:
    with web.get(url, {}) as response:
        if response.status in (403, 404):
            raise DownloadHTTPError(f"{url} is not there", response.status)
        if response.status != _GOOD:
            raise SyncError(f"{url}: the mirror answers {response.status}", hint="Try another mirror")
        yield from web.body(url, response)


def _name(number: int) -> str:
    return f"metadata/{number}.root.json"
