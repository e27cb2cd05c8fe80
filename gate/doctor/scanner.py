"""`gate doctor`'s checks of readers that are no cameras: presence, texts read, texts dropped."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from gate.core.model import Scan
from gate.doctor.checks import OPENED_WITHIN
from gate.doctor.lines import CheckLine, Mark, dropped_line, failure
from gate.errors import DeviceError
from gate.passes.scanned import restore
from gate.passes.verifier import is_pass
from gate.ports.reader import Answer, Dropped, Seen
from gate.registry import Fitted


@dataclass(slots=True)
class _Heard:
    """The reports of a reader while it was observed.  No text is kept."""

    passes: int = 0
    others: int = 0
    changed: Counter[str] = field(default_factory=Counter)  # the scanner's change to a pass -> count
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)  # what, and what to do -> count

    def present(self, seen: Seen) -> Answer | None:
        match seen:
            case Scan(text=text):
                restored, how = restore(text)
                self.passes += is_pass(restored)
                self.others += not is_pass(restored)
                if how:
                    self.changed[how] += 1
            case Dropped(what=what, hint=hint):
                self.dropped[what, hint] += 1
        return Answer.DECIDED


def scanner_lines(reader: Fitted, seconds: float) -> Iterator[CheckLine]:
    """Open the reader as the lane would, and observe it for `seconds`."""
    heard = _Heard()
    try:
        asyncio.run(_listen(reader, heard, seconds))
    except DeviceError as error:
        yield failure(reader.name, error)
        return
    except TimeoutError:
        yield CheckLine(reader.name, Mark.FAIL, f"{reader.spec.name} does not open", "Check its cable and power")
        return
    yield _read(reader, heard, seconds)
    for how, count in heard.changed.items():
        advice = "Set the scanner so that it changes nothing" if how.startswith("garbled") else ""
        yield CheckLine(reader.name, Mark.WARN if advice else Mark.PASS, f"it sent {count} passes {how}", advice)
    for (what, hint), count in heard.dropped.items():
        yield dropped_line(reader.name, what, count, hint)


async def _listen(reader: Fitted, heard: _Heard, seconds: float) -> None:
    async with asyncio.timeout(OPENED_WITHIN) as opening, reader.open() as device:
        opening.reschedule(asyncio.get_running_loop().time() + OPENED_WITHIN + seconds)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await device.run(heard.present)


def _read(reader: Fitted, heard: _Heard, seconds: float) -> CheckLine:
    name = f"{reader.spec.name} ({reader.spec.summary})"
    if reader.spec.simulated:
        return CheckLine(
            reader.name,
            Mark.WARN,
            f"{name}: nothing real",
            "It shows recorded codes: name the driver of your reader",
        )
    if heard.passes or heard.others:
        found = f"{name} is there, and read {heard.passes} passes and {heard.others} other codes in {seconds:g} s"
        return CheckLine(reader.name, Mark.PASS, found)
    return CheckLine(
        reader.name,
        Mark.UNKNOWN,
        f"{name} is there; it read nothing in {seconds:g} s",
        "Show it a pass while `gate doctor --camera` listens",
    )
