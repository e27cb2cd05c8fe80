"""Passes as witnesses of the time, for a gate whose clock is known to be behind.  Pure.

An issuer states when it issued a pass, so no honest pass is issued later than now.  One pass proves little: a phone
can show any pass, and one issuer's clock may run ahead.  The time that several holders' passes reach is a lower
bound of the time.  The owner of an issuer's key can make passes of any number of holders.  The bound is therefore
capped by its user, trusted as a step of the clock is, and taken back when the clock is set.
"""

WITNESSES = 3
"""Holders that must agree: two may be friends who share a phone with a wrong clock; a queue of three is a minute at
a busy door."""

MOST = 64  # holders remembered; the one with the earliest pass makes room


class Witnesses:
    """The witnesses: places of the status list, kept in memory only, for as long as the clock is behind."""

    def __init__(self) -> None:
        self._issued: dict[int, int] = {}

    def add(self, idx: int, issued_at: int) -> int | None:
        """Take a pass whose issuer's signature holds; `issued_at`: Unix s.  Return the latest time that WITNESSES
        different holders reach; None as long as there are fewer."""
        self._issued[idx] = max(issued_at, self._issued.get(idx, issued_at))
        if len(self._issued) > MOST:
            del self._issued[min(self._issued, key=self._issued.__getitem__)]
        latest = sorted(self._issued.values(), reverse=True)
        return latest[WITNESSES - 1] if len(latest) >= WITNESSES else None

    def clear(self) -> None:
        self._issued.clear()
