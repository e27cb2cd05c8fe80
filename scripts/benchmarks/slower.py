"""`scripts/bench read --slower 5`: clips in real time on a core that is so many times slower, by a clock of its own.

A reader takes the newest frame once it has ended with the one before, as the camera's worker does; frames meanwhile are
lost.  The time that counts is that from the clip's begin to the text.
"""

from collections.abc import Callable, Collection, Sequence
from statistics import mean, quantiles
from time import thread_time

from clips import RATE, Clip
from looks import LIVE, Look, LookRow
from rendering import Grey

from drivers.decoders.budget import FrameBudget
from drivers.decoders.live import LiveReader

NEVER = 1.0  # seconds after the clip's end: what a code counts for that was not read


def readers(slower: float) -> dict[str, Callable[[], Look]]:
    """Return makers of the readers to compare; the gate's knows the slower clock."""

    def clock() -> float:
        return slower * thread_time()

    def gate() -> Look:
        reader = LiveReader(budget=FrameBudget(1 / RATE, clock, clock))
        return lambda grey: reader.read(grey).texts

    return {name: LIVE[name] for name in ("pyzbar", "zxing-cpp")} | {"cascade": gate}


def in_real_time(name: str, clips: Sequence[Clip], slower: float) -> list[LookRow]:
    """Measure seconds to the first read, and the time of a frame against the camera's period."""
    rows = []
    for reader, make in readers(slower).items():
        seconds, ms, wrong, read = [], list[float](), 0, 0
        for pictures, text in clips:
            at, texts, times = _play(pictures, text, make(), slower)
            seconds.append(at)
            ms += times
            wrong += any(other != text for other in texts)
            read += text in texts
        late = mean(one > 1000 / RATE for one in ms)
        p99 = quantiles(ms, n=100, method="inclusive")[-1] if len(ms) > 1 else ms[0]
        besides = {
            "seconds": round(mean(seconds), 2),
            "p99": round(p99, 1),
            "max": round(max(ms), 1),
            "over": round(late, 3),
        }
        rows.append(LookRow(name, reader, len(clips), read / len(clips), mean(ms), wrong, besides))
    return rows


def _play(pictures: Sequence[Grey], text: str, look: Look, slower: float) -> tuple[float, Collection[str], list[float]]:
    """Return the seconds until the text was read, all texts of that frame or wrong ones before, and ms a frame."""
    now, number, times, seen = 0.0, 0, list[float](), set[str]()
    while number < len(pictures):
        now = max(now, number / RATE)
        start = thread_time()
        seen.update(look(pictures[number]))
        spent = slower * (thread_time() - start)
        times.append(1000 * spent)
        now += spent
        if text in seen:
            return now, seen, times
        number = max(number + 1, int(now * RATE))
    return len(pictures) / RATE + NEVER, seen, times
