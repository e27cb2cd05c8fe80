"""Small valid values for tests, and for those who write drivers."""

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from nacl.signing import SigningKey

from gate.core.decide import Policy, Unlisted
from gate.core.kept_time import Kept
from gate.core.model import Claims, Listing, Status
from gate.core.rules import Venue
from gate.core.staleness import AgeLimits
from gate.core.trust import key_id
from gate.core.trusted_time import SETTLES_WITHIN
from gate.runtime.clock import GateClock
from gate.store.apply_list import Publication, apply
from gate.store.status_wire import Head, byte_length

NOW = 1_800_000_000  # Unix s: Fri 15 Jan 2027, 13:00 in Almaty
KEY = SigningKey(bytes(range(32)))
LIMITS = AgeLimits(6 * 3600, 24 * 3600, 48 * 3600)


class ManualClock:
    """The clocks of a machine (gate.runtime.clock.Machine), which stand still until `advance`."""

    def __init__(self, now: float = NOW, monotonic: float = 1000.0) -> None:
        self._now = now
        self._monotonic = monotonic
        self._slept = 0.0
        self._boot = "a start"

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def since_boot(self) -> float:
        return self._monotonic + self._slept

    def boot(self) -> str:
        return self._boot

    def reboot(self, off: float = 0.0, *, keeps_time: bool = True) -> None:
        """Turn the power off for `off` seconds; without a battery the clock stands still meanwhile."""
        self._boot += "+"
        self._monotonic, self._slept = 10.0, 0.0
        self._now += off if keeps_time else 0.0

    def advance(self, seconds: float) -> None:
        self._now += seconds
        self._monotonic += seconds

    def set(self, seconds: float) -> None:
        """Set the clock by this many seconds, as a person or the network does."""
        self._now += seconds

    def sleep(self, seconds: float, *, keeps_time: bool = True) -> None:
        """Suspend the machine; without a battery its clock stands still meanwhile."""
        self._slept += seconds
        self._now += seconds if keeps_time else 0


class RunningMachine:
    """The running clocks of a machine, beginning at NOW; those of the event loop in which it is made, if any."""

    def __init__(self) -> None:
        try:
            self.monotonic = asyncio.get_running_loop().time
        except RuntimeError:
            self.monotonic = time.monotonic
        self._start = self.monotonic()
        self._set = self._slept = 0.0

    def now(self) -> float:
        return NOW + self._set + self.monotonic() - self._start

    def since_boot(self) -> float:
        return self.monotonic() + self._slept + SETTLES_WITHIN

    def boot(self) -> str:
        return "a start"

    def set(self, seconds: float) -> None:
        """Set the clock by this many seconds, as a person or the network does."""
        self._set += seconds

    def sleep(self, seconds: float) -> None:
        """Suspend the machine; its clock runs meanwhile."""
        self._slept += seconds
        self._set += seconds


class RunningClock(GateClock):
    """A trusted clock that runs, beginning at NOW; tests may set its `machine`."""

    def __init__(self, kept: Kept = Kept(), untrusted_for: float = 3600.0) -> None:
        self.machine = RunningMachine()
        super().__init__(self.machine, kept, untrusted_for)


def trust_json(version: int = 1, *, issuer: str = "ashyq", key: SigningKey = KEY) -> bytes:
    public = bytes(key.verify_key)
    keys = [
        {
            "kid": key_id(public).hex(),
            "alg": "Ed25519",
            "public": public.hex(),
            "not_before": NOW - 10**7,
            "not_after": NOW + 10**7,
        }
    ]
    return json.dumps({"version": version, "issuers": [{"id": issuer, "max_lifetime": 86400, "keys": keys}]}).encode()


def rules_json(version: int = 1, admit: tuple[str, ...] = ("green", "blue")) -> bytes:
    return json.dumps({"version": version, "rules": [{"id": "open", "admit": list(admit)}]}).encode()


def nibbles(places: Mapping[int, Listing], size: int) -> bytes:
    """Pack statuses, four bits a place.  `size`: number of places."""
    packed = bytearray(byte_length(size))
    for idx, listing in places.items():
        packed[idx // 2] |= listing << (4 if idx & 1 else 0)
    return bytes(packed)


def publication(
    places: Mapping[int, Listing],
    *,
    size: int = 4096,
    version: int = 1,
    as_of: int = NOW - 60,
    trust: bytes | None = None,
    rules: bytes | None = None,
    shrunk_at: int = 0,
) -> Publication:
    listed = sum(listing is not Listing.UNLISTED for listing in places.values())
    packed = nibbles(places, size)
    head = Head(
        version=version,
        as_of=as_of,
        size=size,
        listed=listed,
        sha256=hashlib.sha256(packed).hexdigest(),
        snapshot=f"status/snapshot-{version}.zst",
        shrunk_at=shrunk_at,
    )
    return Publication(trust or trust_json(), rules or rules_json(), head, packed)


def load(state_dir: Path, places: Mapping[int, Listing]) -> None:
    """Make a state directory with a list."""
    apply(publication(places), state_dir)


def policy(*, reuse_after: float = 600.0, unlisted: Unlisted = Unlisted.REFUSE, category: str = "fitness") -> Policy:
    return Policy(Venue(category, "almaty"), ZoneInfo("Asia/Almaty"), LIMITS, unlisted, reuse_after)


def claims(
    idx: int = 7, *, token: bytes = b"token-01", presented_at: int | None = None, issued_at: int = NOW - 3600
) -> Claims:
    return Claims("aq1", "ashyq", token, idx, Status.GREEN, issued_at, issued_at + 86400, presented_at)
