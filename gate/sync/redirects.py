"""The allowed target of a redirect: the mirror's own host only.

A gate is in a network with relay boards, cameras and panels that obey a plain GET.  The host is the one in
`[sync] mirrors` and its addresses are those of the visit (`gate.sync.pinned_addresses`), so a redirect reaches no other
device.
"""

from urllib.parse import urljoin, urlsplit, urlunsplit

from gate.errors import SyncError

LONGEST_SHOWN = 100  # characters of a mirror's text


def redirected(url: str, location: str) -> str:
    """Return a redirect's target.  Raises SyncError unless it is the same host, by the same port or by HTTPS instead
    of HTTP."""
    shown = "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in location)
    problem = SyncError(
        f"{url}: the mirror redirects to {shown[:LONGEST_SHOWN] or 'nowhere'}, which is another site",
        hint="A log-in page of the network may answer; if it is right, name that address in [sync] mirrors",
    )
    try:
        old, new = urlsplit(url), urlsplit(urljoin(url, location))
        upgraded = (old.scheme, new.scheme, new.port) in {("http", "https", None), ("http", "https", 443)}
        same = (old.scheme, old.port or _port(old.scheme)) == (new.scheme, new.port or _port(new.scheme))
    except ValueError:
        raise problem from None
    plain = new.username is None and shown == location != ""
    if not plain or new.hostname != old.hostname or not (same or upgraded):
        raise problem
    host = old.netloc if same else old.netloc.removesuffix(f":{old.port}")  # nothing of it comes from the mirror
    return urlunsplit((new.scheme, host, new.path, new.query, ""))


def _port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
