"""The requests on a lane's control socket.

One JSON object a line, one answer a line (after `watch`, one for each change):

    {"do": "status"}                                       {"ok": true, "phase": "ready", ...}
    {"do": "order", "mode": "locked_down", "on": true}     {"ok": true, "phase": "locked_down", ...}
    {"do": "admit", "direction": "entry"}                  {"ok": true, "reason": "staff_admitted", ...}

Each may carry `by`, the name of the person who orders, and `user`, the name of a `[[desk.user]]`, whose role the lane
then checks.  The lane records the account beside them, from the kernel's credentials.  A refused request gets
`{"ok": false, "problem": "...", "code": "..."}`; the codes are those of `gate.core.lane.refusal`.

Plain dataclasses, so that a command that sends one request starts at once; `gate.control.parsing` reads them from a
client that is not trusted.  Each checks its own values, and raises ValueError in words that quote none of them.
"""

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal

from gate.core.lane.modes import STANDING, Mode
from gate.core.model import MOST_INSIDE, Direction
from gate.core.staff_cause import LONGEST_NOTE, StaffCause, is_note

LONGEST = 4096  # bytes of a request
LONGEST_ANSWER = 128 * 1024  # bytes: a picture of 48 KiB as base64, and its outlines
MOST_RECENT = 50  # decisions in an answer
LONGEST_NAME = 64  # characters of `by`, `user`, `check`
DIGEST_LETTERS = 64  # of a SHA-256 in hexadecimal
LAST_UNTIL = 32503680000.0  # Unix s, the year 3000: larger numbers are no times


def is_name(text: str) -> bool:
    """Return whether a text is a name in one line.  Control characters and marks of direction would rewrite the
    journal's line on a screen."""
    return 0 < len(text) <= LONGEST_NAME and text.isprintable()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": True}

    by: str | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        _require("by", self.by is None or is_name(self.by), _NO_NAME)
        _require("user", self.user is None or is_name(self.user), _NO_NAME)


_NO_NAME = f"is no name of 1 to {LONGEST_NAME} characters"


def _require(key: str, is_good: bool, words: str) -> None:
    if not is_good:
        raise ValueError(f"`{key}` {words}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRequest(_Request):
    do: Literal["status"] = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRequest(_Request):
    """The status at once, and after each change until the client closes."""

    do: Literal["watch"] = "watch"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentRequest(_Request):
    """The last decisions, the newest first."""

    do: Literal["recent"] = "recent"
    n: int = 20

    def __post_init__(self) -> None:
        _Request.__post_init__(self)
        _require("n", 1 <= self.n <= MOST_RECENT, f"is no whole number from 1 to {MOST_RECENT}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequest(_Request):
    """Whether a person without a phone may enter now.  Whether the number is an IIN is checked by the lane."""

    do: Literal["check"] = "check"
    iin: str = field(repr=False)
    direction: Direction = Direction.ENTRY


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitRequest(_Request):
    """An order to let one person through.  `check`: id of a check of this person."""

    do: Literal["admit"] = "admit"
    direction: Direction
    why: StaffCause | None = None
    note: str | None = None
    check: str | None = None

    def __post_init__(self) -> None:
        _Request.__post_init__(self)
        words = f"is no text of 1 to {LONGEST_NOTE} characters in one line, without a number of a person"
        _require("note", self.note is None or is_note(self.note), words)
        _require("check", self.check is None or is_name(self.check), _NO_NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveBackRequest(_Request):
    """An order to give the last use back: that person did not go through."""

    do: Literal["give_back"] = "give_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendRequest(_Request):
    """More time for the person at the lane, or for the next one; `on` False: not for the next one after all."""

    do: Literal["extend"] = "extend"
    on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeRequest(_Request):
    """A standing order.  `until`: Unix s at which it ends by itself."""

    do: Literal["order"] = "order"
    mode: Mode
    on: bool
    until: float | None = None

    def __post_init__(self) -> None:
        _Request.__post_init__(self)
        _require("mode", self.mode in STANDING, f"is no order; orders are {', '.join(STANDING)}")
        _require("until", self.until is None or 0 < self.until < LAST_UNTIL, "is no time in Unix seconds")
        _require("until", self.until is None or self.on, "does not belong to an order that is taken back")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetRequest(_Request):
    do: Literal["reset"] = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class InsideRequest(_Request):
    """The number of people inside, as staff have counted them."""

    do: Literal["inside"] = "inside"
    count: int

    def __post_init__(self) -> None:
        _Request.__post_init__(self)
        _require("count", 0 <= self.count <= MOST_INSIDE, f"is no whole number from 0 to {MOST_INSIDE}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInRequest(_Request):
    """A report of the desk, as the next two: for the journal."""

    do: Literal["signed_in"] = "signed_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOutRequest(_Request):
    do: Literal["signed_out"] = "signed_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedOutRequest(_Request):
    """A user was locked out after wrong PINs."""

    do: Literal["locked_out"] = "locked_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsRequest(_Request):
    """The devices of the lane, live."""

    do: Literal["parts"] = "parts"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputRequest(_Request):
    """A test of one output, in maintenance only."""

    do: Literal["output"] = "output"
    name: str

    def __post_init__(self) -> None:
        _Request.__post_init__(self)
        _require("name", is_name(self.name), _NO_NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRequest(_Request):
    """A camera's picture, in maintenance only."""

    do: Literal["picture"] = "picture"
    reader: str

    def __post_init__(self) -> None:
        _Request.__post_init__(self)
        _require("reader", is_name(self.reader), _NO_NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptRequest(_Request):
    """The end of an acceptance run: the journal keeps the digest of its record."""

    do: Literal["accept"] = "accept"
    digest: str

    def __post_init__(self) -> None:
        _Request.__post_init__(self)
        is_digest = len(self.digest) == DIGEST_LETTERS and set(self.digest) <= set("0123456789abcdef")
        _require("digest", is_digest, "is no SHA-256 in hexadecimal")


Request = (
    StatusRequest
    | WatchRequest
    | RecentRequest
    | CheckRequest
    | AdmitRequest
    | GiveBackRequest
    | ExtendRequest
    | ModeRequest
    | ResetRequest
    | InsideRequest
    | SignedInRequest
    | SignedOutRequest
    | LockedOutRequest
    | PartsRequest
    | OutputRequest
    | PictureRequest
    | AcceptRequest
)


def as_json(request: Request) -> dict[str, Any]:
    """Return a request as the values of one JSON object; what is not given is left out."""
    values = ((one.name, getattr(request, one.name)) for one in fields(request))
    return {name: value for name, value in values if value is not None}
