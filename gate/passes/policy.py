"""What one gate asks of a pass beyond its signatures."""

from typing import NamedTuple


class PassPolicy(NamedTuple):
    venue: str | None  # None: not asked at a gate, so the audience of a pass is not looked at
    window: int  # seconds that a presentation's time may lie from the gate's, either way
    binding_required: bool  # a pass that its holder did not sign is refused
