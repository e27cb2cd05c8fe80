"""One mirror: an address that serves the authority's files, over HTTP(S) or as a folder.

A mirror is not trusted: it may be slow, endless, damaged, or a hotel's log-in page.  Every answer is bounded in size
here, and in time by the process that started the visit (`Report`).  Signatures are verified elsewhere.

`Mirror` is python-tuf's fetcher.  It also fetches large files, and resumes interrupted downloads.
"""

import hashlib
import json
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager

import urllib3
from tuf.api.exceptions import DownloadHTTPError, DownloadLengthMismatchError
from tuf.ngclient import FetcherInterface

from gate.errors import SyncError
from gate.sync.allowance import Step, VisitPhase
from gate.sync.folder import Folder
from gate.sync.proxies import proxy_for
from gate.sync.shelf import Shelf
from gate.sync.web import Web

VALIDATORS = "timestamp.validators"  # ETag and date of the last answer, for conditional requests
MAX_VALIDATORS = 4096  # bytes
MAX_TIMESTAMP = 16 << 10  # bytes

Report = Callable[[Step], None]
Chunks = Generator[bytes, None, None]


class Mirror(FetcherInterface):
    """A fetcher for one address, which may end with a slash.  `revalidated`: a file below the address and in the
    shelf of metadata that is requested often, and sent only if it changed.  Raises SyncError for a proxy that cannot
    be used."""

    def __init__(self, address: str, revalidated: str, kept: Shelf, report: Report) -> None:
        self.received = 0  # bytes of bodies
        self._folder = Folder(address.rstrip("/")) if address.startswith("file:") else None
        self._web = None if self._folder else Web(address, proxy_for(address, os.environ))
        self.base = self._folder.base if self._folder else self._reached.base
        self._revalidated = f"{self.base}/{revalidated}"
        self._copy = revalidated.rpartition("/")[2]
        self._kept = kept
        self._report = report

    def close(self) -> None:
        if self._web is not None:
            self._web.close()

    def download_bytes(self, url: str, max_length: int) -> bytes:
        """Return a small file, whole.  Raises SyncError, DownloadHTTPError (403, 404),
        DownloadLengthMismatchError."""
        content = bytearray()
        with closing(self._fetch(url)) as chunks:
            for chunk in chunks:
                content += chunk
                if len(content) > max_length:
                    raise DownloadLengthMismatchError(f"{url} is longer than the {max_length} bytes it may have")
        return bytes(content)

    def _fetch(self, url: str) -> Chunks:
        if self._folder is not None:
            return self._counted(url, self._folder.read(url))
        if url == self._revalidated:
            return self._if_changed(url)
        return self._from_web(url)

    def download(self, path: str, length: int, to: Shelf, name: str) -> None:
        """Fetch all `length` bytes of the file at `path` below the mirror's address into the file `name` of a shelf.
        Bytes already there are kept.  Raises SyncError, StoreError, and as `download_bytes`."""
        done = to.size(name)
        if done > length:
            to.remove(name)
            done = 0
        if done == length:
            return
        with self._from(f"{self.base}/{path}", done, length) as (begins, chunks), to.append(name, begins) as part:
            done = begins
            for chunk in chunks:
                done += len(chunk)
                if done > length:
                    raise DownloadLengthMismatchError(f"{path} is longer than the {length} bytes it should have")
                part.write(chunk)
        if done != length:
            raise SyncError(
                f"{self.base}/{path} broke off after {done} of {length} bytes", hint="The next visit resumes"
            )

    @contextmanager
    def _from(self, url: str, done: int, length: int) -> Iterator[tuple[int, Chunks]]:
        """Yield the answer's first position (`done`, or 0 if the mirror restarts), and its bytes."""
        if self._folder is not None:
            yield done, self._counted(url, self._folder.read(url, done))
            return
        headers = {"Range": f"bytes={done}-"} if done else {}
        with self._answer(url, headers, good=(200, 206)) as response:
            begins = response.headers.get("Content-Range", "")
            if response.status == 206 and (not done or not begins.startswith(f"bytes {done}-")):
                raise SyncError(f"{url}: the mirror answers another part than was requested", hint=_OTHER)
            rest = length - done if response.status == 206 else length
            if response.headers.get("Content-Length", str(rest)) != str(rest):
                raise SyncError(
                    f"{url}: the mirror offers another file of this name, or a page of its own", hint=_OTHER
                )
            yield length - rest, self._counted(url, self._reached.body(url, response))

    def _from_web(self, url: str) -> Chunks:
        with self._answer(url, {}, good=(200,)) as response:
            yield from self._counted(url, self._reached.body(url, response))

    def _if_changed(self, url: str) -> Chunks:
        headers, kept = self._conditions(url)
        with self._answer(url, headers, good=(200, 304) if headers else (200,)) as response:
            if response.status == 304:
                yield kept
                return
            body = b""
            for chunk in self._counted(url, self._reached.body(url, response)):
                body += chunk
                yield chunk
            self._store_validators(url, body, response)

    def _conditions(self, url: str) -> tuple[dict[str, str], bytes]:
        """Return the conditional headers, and the copy that a "not modified" refers to."""
        stored, copy = self._kept.read(VALIDATORS, MAX_VALIDATORS), self._kept.read(self._copy, MAX_TIMESTAMP)
        if stored is not None and copy is not None:
            try:
                validators = json.loads(stored)
                if validators["url"] == url and validators["sha256"] == hashlib.sha256(copy).hexdigest():
                    return {str(name): str(value) for name, value in validators["headers"].items()}, copy
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                pass  # no copy: request the whole file
        return {}, b""

    def _store_validators(self, url: str, body: bytes, response: urllib3.BaseHTTPResponse) -> None:
        names = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}
        headers = {
            request_name: response.headers[response_name]
            for request_name, response_name in names.items()
            if response_name in response.headers
        }
        validators = {"url": url, "sha256": hashlib.sha256(body).hexdigest(), "headers": headers}
        written = json.dumps(validators).encode()
        if len(written) <= MAX_VALIDATORS:
            self._kept.write(VALIDATORS, written)

    @contextmanager
    def _answer(self, url: str, headers: dict[str, str], good: tuple[int, ...]) -> Iterator[urllib3.BaseHTTPResponse]:
        """Yield an answer with its body unread.  Raises SyncError, DownloadHTTPError."""
        self._report(Step(VisitPhase.REQUEST, url, self.received))
        with self._reached.get(url, headers) as response:
            if response.status in (403, 404):
                raise DownloadHTTPError(f"{url}: the mirror answers {response.status}", response.status)
            if response.status not in good:
                hint = _BUSY if response.status in (429, 500, 502, 503, 504) else _OTHER
                raise SyncError(f"{url}: the mirror answers {response.status}", hint=hint)
            yield response
        self._report(Step(VisitPhase.WORK, url, self.received))

    def _counted(self, url: str, chunks: Chunks) -> Chunks:
        self._report(Step(VisitPhase.READ, url, self.received))
        with closing(chunks):
            for chunk in chunks:
                self.received += len(chunk)
                self._report(Step(VisitPhase.READ, url, self.received))
                yield chunk
        self._report(Step(VisitPhase.WORK, url, self.received))

    @property
    def _reached(self) -> Web:
        assert self._web is not None  # noqa: S101 - only a web mirror gets here
        return self._web


_BUSY = "It is busy or out of order: it is asked again later"
_OTHER = "Another site or a log-in page may answer there: check the address"
