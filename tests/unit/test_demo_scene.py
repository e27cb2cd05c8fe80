"""The drawn camera: a reader can read what is held still."""

import random

import numpy as np
import pytest
from PIL import Image

from gate.demo.cast import Person, cast
from gate.demo.props import Medium
from gate.demo.scene import EXPOSURE, VIEW, Shot, light, shoot
from gate.demo.visit import READABLE, DemoPace, Visit, prepare
from tests.qr_codes import read_qr_codes

PLAIN = "AQ1:" + "6BF1WX:D$Q" * 20
BOUND = "AQ1:" + "6BF1WX:D$Q" * 39
PACE = DemoPace(approach=0.5, leave=0.3)
RATE = 15.0


def visit_of(person: Person, text: str | None) -> Visit:
    visit = prepare(person, text, PACE)
    visit.starts_at = 100.0
    return visit


def shots(visit: Visit, seconds: float) -> list[Shot]:
    dice = random.Random(1)
    lighting = light(dice)
    moments = (visit.starts_at + frame / RATE for frame in range(int(seconds * RATE)))
    return [shoot(visit.backdrop, lighting, visit.prop, *visit.poses(at), dice) for at in moments]


def read(picture: Image.Image) -> list[str]:
    return read_qr_codes(np.asarray(picture.convert("L")))


def someone(medium: Medium, number: int = 0) -> Person:
    return [person for person in cast(260, 11) if person.act.medium is medium][number]


@pytest.mark.parametrize(
    ("medium", "text"),
    [
        (Medium.PHONE, PLAIN),
        (Medium.PHONE, BOUND),
        (Medium.DIM, BOUND),
        (Medium.CRACKED, PLAIN),
        (Medium.PAPER, PLAIN),
        (Medium.CARD, "https://example.org/menu"),
    ],
)
@pytest.mark.parametrize("number", range(2))
def test_what_is_held_still_can_be_read(medium: Medium, text: str, number: int) -> None:
    frames = shots(visit_of(someone(medium, number), text), 1.0)
    held = frames[8:]
    assert all(shot.whole and shot.module_px > READABLE for shot in held)
    assert sum(read(shot.picture) == [text] for shot in held) > len(held) / 2  # a crack or a glare costs some


def test_what_comes_into_view_is_not_whole_at_first_and_is_never_read_as_something_else() -> None:
    """Whether a reader makes it out all the same is the reader's business."""
    for number in range(4):
        frames = shots(visit_of(someone(Medium.PHONE, number), BOUND), 0.2)
        assert not frames[0].whole
        assert all(read(shot.picture) in ([], [BOUND]) for shot in frames)


def test_a_dark_phone_shows_no_code() -> None:
    frames = shots(visit_of(someone(Medium.DARK), None), 1.0)
    assert frames
    for shot in frames:
        assert not shot.whole
        assert read(shot.picture) == []


def test_the_picture_has_the_cameras_size_and_is_never_the_same_twice() -> None:
    visit = visit_of(someone(Medium.PHONE), PLAIN)
    dice = random.Random(1)
    lighting = light(dice)
    one, two = (shoot(visit.backdrop, lighting, visit.prop, *visit.poses(101.0), dice).picture for _ in range(2))
    assert one.size == VIEW
    assert one.mode == "RGB"
    assert one.tobytes() != two.tobytes()


def test_the_hand_goes_down_when_it_is_told_to() -> None:
    visit = visit_of(someone(Medium.PHONE), PLAIN)
    held = visit.pose(101.0)
    visit.leaves_at = 101.5
    assert visit.pose(101.0) == held
    before, after = visit.poses(101.5 + PACE.leave)
    assert after.y > VIEW[1]
    assert before != after
    assert visit.over_at == 101.5 + PACE.leave
    assert visit.pose(101.5 + EXPOSURE / 2).y < after.y


def test_a_code_counts_as_visible_from_the_first_whole_and_large_enough_frame() -> None:
    visit = visit_of(someone(Medium.PHONE), PLAIN)
    visit.saw(1.0, whole=False, module_px=4.0)
    visit.saw(2.0, whole=True, module_px=READABLE - 0.1)
    assert [visit.visible_at, visit.last_seen_at] == [None, 0.0]
    visit.saw(3.0, whole=True, module_px=READABLE)
    visit.saw(4.0, whole=True, module_px=4.0)
    assert [visit.visible_at, visit.last_seen_at] == [3.0, 4.0]
