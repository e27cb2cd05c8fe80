"""What both ends of a worker process agree on."""

from dataclasses import dataclass

from gate.worker.codec import Codec


@dataclass(frozen=True, slots=True)
class Program:
    """`module` is run as `python -m module`; it `says` these messages and `hears` those.

    `says` includes Loading, Started and Failed of gate.worker.codec."""

    module: str
    says: Codec
    hears: Codec
