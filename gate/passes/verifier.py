"""The verifier of passes: the prefix of a text selects the format, whose own module checks it.

A later format is one module beside `hc1`, its prefix in `gate.core.pass_prefixes`, and one line in `_OTHERS`.
"""

from collections.abc import Callable
from typing import Protocol

from gate.core.boarding_pass import is_boarding_pass
from gate.core.coaching import Hint
from gate.core.model import Claims, Refused
from gate.core.pass_prefixes import AQ1, HC1, PASS_PREFIXES, SHC
from gate.core.reason import Reason
from gate.core.trust import TrustList
from gate.passes import hc1, shc
from gate.passes.aq1 import Aq1
from gate.passes.policy import PassPolicy


class Format(Protocol):
    """The port of a pass format."""

    def verify(self, text: str, at: int) -> Claims:
        """Return the claims.  `text` begins with the format's prefix; `at` is Unix seconds.  Raises Refused and
        nothing else."""


_OTHERS: dict[str, tuple[str, Callable[[TrustList], Format]]] = {
    hc1.FORMAT: (HC1, hc1.Hc1),
    shc.FORMAT: (SHC, shc.Shc),
}


def is_pass(text: str) -> bool:
    """Return whether the text has the prefix of a known pass format; nothing else is checked."""
    return text.startswith(PASS_PREFIXES)


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
        witness = Aq1(trust, policy)
        others = [  # a trust list without keys for a format does not know it
            (prefix, make(trust).verify) for name, (prefix, make) in _OTHERS.items() if name in trust.certificate_keys
        ]
        self._formats = [(AQ1, witness.verify), *others]  # that of nearly every pass first
        self._issued = witness.issued

    def verify(self, text: str, at: int) -> Claims:
        """Return the claims of the pass in `text`, exactly as decoded, at `at`, Unix seconds.

        Raises Refused with the first reason in the order of `gate.core.reason`, and nothing else.
        """
        for prefix, verify in self._formats:
            if text.startswith(prefix):
                return verify(text, at)
        if is_boarding_pass(text):
            raise Refused(Reason.UNREADABLE, "a boarding pass (IATA BCBP)", Hint.OTHER_SYMBOL)
        raise Refused(Reason.UNREADABLE, "no pass that this gate knows")

    def issued(self, text: str) -> tuple[int, int]:
        """Return place, and time of issue in Unix seconds, of a pass whose signatures hold, whatever the time is.
        Raises Refused and nothing else.  Certificates of other systems are no witnesses of the time: their issuers
        are many, and their times of issue months old."""
        if text.startswith(AQ1):
            return self._issued(text)
        raise Refused(Reason.UNREADABLE)
