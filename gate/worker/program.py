"""The program of a worker process, shared by both ends."""

from dataclasses import dataclass

from gate.worker.codec import Codec


@dataclass(frozen=True, slots=True)
class Program:
    """One program.  `module` is run as `python -m module`; it sends the messages `sends` and receives `receives`.

    `sends` includes Loading, Started and Failed of gate.worker.codec."""

    module: str
    sends: Codec
    receives: Codec
