"""The requirements of one gate on a pass beyond its signatures."""

from typing import NamedTuple


class PassPolicy(NamedTuple):
    """The policy of one gate."""

    venue: str | None  # None: no gate is involved, so the audience of a pass is ignored
    window: int  # seconds between a presentation's time and the gate's, either way
    binding_required: bool  # refuse a pass that its holder did not sign
