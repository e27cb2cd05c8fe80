"""Several frames of what is held still: what no single one of them shows."""

from collections.abc import Iterator

import cv2
import numpy as np

from drivers.decoders.detect.regions import Region
from drivers.decoders.frame_average import FEWEST, FrameAverage
from drivers.decoders.symbols import Grey
from tests.unit.decoders.qr_pictures import noisy, on_a_wall, square, text_of, with_time

WHOLE = Region(0, 0, 640, 480)
MOST_FRAMES = 24


def a_code(seed: int, module: int = 4) -> tuple[Grey, str]:
    text = text_of(seed)
    return np.asarray(cv2.GaussianBlur(on_a_wall(square(text, module)), (0, 0), 1.0), np.uint8), text


def shaken(picture: Grey, across: float, down: float) -> Grey:
    way = np.array([(1, 0, across), (0, 1, down)], np.float32)
    moved = cv2.warpAffine(picture, way, picture.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def held(picture: Grey, seed: int, strong: float, far: float = 2.0) -> Iterator[Grey]:
    """As it is seen by a poor sensor, in a hand that moves up to `far` pixels to and fro."""
    dice = np.random.default_rng(seed)
    for frame in range(MOST_FRAMES):
        yield noisy(shaken(picture, *dice.uniform(-far, far, 2)), 100 * seed + frame, strong)


def correlation(one: Grey, other: Grey) -> float:
    """Wherever the one lies in the other."""
    return float(cv2.matchTemplate(one, other[20:-20, 20:-20], cv2.TM_CCOEFF_NORMED).max())


def test_noise_is_averaged_out_although_the_hand_moves() -> None:
    picture, _ = a_code(1)
    average = FrameAverage()
    for frame in held(picture, 1, 60):
        average.add(frame, WHOLE)
        single = frame
    mean = average.mean()
    assert mean is not None
    assert correlation(single, picture) < 0.8
    assert correlation(mean, picture) > 0.95


def test_too_few_frames_are_none() -> None:
    picture, _ = a_code(1)
    average = FrameAverage()
    assert average.mean() is None
    for number, frame in zip(range(FEWEST), held(picture, 1, 5), strict=False):
        assert average.mean() is None, number
        average.add(frame, WHOLE)
    assert average.mean() is not None
    average.clear()
    assert average.mean() is None


def test_another_picture_is_not_added_to_the_last_one() -> None:
    average = FrameAverage()
    for frame in held(a_code(1)[0], 1, 5):
        average.add(frame, WHOLE)
    other = np.asarray(a_code(2, module=2)[0][:, ::-1])
    average.add(noisy(other, 1), WHOLE)
    assert average.mean() is None
    for frame in held(other, 2, 5):
        average.add(frame, WHOLE)
    mean = average.mean()
    assert mean is not None
    assert correlation(mean, other) > 0.95


def test_where_nothing_is_busy_or_too_little_is_there_nothing_begins() -> None:
    picture, _ = a_code(1)
    average = FrameAverage()
    for frame in held(picture, 1, 5):
        average.add(frame, None)
        assert average.mean() is None
        average.add(frame, Region(0, 0, 40, 300))
        assert average.mean() is None


def test_a_camera_may_change_its_size() -> None:
    picture, _ = a_code(1)
    average = FrameAverage()
    for frame in held(picture, 1, 5):
        average.add(frame, WHOLE)
    smaller = np.ascontiguousarray(picture[::2, ::2])
    average.add(smaller, Region(0, 0, 320, 240))
    assert average.mean() is None


def test_a_white_spot_that_wanders_hides_nothing() -> None:
    picture, _ = a_code(3)
    average = FrameAverage()
    for number, frame in enumerate(held(picture, 3, 4)):
        left = 150 + 12 * number % 200
        frame[80:330, left : left + 60] = 255
        average.add(frame, WHOLE)
    mean = average.mean()
    assert mean is not None
    assert correlation(mean, picture) > correlation(frame, picture) + 0.02


def test_a_code_in_a_dim_hall_is_read() -> None:
    """In noise in which hardly a frame of it is readable, within a second or two."""
    read = 0
    for seed in range(4):
        picture, text = a_code(seed, module=3)
        frames = list(held(np.asarray(60 + picture * 0.15, np.uint8), seed, 11))
        reader = with_time()
        found = [reader.read(frame) for frame in frames]
        assert {one.texts for one in found} <= {(), (text,)}
        read += any(one.texts for one in found)
    assert read == 4


def test_frames_that_were_left_out_end_what_was_held() -> None:
    picture, _ = a_code(1, module=3)
    frames = list(held(np.asarray(60 + picture * 0.15, np.uint8), 1, 11))
    reader = with_time()
    for frame in frames:
        assert "several frames" not in reader.read(frame).decoded_by
        reader.skip_frame()
