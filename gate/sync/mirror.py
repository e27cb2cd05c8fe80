"""One mirror: an address that serves the authority's files, over HTTP(S) or as a folder.

Nothing here is trusted: a mirror may be slow, endless, damaged, or a hotel's log-in page.  Every read is
bounded in size and in time; what the bytes are worth is told by their signatures, elsewhere.

`Mirror` is python-tuf's fetcher and, beside that, fetches large files so that a broken download goes on
where it broke off.
"""

import hashlib
import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import urllib3
from tuf.api.exceptions import DownloadError, DownloadHTTPError, DownloadLengthMismatchError, SlowRetrievalError
from tuf.ngclient import FetcherInterface
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, ProtocolError, SSLError
from urllib3.exceptions import TimeoutError as HttpTimeoutError

from gate.sync.shelf import Shelf

CONNECT_WITHIN = 10.0  # seconds
SILENCE = 20.0  # seconds without a byte
PATIENCE = 30.0  # seconds before a download counts as slow
SLOWEST = 2048  # bytes a second that a download must make then
REDIRECTS = 3
RETRIES = 2  # of a request that got no answer
CHUNK = 1 << 16
HEADERS = {"User-Agent": "ashyq-gate", "Accept-Encoding": "identity"}

Progress = Callable[[int], None]
"""Told how many bytes came in since the last time."""


class Mirror(FetcherInterface):
    """`base` ends without a slash.  `revalidated`: a file that is asked for again and again, and where its
    last answer lies; it is asked for only if it changed."""

    def __init__(self, base: str, revalidated: tuple[str, Path], progress: Progress | None = None) -> None:
        self.base = base
        self.received = 0  # bytes of bodies
        self._name, self._copy = revalidated
        self._validators = self._copy.with_suffix(".validators")
        self._progress = progress
        self._folder = Path(unquote(urlsplit(base).path)) if base.startswith("file:") else None
        self._pool = _connections(base) if self._folder is None else None
        self._open: urllib3.BaseHTTPResponse | None = None

    def close(self) -> None:
        if self._open is not None:  # left in the middle: its reader raised
            self._open.close()
        if self._pool is not None:
            self._pool.clear()

    def _fetch(self, url: str) -> Iterator[bytes]:
        if self._folder is not None:
            return self._from_folder(url)
        if url != f"{self.base}/{self._name}":
            return self._from_web(url, {})
        return self._if_changed(url)

    def download(self, path: str, length: int, to: Shelf, name: str) -> None:
        """All `length` bytes of the file at `path` below the mirror's address into the file `name` of a shelf;
        what is in it already is kept.  Raises DownloadError, StoreError."""
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
            raise DownloadError(f"{path} broke off after {done} of {length} bytes")

    @contextmanager
    def _from(self, url: str, done: int, length: int) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Where the answer begins (at `done`, or at the beginning after all), and its bytes."""
        if self._folder is not None:
            yield done, self._from_folder(url, done)
            return
        headers = {"Range": f"bytes={done}-"} if done else {}
        with self._request(url, headers, good=(200, 206)) as response:
            begins = response.headers.get("Content-Range", "")
            if response.status == 206 and not begins.startswith(f"bytes {done}-"):
                raise DownloadError(f"{url}: the mirror answers another part than was asked for")
            rest = length - done if response.status == 206 else length
            if response.headers.get("Content-Length", str(rest)) != str(rest):
                raise DownloadError(f"{url}: the mirror offers another file of this name, or a page of its own")
            yield length - rest, self._body(url, response)

    def _if_changed(self, url: str) -> Iterator[bytes]:
        headers, kept = self._known(url)
        with self._request(url, headers, good=(200, 304)) as response:
            if response.status == 304:
                yield kept
                return
            body = b""
            for chunk in self._body(url, response):
                body += chunk
                yield chunk
            self._remember(url, body, response)

    def _known(self, url: str) -> tuple[dict[str, str], bytes]:
        """What to ask with, and the copy that a "not modified" speaks of."""
        try:
            remembered = json.loads(self._validators.read_text())
            copy = self._copy.read_bytes()
            if remembered["url"] == url and remembered["sha256"] == hashlib.sha256(copy).hexdigest():
                return {str(name): str(value) for name, value in remembered["headers"].items()}, copy
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass  # nothing is known: ask for the whole
        return {}, b""

    def _remember(self, url: str, body: bytes, response: urllib3.BaseHTTPResponse) -> None:
        names = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}
        headers = {ask: response.headers[tell] for ask, tell in names.items() if tell in response.headers}
        known = {"url": url, "sha256": hashlib.sha256(body).hexdigest(), "headers": headers}
        self._validators.write_text(json.dumps(known))

    def _from_folder(self, url: str, done: int = 0) -> Iterator[bytes]:
        path = Path(unquote(urlsplit(url).path))
        try:
            with path.open("rb") as file:
                file.seek(done)
                while chunk := file.read(CHUNK):
                    self._count(len(chunk))
                    yield chunk
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            if self._folder is not None and not self._folder.is_dir():
                raise DownloadError(f"{self._folder} is not there: plug the medium in and mount it") from None
            raise DownloadHTTPError(f"{path} is not there", 404) from None
        except OSError as error:
            raise DownloadError(f"{path} cannot be read: {error.strerror}") from error

    def _from_web(self, url: str, headers: dict[str, str]) -> Iterator[bytes]:
        with self._request(url, headers, good=(200,)) as response:
            yield from self._body(url, response)

    @contextmanager
    def _request(self, url: str, headers: dict[str, str], good: tuple[int, ...]) -> Iterator[urllib3.BaseHTTPResponse]:
        """An answer whose body was not read yet.  Raises DownloadError."""
        assert self._pool is not None  # noqa: S101 - a folder is not asked over the web
        try:
            asked = HEADERS | headers
            response = self._pool.request("GET", url, headers=asked, preload_content=False, decode_content=False)
        except HTTPError as error:
            raise _download_error(url, error) from error
        self._open = response
        try:
            if response.status not in good:
                raise DownloadHTTPError(f"{url}: the mirror answers {response.status}", response.status)
            yield response
        finally:
            response.close()

    def _body(self, url: str, response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        began, received = time.monotonic(), 0
        try:
            while chunk := response.read1(CHUNK):
                received += len(chunk)
                self._count(len(chunk))
                took = time.monotonic() - began
                if took > PATIENCE and received < (took - PATIENCE) * SLOWEST:
                    raise SlowRetrievalError(f"{url}: slower than {SLOWEST} bytes a second")
                yield chunk
        except HTTPError as error:
            raise _download_error(url, error) from error

    def _count(self, size: int) -> None:
        self.received += size
        if self._progress:
            self._progress(size)


def _connections(base: str) -> urllib3.PoolManager:
    """Through the proxy that the environment names for this address, if it names one."""
    parts = urlsplit(base)
    timeout = urllib3.Timeout(connect=CONNECT_WITHIN, read=SILENCE)
    retries = urllib3.Retry(
        REDIRECTS + RETRIES, connect=RETRIES, read=RETRIES, redirect=REDIRECTS, backoff_factor=0.3, backoff_jitter=0.3
    )
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(parts.hostname or ""):
        return urllib3.ProxyManager(proxy, timeout=timeout, retries=retries)
    return urllib3.PoolManager(timeout=timeout, retries=retries)


def _download_error(url: str, error: HTTPError) -> DownloadError:
    """In words that say what to do."""
    reason = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    if isinstance(reason, NewConnectionError):
        return DownloadError(f"{url}: nobody answers there ({str(reason).rpartition(': ')[2]})")
    if isinstance(reason, HttpTimeoutError):
        return SlowRetrievalError(f"{url}: no answer within {SILENCE:.0f} s")
    if isinstance(reason, SSLError):
        return DownloadError(f"{url}: TLS failed ({reason}); check this device's clock and the server's certificate")
    if isinstance(reason, ProtocolError):
        return DownloadError(f"{url}: the connection broke off")
    return DownloadError(f"{url}: {reason}")
