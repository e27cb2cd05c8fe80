"""A ladder of exposures: a luminous screen needs a short one, paper in a dim hall a long one."""

from collections.abc import Callable, Sequence

STEP_AFTER = 0.8  # seconds of motion in which nothing is read
DARK_AFTER = 0.4  # seconds in which all is black


class ExposureLadder:
    """The first exposure, until something moves and nothing is read; then the next, and round again.

    An exposure that a code was read with is kept.  Where the first one shows only black (a hall at night), the next
    one becomes the first until a code is read with the first again.  Times are monotonic seconds."""

    def __init__(self, exposures: Sequence[float], expose: Callable[[float], object]) -> None:
        self._exposures = exposures
        self._expose = expose
        self._at = self._first = 0
        self._since: float | None = None  # when the present exposure began to fail
        if exposures:
            expose(exposures[0])

    @property
    def exposure(self) -> tuple[int, float] | None:
        """Return the place of the present exposure and its seconds; None where the camera takes no order."""
        return (self._at, self._exposures[self._at]) if self._exposures else None

    def after(self, at: float, *, in_motion: bool, read: bool, dark: bool = False) -> bool:
        """Take every frame's result; return whether the exposure was changed."""
        before = self._at
        read = read and not dark  # several dark frames together may show a code, but black is a fault
        if read or not (in_motion or dark):
            self._since = None
            if read and self._at == 0:
                self._first = 0
            if not read:
                self._go_to(self._first)
        elif self._since is None:
            self._since = at
        elif at - self._since >= (DARK_AFTER if dark else STEP_AFTER) and len(self._exposures) > 1:
            self._since = at
            following = (self._at + 1) % len(self._exposures)
            if dark and self._at == self._first:
                self._first = following
            self._go_to(following)
        return self._at != before

    def _go_to(self, place: int) -> None:
        if self._exposures and place != self._at:
            self._at = place
            self._expose(self._exposures[place])
