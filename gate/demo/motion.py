"""The motion of a hand that brings something before the camera, holds it and takes it away.  Pure."""

import math
import random
from dataclasses import dataclass, replace

from gate.demo.scene import VIEW, Pose


@dataclass(frozen=True, slots=True)
class Way:
    """One person's motion: from outside the view to a hold (with a tremble), and back."""

    start: Pose
    held: Pose
    away: Pose
    tremble: tuple[float, ...]  # phases of the hand's small movements

    @classmethod
    def of(cls, rng: random.Random) -> "Way":
        """Draw a random way."""
        held = Pose(
            x=320 + rng.uniform(-36, 36),
            y=214 + rng.uniform(-18, 18),
            distance=rng.uniform(0.96, 1.12),
            roll=rng.uniform(-9, 9),
            pitch=rng.uniform(-16, 10),
            yaw=rng.uniform(-13, 13),
        )
        side = rng.choice([-1, 1])
        start = Pose(
            x=320 + side * rng.uniform(120, 210),
            y=VIEW[1] + rng.uniform(150, 210),
            distance=rng.uniform(1.8, 2.2),
            roll=held.roll + side * rng.uniform(12, 26),
            pitch=held.pitch - rng.uniform(14, 26),
            yaw=held.yaw - side * rng.uniform(4, 16),
        )
        away = replace(start, y=start.y + 60, distance=start.distance * 0.8)
        return cls(start, held, away, tuple(rng.uniform(0, 6.3) for _ in range(4)))

    def approach(self, share: float) -> Pose:
        """Return the pose at a share from 0, outside the view, to 1, held: fast at first, slow at the end."""
        return self.start.mixed(self.held, 1 - (1 - min(max(share, 0.0), 1.0)) ** 2.4)

    def hold(self, seconds: float) -> Pose:
        """Return the pose while held, with the tremble of a hand (some 2 to 6 Hz, a few px)."""
        one, two, three, four = self.tremble
        return replace(
            self.held,
            x=self.held.x + 2.2 * math.sin(5.1 * seconds + one) - 2.2 * math.sin(one),
            y=self.held.y + 1.8 * math.sin(7.3 * seconds + two) - 1.8 * math.sin(two),
            roll=self.held.roll + 0.5 * math.sin(3.7 * seconds + three) - 0.5 * math.sin(three),
            yaw=self.held.yaw + 0.8 * math.sin(2.9 * seconds + four) - 0.8 * math.sin(four),
        )

    def leave(self, share: float) -> Pose:
        """Return the pose at a share from 0, held, to 1, gone from the view."""
        return self.held.mixed(self.away, min(max(share, 0.0), 1.0) ** 1.6)
