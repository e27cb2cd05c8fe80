"""Passes as witnesses of the time, for a gate that knows its clock to be behind.  Pure.

An issuer states when it issued a pass, so no honest pass is older than the time.  One pass proves little: a
phone shows what it likes, and one issuer's clock may run ahead.  What several holders' passes agree on is a
lower bound of the time.  Who holds an issuer's key makes passes of any number of holders; so the bound is
capped by whoever uses it, believed as a step of the clock is, and taken back when the clock is set.
"""

WITNESSES = 3
"""Holders that must agree: two may be friends who share a phone with a wrong clock; a queue of three is a
minute at a busy door."""

MOST = 64  # holders remembered; the one with the earliest pass makes room


class Witnesses:
    """Remembers places of the status list in memory only, for as long as the clock is behind."""

    def __init__(self) -> None:
        self._issued: dict[int, int] = {}

    def hear(self, idx: int, issued_at: int) -> int | None:
        """A pass whose issuer's signature holds; `issued_at`: Unix s.  The moment that WITNESSES different
        holders speak of or surpass, None as long as there are fewer."""
        self._issued[idx] = max(issued_at, self._issued.get(idx, issued_at))
        if len(self._issued) > MOST:
            del self._issued[min(self._issued, key=self._issued.__getitem__)]
        latest = sorted(self._issued.values(), reverse=True)
        return latest[WITNESSES - 1] if len(latest) >= WITNESSES else None

    def forget(self) -> None:
        self._issued.clear()
