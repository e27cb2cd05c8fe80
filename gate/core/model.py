"""The values that travel through the gate, each the only input of the next stage.

    Scan --passes.verify--> Claims --store.admit--> Decision --lane--> Release

All are frozen: no later stage can change them.  Wall-clock times are Unix seconds (UTC), timers are monotonic
seconds; the names state which.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from gate.core.coaching import Hint
from gate.core.evidence import HealthEvidence
from gate.core.reason import ADMITTING, Reason

MOST_INSIDE = 1_000_000  # people in a venue: ten times the largest stadium


class Status(IntEnum):
    """The colour as a pass states it (claim -70001)."""

    RED = 0
    YELLOW = 1
    BLUE = 2
    GREEN = 3

    @property
    def colour(self) -> str:
        return self.name.lower()


class Listing(IntEnum):
    """One nibble of the status list: the authority's status of one person today."""

    UNLISTED = 0
    RED = 1
    YELLOW = 2
    BLUE = 3
    GREEN = 4
    REVOKED = 5

    @property
    def status(self) -> Status | None:
        """Return the colour, or None for a place without one (unlisted, revoked)."""
        return Status(self - 1) if Listing.RED <= self <= Listing.GREEN else None


class Direction(StrEnum):
    """The way through a lane."""

    ENTRY = "entry"
    EXIT = "exit"


class Stance(StrEnum):
    """The state of a barrier between releases."""

    CONTROLLED = "controlled"  # locked; a release lets one person through
    FREE = "free"  # open, until ordered otherwise
    BLOCKED = "blocked"  # locked, and its own buttons and remote panel with it


@dataclass(frozen=True, slots=True)
class Scan:
    """One code in one frame: the text exactly as decoded (never stripped: a blank is Base45)."""

    text: str
    reader: str
    direction: Direction
    seen: float  # monotonic seconds at which the frame was captured


@dataclass(frozen=True, slots=True)
class Claims:
    """The content of a pass, after every check that the pass alone allows.  Made by gate.passes only."""

    format: str
    issuer: str
    token_id: bytes  # cti
    idx: int  # place in the status list, below 2**32; of a certificate: a digest of 63 bits, from 2**63 on
    status: Status | None  # None: a certificate, whose evidence gives the colour
    issued_at: int  # Unix s
    expires_at: int  # Unix s, exclusive
    presented_at: int | None = None  # Unix s of the holder's signature; None for a plain pass

    @property
    def bound(self) -> bool:
        """Return whether the holder's phone signed this very presentation."""
        return self.presented_at is not None


@dataclass(frozen=True, slots=True)
class CertificateClaims(Claims):
    """The content of a certificate of another system: no status, but evidence.  (A class of its own, because every
    field costs each pass 0.1 µs.)"""

    evidence: tuple[HealthEvidence, ...] = ()
    revocable_as: tuple[bytes, ...] = ()  # digests by which a revocation list may name the certificate


class Refused(Exception):  # noqa: N818 - a verdict, not an error
    """The pass was refused.  `detail` is for technicians; it never holds the text of the pass.

    `hint`: what the person can do, where it is not the reason's advice.
    `idx`: the holder's place, where the signatures hold; for the pseudonym in the journal alone."""

    def __init__(self, reason: Reason, detail: str = "", hint: Hint | None = None) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
        self.hint = hint
        self.idx: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The gate's answer to one presentation."""

    reason: Reason
    rule: str | None = None  # id of the venue rule that decided
    detail: str = ""  # for technicians and `gate verify`, e.g. the seconds until too_soon ends
    used_at: float | None = None  # already_used, too_soon: Unix s of the earlier use
    again_at: float | None = None  # too_soon: Unix s from which the person may enter again
    hint: Hint | None = None  # unreadable: what the person can do, where it is not the reason's advice

    @property
    def admitted(self) -> bool:
        return self.reason in ADMITTING
