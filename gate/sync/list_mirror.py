"""A list.db as a mirror: the content that a sync wrote is verified again, from the signatures stored with it.

Nothing in it is trusted.  `gate.store.list_file` bounds it when reading.
"""

import hashlib
from collections.abc import Iterator, Mapping

from tuf.api.exceptions import DownloadHTTPError, DownloadLengthMismatchError
from tuf.ngclient import FetcherInterface

from gate.store.documents import SIGNATURES
from gate.sync.shelf import Shelf


class ListMirror(FetcherInterface):
    """python-tuf's fetcher, over the documents of a list.db.  `base`: its name in messages."""

    def __init__(self, base: str, documents: Mapping[str, bytes]) -> None:
        self.base = base
        self._metadata = {name: body for name, body in documents.items() if name.startswith(SIGNATURES)}
        self._targets = {
            hashlib.sha256(body).hexdigest(): body
            for name, body in documents.items()
            if not name.startswith(SIGNATURES)
        }

    def download_bytes(self, url: str, max_length: int) -> bytes:
        """Return a metadata file.  Raises DownloadHTTPError (404), DownloadLengthMismatchError."""
        content = self._metadata.get(url.removeprefix(f"{self.base}/"))
        if content is None:
            raise DownloadHTTPError(f"{self.base}: its {url.rpartition('/')[2]} is missing", 404)
        if len(content) > max_length:
            raise DownloadLengthMismatchError(f"{url} has {len(content)} bytes, at most {max_length} were expected")
        return content

    def download(self, path: str, length: int, shelf: Shelf, name: str) -> None:
        """Put a document on the shelf under `name`, its digest.  Raises DownloadHTTPError (404), StoreError."""
        content = self._targets.get(name)
        if content is None or len(content) != length:
            target = path.rpartition("/")[2].removeprefix(f"{name}.")
            raise DownloadHTTPError(f"{self.base}: {target} is not what the authority signed", 404)
        shelf.write(name, content)

    def _fetch(self, url: str) -> Iterator[bytes]:
        yield self.download_bytes(url, 1 << 62)
