"""The head of the subject index, and its segments, as published."""

import json
from typing import Any

import numpy as np
import pytest
from nacl.signing import SigningKey

from gate.errors import PublishError
from gate.store.status_wire import MAX_PLACES
from gate.store.subject_segments import decode_segment, encode_segment
from gate.store.subject_wire import MOST_PLACES, SubjectSegment, SubjectsHead, key_name, seal, sealed_target, unseal

HEAD: dict[str, Any] = {
    "key": "0" * 16,
    "runs": [0, 4],
    "segments": [{"first": 0, "last": 5, "sha256": "0" * 64}, {"first": 5, "last": 9}],
}


def parsed(**changes: Any) -> SubjectsHead:
    return SubjectsHead.parse(json.dumps(HEAD | changes))


def one(first: Any, last: Any, **more: Any) -> list[dict[str, Any]]:
    return [{"first": first, "last": last, **more}]


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({}, 9),
        ({"segments": [], "runs": []}, 0),
        ({"segments": one(0, 1), "runs": [0]}, 1),
        ({"segments": one(0, MOST_PLACES), "runs": [0, MOST_PLACES - 1]}, MOST_PLACES),
        ({"runs": [0, 9]}, 9),
        ({"runs": []}, 9),
        ({"of_a_later_version": 1}, 9),
    ],
)
def test_what_may_just_be(changes: dict[str, Any], places: int) -> None:
    assert parsed(**changes).places == places


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "0" * 15},
        {"key": "0" * 17},
        {"key": "G" * 16},
        {"runs": [0, 0]},
        {"runs": [4, 0]},
        {"runs": [0, 10]},
        {"runs": [-1]},
        {"runs": ["0"]},
        {"segments": one(1, 9)},
        {"segments": [*one(0, 5), *one(6, 9)]},
        {"segments": [*one(0, 5), *one(4, 9)]},
        {"segments": one(0, 0), "runs": []},
        {"segments": one(0, MOST_PLACES + 1)},
        {"segments": one(0, 9.0)},
        {"segments": one(0, 9, sha256="0" * 63)},
        {"segments": one(0, 9, sha256="0" * 65)},
    ],
    ids=str,
)
def test_a_head_with_a_mistake_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(PublishError, match=r"subjects/head\.json"):
        parsed(**changes)


def test_no_segment_lies_beyond_the_last_place_there_can_be() -> None:
    last = SubjectSegment(first=MAX_PLACES - 1, last=MAX_PLACES)
    assert last.target == "subjects/4294967295-4294967296.zst"
    with pytest.raises(ValueError, match="last"):
        SubjectSegment(first=MAX_PLACES, last=MAX_PLACES + 1)


def test_a_segment_comes_back_and_not_as_another_length() -> None:
    digests = np.array([0, 1, 255, 256, 2**63, 2**64 - 1], np.uint64)
    packed = encode_segment(digests)
    expected = b"".join(int(digest).to_bytes(8, "big") for digest in digests)
    assert decode_segment(packed, SubjectSegment(first=3, last=9)) == expected
    for last in (8, 10):
        with pytest.raises(PublishError, match=rf"subjects/3-{last}\.zst"):
            decode_segment(packed, SubjectSegment(first=3, last=last))


def test_the_subject_key_is_for_one_device() -> None:
    device, other = SigningKey(b"d" * 32), SigningKey(b"o" * 32)
    assert unseal(seal(b"k" * 32, device.verify_key), device) == b"k" * 32
    with pytest.raises(PublishError, match="not sealed to this device"):
        unseal(seal(b"k" * 32, other.verify_key), device)
    assert sealed_target(device.verify_key) != sealed_target(other.verify_key)
    assert len(key_name(b"k" * 32)) == 16
    assert key_name(b"k" * 32) != key_name(b"l" * 32)
