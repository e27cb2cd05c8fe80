"""Segments of the subject index: the digests of many places, by NumPy, which a look-up does without.

The format is that of `gate.store.subject_wire`.
"""

import numpy as np
import zstandard
from numpy.typing import NDArray

from gate.store.status_wire import unpack_exactly
from gate.store.subject_wire import DIGEST_BYTES, SubjectSegment

Digests = NDArray[np.uint64]


def encode_segment(digests: Digests) -> bytes:
    planes = digests.astype(">u8").view(np.uint8).reshape(-1, DIGEST_BYTES).T
    return zstandard.ZstdCompressor(level=3, write_content_size=True).compress(planes.tobytes())


def decode_segment(data: bytes, segment: SubjectSegment) -> bytes:
    """Return the digests, eight bytes each, big-endian.  Raises PublishError."""
    planes = unpack_exactly(data, DIGEST_BYTES * (segment.last - segment.first), segment.target)
    return np.frombuffer(planes, np.uint8).reshape(DIGEST_BYTES, -1).T.tobytes()
