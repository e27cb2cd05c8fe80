"""The order in which the daemon visits the mirrors.  Pure: the caller supplies the time."""

from collections.abc import Sequence

BACK = 3600.0  # seconds for which a mirror that failed comes after the others; doubled with each further failure
BACK_MOST = 86_400.0  # seconds


class MirrorOrder:
    """The mirrors and their recent failures.  Times are monotonic seconds."""

    def __init__(self, mirrors: Sequence[str]) -> None:
        self._mirrors = tuple(mirrors)
        self._failures: dict[str, int] = {}  # in a row
        self._back_until: dict[str, float] = {}

    def at(self, now: float) -> list[str]:
        """Return the mirrors as configured, but recently failed ones last, the oldest failure first."""
        back = {mirror: until for mirror, until in self._back_until.items() if until > now}
        return sorted(self._mirrors, key=lambda mirror: back.get(mirror, 0.0))

    def failed(self, mirror: str, now: float) -> None:
        """Count a failure: the mirror comes last for a while."""
        failures = self._failures.get(mirror, 0) + 1
        self._failures[mirror] = failures
        self._back_until[mirror] = now + min(BACK_MOST, BACK * 2 ** min(failures - 1, 10))

    def worked(self, mirror: str) -> None:
        """Clear the failures of a mirror."""
        self._failures.pop(mirror, None)
        self._back_until.pop(mirror, None)
