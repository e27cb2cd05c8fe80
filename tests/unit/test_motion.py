"""When a frame is worth decoding, and when a camera is not well.  No clock: times are given."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from drivers.decoders.symbols import Grey
from drivers.readers.camera_worker.capture import BLACK_FOR, Frame, FrameReader
from drivers.readers.camera_worker.exposure import STEP_AFTER, ExposureLadder
from drivers.readers.camera_worker.motion import EVERY, LINGER, CameraHealth, MotionGate, smaller
from tests.contract.camera_rigs import BLANK, drawn

RATE = 1 / 15


NOISES = 16  # fields of noise, used in turn: drawing one takes longer than what is tested


@cache
def _noise(seed: int, shape: tuple[int, ...]) -> NDArray[np.int16]:
    return np.random.default_rng(seed).normal(0, 5, shape).round().astype(np.int16)


def noisy(picture: Grey, seed: int) -> Grey:
    return (picture + _noise(seed % NOISES, picture.shape)).clip(0, 255).astype(np.uint8)


def looked_at(motion: MotionGate, pictures: list[Grey], start: float = 0.0) -> list[bool]:
    return [
        motion.is_worth_decoding(smaller(noisy(picture, number)), start + number * RATE)
        for number, picture in enumerate(pictures)
    ]


def test_an_idle_gate_rests() -> None:
    motion = MotionGate()
    looks = looked_at(motion, [BLANK] * 150)
    assert all(looks[: int(LINGER / RATE)])
    resting = looks[int(LINGER / RATE) + 1 :]
    assert sum(resting) <= len(resting) * RATE / EVERY + 1


def test_it_never_rests_for_longer_than_it_says() -> None:
    looks = looked_at(MotionGate(), [BLANK] * 150)
    longest = max(len(run) for run in "".join("x" if look else "." for look in looks).split("x"))
    assert longest * RATE <= EVERY


def test_whoever_comes_is_seen_at_the_first_frame() -> None:
    looks = looked_at(MotionGate(), [BLANK] * 60 + [drawn("HELLO", scale=3)] * 3)
    assert all(looks[60:])


def test_a_code_held_perfectly_still_is_decoded_with_every_step_and_as_long_as_it_is_read() -> None:
    motion = MotionGate()
    looks = looked_at(motion, [BLANK] * 60 + [drawn("HELLO")] * 30)
    assert all(looks[60:])
    for number in range(300):
        at = 89 * RATE + number * RATE
        assert motion.is_worth_decoding(smaller(noisy(drawn("HELLO"), number)), at)
        motion.code_read(at)


def test_a_lamp_that_flickers_is_nobody() -> None:
    flicker = [(BLANK + 8 * (number % 2)).astype(np.uint8) for number in range(150)]
    assert sum(looked_at(MotionGate(), flicker)) < 75


def test_what_changes_slowly_is_seen_in_the_end() -> None:
    motion = MotionGate()
    drift = []
    for number in range(300):
        wall = BLANK.astype(np.float32)
        wall[100:200, 100:200] += number / 4
        drift.append(wall.astype(np.uint8))
    looks = looked_at(motion, drift)
    assert sum(looks[60:]) > 60


def test_a_frozen_picture_is_told_and_a_living_one_is_not() -> None:
    frozen, living = CameraHealth(2.0, 3.0), CameraHealth(2.0, 3.0)
    picture = noisy(drawn("HELLO"), 1)
    problems = [frozen.problem(picture, smaller(picture), number * RATE) for number in range(45)]
    assert not any(problems[:30])
    assert problems[-1] is not None
    assert "same picture" in problems[-1][0]
    for number in range(90):
        now = noisy(drawn("HELLO"), number)
        assert living.problem(now, smaller(now), number * RATE) is None


def test_a_black_picture_is_told_after_a_while_and_forgotten_with_the_first_light() -> None:
    health = CameraHealth(100.0, 3.0)
    dark = noisy(np.zeros((480, 640), np.uint8), 1)
    bright = noisy(BLANK, 2)
    assert health.problem(bright, smaller(bright), 0.0) is None
    told = [health.problem(dark, smaller(dark), number * RATE) for number in range(1, 60)]
    assert not any(told[:44])
    assert told[-1] is not None
    assert "black" in told[-1][0]
    assert health.problem(bright, smaller(bright), 4.1) is None
    assert health.problem(dark, smaller(dark), 4.2) is None


def test_a_camera_is_well_after_its_process_was_held_up() -> None:
    """Two frames that are far apart say nothing of the time between them."""
    health = CameraHealth(2.0, 3.0)
    dark = noisy(np.zeros((480, 640), np.uint8), 1)
    for at in (0.0, 600.0, 1200.0):
        assert health.problem(dark, smaller(dark), at) is None


def test_a_phone_before_a_dark_hall_is_not_black() -> None:
    health = CameraHealth(100.0, 3.0)
    phone = np.zeros((480, 640), np.uint8)
    phone[200:260, 300:340] = 200
    for number in range(100):
        assert health.problem(phone, smaller(phone), number * RATE) is None


def test_the_ladder_goes_on_while_something_stirs_and_nothing_is_read() -> None:
    set_to: list[float] = []
    ladder = ExposureLadder((0.008, 0.0, 0.004), set_to.append)
    at = 0.0
    for _ in range(60):
        ladder.after(at, in_motion=True, read=False)
        at += RATE
    assert set_to[:4] == [0.008, 0.0, 0.004, 0.008]
    assert len(set_to) <= 1 + 60 * RATE / STEP_AFTER


def test_an_exposure_that_reads_is_kept_and_an_idle_gate_goes_back_to_the_first() -> None:
    set_to: list[float] = []
    ladder = ExposureLadder((0.008, 0.0), set_to.append)
    at = 0.0
    while set_to != [0.008, 0.0]:
        ladder.after(at, in_motion=True, read=False)
        at += RATE
    for _ in range(100):
        ladder.after(at, in_motion=True, read=True)
        at += RATE
    assert set_to == [0.008, 0.0]
    ladder.after(at, in_motion=False, read=False)
    assert set_to == [0.008, 0.0, 0.008]


def test_a_ladder_does_not_keep_itself_going() -> None:
    """The picture of an empty hall changes with every exposure; the gate comes to rest all the same."""
    light = [1.0]
    changes: list[float] = []

    def expose(seconds: float) -> None:
        light[0] = 0.5 + 60 * seconds
        changes.append(seconds)

    hall = BLANK.copy()
    hall[100:300, 200:400] = 220
    frame_reader = FrameReader(CameraHealth(1e9, 1e9), ExposureLadder((0.008, 0.016, 0.004), expose))
    for number in range(300):
        picture = (hall * light[0]).clip(0, 255).astype(np.uint8)
        frame_reader.read(Frame(noisy(picture, number), number * RATE))
    busy, before = len(changes), 300
    for number in range(before, before + 150):
        picture = (hall * light[0]).clip(0, 255).astype(np.uint8)
        frame_reader.read(Frame(noisy(picture, number), number * RATE))
    assert len(changes) == busy
    assert changes[-1] == 0.008


def test_a_hall_at_night_is_seen_with_another_exposure_and_is_no_lost_camera() -> None:
    light = [0.0]
    changes: list[float] = []

    def expose(seconds: float) -> None:
        light[0] = 0.02 if seconds else 0.5  # 0.0: the camera chooses
        changes.append(seconds)

    frame_reader = FrameReader(CameraHealth(1e9, BLACK_FOR), ExposureLadder((0.008, 0.0, 0.004), expose))
    for number in range(300):
        picture = (drawn("HELLO") * light[0]).astype(np.uint8)
        if number > 30:
            picture[:, :] = picture[0, 0]  # they have gone
        _, problem = frame_reader.read(Frame(noisy_at(picture, number), number * RATE))
        assert problem is None
        if number == 150:
            busy = len(changes)
    assert len(changes) == busy  # it comes to rest
    assert changes[-1] == 0.0
    problems = [frame_reader.read(Frame(noisy_at(BLANK // 100, 0), (300 + number) * RATE))[1] for number in range(60)]
    assert problems[0] is None
    assert problems[-1] is not None  # a cover on the lens


def noisy_at(picture: Grey, seed: int) -> Grey:
    """With little noise, as little light has."""
    return (picture + np.random.default_rng(seed).normal(0, 1, picture.shape)).clip(0, 255).astype(np.uint8)


def test_without_a_ladder_nothing_is_set() -> None:
    set_to: list[float] = []
    ladder = ExposureLadder((), set_to.append)
    for number in range(60):
        ladder.after(number * RATE, in_motion=True, read=False)
    assert set_to == []


def test_attention_reads_a_code_among_frames_of_nothing() -> None:
    frame_reader = FrameReader(CameraHealth(2.0, 3.0), ExposureLadder((), lambda _: None))
    for number in range(60):
        texts, problem = frame_reader.read(Frame(noisy(BLANK, number), number * RATE))
        assert not texts
        assert problem is None
    assert frame_reader.read(Frame(noisy(drawn("HELLO"), 60), 60 * RATE)) == (("HELLO",), None)
