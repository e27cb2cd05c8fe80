"""The verifier of passes: the prefix of a text selects the format, whose own module checks it.

A later format is one module beside `aq1` and one line in `_FORMATS`.
"""

from collections.abc import Callable
from typing import Protocol

from gate.core.model import Claims, Refused
from gate.core.reason import Reason
from gate.core.trust import TrustList
from gate.passes.aq1 import Aq1
from gate.passes.aq1_claims import PREFIX as AQ1_PREFIX
from gate.passes.policy import PassPolicy


class Format(Protocol):
    """The port of a pass format."""

    def verify(self, text: str, at: int) -> Claims:
        """Return the claims.  `text` begins with the format's prefix; `at` is Unix seconds.  Raises Refused and
        nothing else."""

    def issued(self, text: str) -> tuple[int, int]:
        """Return place, and time of issue in Unix seconds, of a pass whose signatures hold.  Raises Refused."""


_FORMATS: dict[str, Callable[[TrustList, PassPolicy], Format]] = {
    AQ1_PREFIX: Aq1,
}


PREFIXES = tuple(_FORMATS)


def is_pass(text: str) -> bool:
    """Return whether the text has the prefix of a known pass format; nothing else is checked."""
    return text.startswith(PREFIXES)


class Verifier:
    """The step from the text of a QR code to verified claims.  Pure: no clock, no I/O, no memory of earlier
    texts."""

    def __init__(
        self, trust: TrustList, *, venue: str | None, window: int = 30, binding_required: bool = False
    ) -> None:
        """`venue` is this gate's id; a presentation that names an audience must name it.  None is for a pass away
        from any gate (`gate verify --pass-only`): audiences are then ignored.  `window` is the largest difference
        between a presentation's time and the gate's, seconds, either way.
        """
        policy = PassPolicy(venue, window, binding_required)
        formats = [(prefix, make(trust, policy)) for prefix, make in _FORMATS.items()]
        self._formats = [(prefix, made.verify) for prefix, made in formats]
        self._issued = [(prefix, made.issued) for prefix, made in formats]

    def verify(self, text: str, at: int) -> Claims:
        """Return the claims of the pass in `text`, exactly as decoded, at `at`, Unix seconds.

        Raises Refused with the first reason in the order of `gate.core.reason`, and nothing else.
        """
        for prefix, verify in self._formats:
            if text.startswith(prefix):
                return verify(text, at)
        raise Refused(Reason.UNREADABLE, "no pass that this gate knows")

    def issued(self, text: str) -> tuple[int, int]:
        """Return place, and time of issue in Unix seconds, of a pass whose signatures hold, whatever the time is.
        Raises Refused and nothing else."""
        for prefix, issued in self._issued:
            if text.startswith(prefix):
                return issued(text)
        raise Refused(Reason.UNREADABLE)
