"""Who is signed in: sessions in memory, which end with the process.

A session has an id, in a cookie that no script reads, and a token, which the sign-in answers to the page's script.  A
call needs both, so neither a stolen cookie nor another site's page is enough.  A session that nobody has touched for
`idle` is locked: it can only lock the entrance down, until its owner gives the PIN.
"""

import hmac
import secrets
from collections import Counter
from dataclasses import dataclass, field

from gate.settings.desk import DeskUser

MOST_SESSIONS = 64  # at once; the one that has been idle for longest makes room
LONGEST = 16 * 3600.0  # seconds from sign-in: a long shift


@dataclass(slots=True, eq=False)
class Session:
    """One person at one browser.  Times are monotonic seconds."""

    user: DeskUser
    began: float
    touched: float
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    acts: "Counter[str]" = field(default_factory=Counter)  # what this person has done: "admitted", "checks", "orders"
    is_locked: bool = False


class Sessions:
    """The sessions of one desk; belongs to its event loop."""

    def __init__(self, idle: float) -> None:
        self._idle = idle
        self._by_id: dict[str, Session] = {}

    def begin(self, user: DeskUser, now: float) -> tuple[str, Session]:
        """Begin a session; return its id, for the cookie."""
        self._sweep(now)
        if len(self._by_id) >= MOST_SESSIONS:
            del self._by_id[min(self._by_id, key=lambda name: self._by_id[name].touched)]
        name, session = secrets.token_urlsafe(24), Session(user, now, now)
        self._by_id[name] = session
        return name, session

    def find(self, name: str | None, now: float) -> Session | None:
        """Return the session of an id, locked if it has been idle."""
        session = self._by_id.get(name or "")
        if session is None:
            return None
        if now - session.began > LONGEST:
            self.end(name)
            return None
        session.is_locked = session.is_locked or now - session.touched > self._idle
        return session

    def end(self, name: str | None) -> None:
        self._by_id.pop(name or "", None)

    def of(self, user: str) -> int:
        """Return how many sessions a user has."""
        return sum(session.user.name == user for session in self._by_id.values())

    def _sweep(self, now: float) -> None:
        for name in [name for name, one in self._by_id.items() if now - one.began > LONGEST]:
            del self._by_id[name]


def is_token_of(session: Session, token: str | None) -> bool:
    """Return whether a call carries the session's token."""
    return token is not None and hmac.compare_digest(session.token.encode(), token.encode())
