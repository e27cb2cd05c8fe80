"""People before the gate, one after the other: they walk up, show a code, read the answer, and go through or away.  The
gate is observed from outside only: by the bytes that reach the turnstile, and by its page.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic

from gate.demo.camera import DemoCamera
from gate.demo.cast import Person
from gate.demo.codes import Codes
from gate.demo.contact import DemoContact
from gate.demo.controls import DemoButtons
from gate.demo.follow import Follower, StreamEvent
from gate.demo.report import Seen
from gate.demo.turnstile import Turnstile
from gate.demo.visit import DemoPace, Visit, prepare
from gate.kiosk.page_state import GRANTED, Scene
from gate.lane.presence import GONE_AFTER
from gate.ports.clock import Clock

PATIENCE = 4.0  # seconds that a person holds the code out for an answer, at any speed
OPENING = 2.0  # seconds that an admitted person waits for the arm
SHOWN = 6.0  # seconds that a watched demo waits at most for the page to end the last verdict
VISITS = 5  # of the last ones, on the stage
ABOUT_SOMEBODY = frozenset(  # scenes of the page that are about the person who was there last
    (*GRANTED, Scene.REFUSED, Scene.UNAVAILABLE, Scene.HELD, Scene.SEEN, Scene.WAIT, Scene.COACH)
)
APART = GONE_AFTER + 0.4  # seconds for which a code must be out of view before it counts as shown again


@dataclass(frozen=True, slots=True)
class Tempo:
    """Seconds, at the demo's speed."""

    approach: float  # from out of view to held
    nothing: float  # for which a person without a code waits
    glance: float  # at the answer, before the hand goes down
    leave: float  # from held to out of view
    push: float  # from the arm's freeing to the body in the sensor's beam
    through: float  # how long the beam is broken
    pulse: float  # how long the gate frees the arm
    passage_timeout: float

    @classmethod
    def at(cls, speed: float) -> "Tempo":
        """Return the durations at `speed` times the natural pace."""
        push = 0.3 / speed
        return cls(
            approach=0.5 / speed,
            nothing=0.8 / speed,
            glance=0.3 / speed,
            leave=0.3 / speed,
            push=push,
            through=0.2 / speed,
            pulse=min(10.0, max(0.8, 3 * push)),  # so that a busy machine does not make people late
            passage_timeout=min(60.0, max(1.2, 5 * push)),
        )


class World:
    """`watched`: each person waits until the page no longer shows the verdict on the one before."""

    def __init__(
        self,
        codes: Codes,
        camera: DemoCamera,
        turnstile: Turnstile,
        contact: DemoContact,
        follower: Follower,
        tempo: Tempo,
        clock: Clock,
        controls: DemoButtons,
        *,
        watched: bool,
    ) -> None:
        self._controls = controls
        self._watched = watched
        self._codes = codes
        self._camera = camera
        self._turnstile = turnstile
        self._contact = contact
        self._follower = follower
        self._tempo = tempo
        self._clock = clock
        self._last_seen: dict[tuple[str, int], float] = {}
        self._shows = ""
        self._through = False
        self.seen: list[Seen] = []

    async def play(self, people: Sequence[Person], report: Callable[[Seen], None], enough: asyncio.Event) -> None:
        """Play everyone in turn, until `enough` is set.  A person whom a button asks for comes first."""
        left = deque(people)
        while left and not enough.is_set():
            if self._watched:
                await self._page_is_free()
            person = self._next(left)
            began = monotonic()
            seen = await self._visit(person)
            seen = replace(seen, disturbed=self._controls.troubles.since(began))
            self.seen.append(seen)
            report(seen)

    def _next(self, left: deque[Person]) -> Person:
        """Take the next person: whom a button asks for, if there is such a one."""
        wanted = self._controls.wanted()
        found = next((person for person in left if wanted and wanted.fits(person.act)), None)
        if found is None:
            return left.popleft()
        left.remove(found)
        return found

    async def _page_is_free(self) -> None:
        """Wait until the page shows no verdict, so that no caption stands beside that on somebody else."""
        await self._follower.until(lambda page: page.get("scene") not in ABOUT_SOMEBODY, SHOWN)

    def state(self) -> dict[str, object]:
        """Return the state for the stage page.  From any thread."""
        seen = list(self.seen)
        timed = [one.ms_to_open for one in seen if one.ms_to_open is not None]
        return {
            "shows": self._shows,
            "visits": [{"shows": one.person.act.shows, "answer": one.reason or one.outcome} for one in seen[-VISITS:]],
            "plugged": self._turnstile.plugged,
            "frames": self._camera.frames,
            "late": self._camera.late,
            **self._controls.state(),
            "free": self._turnstile.free,
            "through": self._through,
            "people": len(seen),
            "admitted": sum(1 for one in seen if one.outcome == "admitted"),
            "refused": sum(1 for one in seen if one.outcome == "refused"),
            "passed": sum(1 for one in seen if one.passed),
            "ms": timed[-1] if timed else None,
        }

    async def _visit(self, person: Person) -> Seen:
        text = self._codes.text(person, int(self._clock.now()))
        pace = DemoPace(self._tempo.approach, self._tempo.leave)
        visit = await asyncio.to_thread(prepare, person, text, pace)
        await self._apart(person)
        note = "the gate answered when nobody was there" if self._follower.drain() else ""
        openings = len(self._turnstile.openings)
        visit.starts_at, self._shows = monotonic(), person.act.shows
        self._camera.show(visit)
        answer = await self._answer(visit)
        seen = await self._go(visit, answer, openings, note)
        self._last_seen |= dict.fromkeys(_keys(person), visit.last_seen_at)
        self._camera.show(None)
        self._shows = ""
        return seen

    async def _apart(self, person: Person) -> None:
        """Wait until the person's earlier code is out of view, before they show it or another one."""
        before = max((self._last_seen.get(key, 0.0) for key in _keys(person)), default=0.0)
        await _until(before + APART)

    async def _answer(self, visit: Visit) -> StreamEvent | None:
        patience = PATIENCE if visit.person.act.holds is not None else self._tempo.nothing
        with suppress(TimeoutError):
            async with asyncio.timeout(visit.held_at + patience - monotonic()):
                return await self._follower.next("decided")
        return None

    async def _go(self, visit: Visit, answer: StreamEvent | None, openings: int, note: str) -> Seen:
        """Read the answer, take the hand down, and go through or away."""
        person, opened, passed = visit.person, None, False
        visit.leaves_at = max(monotonic(), visit.held_at) + self._tempo.glance
        if answer is not None and answer.data["let_through"]:
            opened = await self._opened(openings)
            if opened is not None and person.act.walks:
                await _until(opened + self._tempo.push)
                await self._walk()
            ended = await self._grant_ended()
            passed = ended == "passed"
            if ended is None:
                note = "the gate did not say how the passage ended"
        await _until(visit.leaves_at + self._tempo.leave)
        if answer is None:
            return Seen(person, "ignored", None, passed, None, note)
        outcome = "admitted" if answer.data["admitted"] else "refused"
        ms = None if opened is None or visit.visible_at is None else (opened - visit.visible_at) * 1000
        return Seen(person, outcome, str(answer.data["reason"]), passed, ms, note)

    async def _opened(self, openings: int) -> float | None:
        with suppress(TimeoutError):
            async with asyncio.timeout(OPENING):
                return await self._turnstile.opened(openings)
        return None

    async def _walk(self) -> None:
        """Walk through the arm, if it is still free: otherwise the person bumps into it and has not gone through."""
        if not self._turnstile.turn():
            return
        self._through = True
        self._contact.set(active=True)
        await asyncio.sleep(self._tempo.through)
        self._contact.set(active=False)
        self._through = False

    async def _grant_ended(self) -> str | None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._tempo.passage_timeout + OPENING):
                return str((await self._follower.next("grant_ended")).data["passed"])
        return None


def _keys(person: Person) -> tuple[tuple[str, int], tuple[str, int]]:
    return ("code", person.code), ("holder", person.holder)


async def _until(moment: float) -> None:
    """Sleep until this monotonic second."""
    await asyncio.sleep(max(0.0, moment - monotonic()))
