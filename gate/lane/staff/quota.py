"""Quotas of requests: how many in how long."""

from collections import defaultdict, deque


class RequestQuota:
    """At most `most` requests within `seconds`, for each key.  Times are monotonic seconds."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._times: defaultdict[str, deque[float]] = defaultdict(deque)

    def take(self, key: str, now: float) -> bool:
        """Count one request; return whether it is within the quota."""
        for other in [name for name, times in self._times.items() if times and now - times[-1] > self._seconds]:
            del self._times[other]
        times = self._times[key]
        while times and now - times[0] > self._seconds:
            times.popleft()
        if len(times) >= self._most:
            return False
        times.append(now)
        return True
