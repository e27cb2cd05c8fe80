"""One person before the camera, their pass, and the pose of their hand at any moment."""

import random
from dataclasses import dataclass, field

import numpy as np
import segno

from gate.authority.pictures import modules as pass_modules
from gate.demo.cast import ROGUE, Pass, PassForm, Person
from gate.demo.motion import Way
from gate.demo.props import Colour, Look, Medium, Modules, Prop, draw
from gate.demo.scene import EXPOSURE, Backdrop, Pose, figure, hall

TEAL, SKY, PLUM, OLIVE, GREY = (30, 118, 108), (38, 92, 170), (104, 48, 110), (96, 84, 36), (84, 88, 96)
READABLE = 2.0
"""Pixels a module from which a code counts as visible: a good reader needs them for 90 % recall."""


@dataclass(frozen=True, slots=True)
class DemoPace:
    """Seconds at the demo's speed."""

    approach: float
    leave: float


@dataclass(slots=True)
class Visit:
    """A visit.  Times are monotonic seconds.

    The camera's thread reads; `leaves_at` is written once from outside, `visible_at` once by the camera."""

    person: Person
    prop: Prop
    backdrop: Backdrop
    way: Way
    pace: DemoPace
    starts_at: float = 0.0
    leaves_at: float | None = None
    visible_at: float | None = None  # the first frame in which the whole code is in view, large enough to read
    last_seen_at: float = 0.0  # the last frame in which any of the code may be read
    dice: random.Random = field(default_factory=random.Random)

    @property
    def held_at(self) -> float:
        return self.starts_at + self.pace.approach

    @property
    def over_at(self) -> float | None:
        return None if self.leaves_at is None else self.leaves_at + self.pace.leave

    def pose(self, at: float) -> Pose:
        if self.leaves_at is not None and at > self.leaves_at:
            return self.way.leave((at - self.leaves_at) / self.pace.leave)
        if at < self.held_at:
            return self.way.approach((at - self.starts_at) / self.pace.approach)
        return self.way.hold(at - self.held_at)

    def poses(self, at: float) -> tuple[Pose, Pose]:
        """Return the hand's pose when the shutter opened, and now."""
        return self.pose(at - EXPOSURE), self.pose(at)

    def saw(self, at: float, *, whole: bool, module_px: float) -> None:
        """Record the camera's facts of the frame taken `at`."""
        if not whole or module_px < READABLE:
            return
        self.last_seen_at = at
        if self.visible_at is None:
            self.visible_at = at


def prepare(person: Person, text: str | None, pace: DemoPace) -> Visit:
    """Draw the person and the thing that they hold (some 50 ms of work)."""
    rng = random.Random(person.seed)
    paper = person.act.medium in (Medium.PAPER, Medium.CARD)
    prop = draw(_look(person), None if text is None else _modules(text, paper=paper))
    backdrop = Backdrop(hall(random.Random(7)), figure(rng, person.skin))  # one hall, many people
    return Visit(person, prop, backdrop, Way.of(rng), pace, dice=rng)


def _modules(text: str, *, paper: bool) -> Modules:
    if text.startswith("AQ1:"):
        return pass_modules(text, paper=paper)
    return np.array([list(row) for row in segno.make_qr(text, error="m").matrix], dtype=np.bool_)


def _look(person: Person) -> Look:
    title, strip, tint = _captions(person)
    return Look(person.act.medium, title, strip, tint, person.skin, person.body, person.seed)


def _captions(person: Person) -> tuple[str, str, Colour]:
    holds, medium = person.act.holds, person.act.medium
    if not isinstance(holds, Pass):
        return ("Dastarkhan", "MENU", PLUM) if medium is Medium.CARD else ("Wi-Fi", "SCAN TO JOIN", GREY)
    colour = "GREEN" if holds.form is PassForm.EDITED else holds.colour.name
    if holds.issuer == ROGUE:
        return "E-Pass", colour, OLIVE
    return holds.issuer.capitalize(), colour, TEAL if holds.issuer == "ashyq" else SKY
