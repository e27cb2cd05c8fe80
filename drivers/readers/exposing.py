"""A ladder of exposures.  A screen shines by itself and wants a short one, paper in a dim hall a long one."""

from collections.abc import Callable, Sequence

STEP_AFTER = 0.8  # seconds in which something stirs and nothing is read


class Ladder:
    """The first exposure until something stirs and nothing can be read; then the next, and round again.
    One that a code was read with is kept.  Times are monotonic seconds."""

    def __init__(self, exposures: Sequence[float], expose: Callable[[float], object]) -> None:
        self._exposures = exposures
        self._expose = expose
        self._at = 0
        self._since: float | None = None  # when the present exposure began to fail
        if exposures:
            expose(exposures[0])

    def after(self, at: float, *, stirring: bool, read: bool) -> bool:
        """Call it after every frame.  Whether the exposure was changed."""
        before = self._at
        if read or not stirring:
            self._since = None
            if not read and not stirring:
                self._go_to(0)
        elif self._since is None:
            self._since = at
        elif at - self._since >= STEP_AFTER and len(self._exposures) > 1:
            self._since = at
            self._go_to((self._at + 1) % len(self._exposures))
        return self._at != before

    def _go_to(self, place: int) -> None:
        if self._exposures and place != self._at:
            self._at = place
            self._expose(self._exposures[place])
