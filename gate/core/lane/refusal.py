"""Refusals of staff orders: a code for callers that have texts of their own, and the words for a person."""

from dataclasses import dataclass
from enum import StrEnum


class OrderCode(StrEnum):
    """The code of a refusal.  The words are a contract with callers: none is ever renamed."""

    NOT_ALLOWED = "not_allowed"  # this user's role may not order it
    UNKNOWN_USER = "unknown_user"
    LOCKED_DOWN = "locked_down"  # or out of service: an order of staff closes the lane
    BARRIER_LOST = "barrier_lost"
    FIRE = "fire"
    BUSY = "busy"  # somebody is being let through, or the other door of a mantrap is open
    TOO_MANY = "too_many"  # orders, checks or connections
    NO_INDEX = "no_index"  # people cannot be checked by IIN here
    NO_SUCH_CHECK = "no_such_check"
    CHECK_OVER = "check_over"  # used, or too old
    BAD_IIN = "bad_iin"
    NOT_IN_MAINTENANCE = "not_in_maintenance"
    NOTHING_TO_GIVE_BACK = "nothing_to_give_back"
    FIRE_LOOP_OPEN = "fire_loop_open"
    STORAGE_FAILED = "storage_failed"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class OrderRefusal:
    """The refusal of an order.  `why`: in words, with what to do."""

    code: OrderCode
    why: str

    def __str__(self) -> str:
        return self.why
