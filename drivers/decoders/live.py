"""The reader of the frames of a camera, one frame after another.

Each frame gets a first look.  Where it reads no pass, the other steps get the rest of the frame's processor time
(`budget`), on one of the symbols that were located (`tracking`): first the step that promises most for its cost.  A
step that has failed promises less, until the picture or the symbol looks different.  A step that has no time to end
goes on in the next frame.  The table of steps is in `live_steps`.
"""

from drivers.decoders.budget import FrameBudget
from drivers.decoders.detect.zxing import detect_and_decode
from drivers.decoders.failures import count_failure
from drivers.decoders.filters import halve
from drivers.decoders.live_state import LATER, LiveFrame, LiveJob, LiveMemory, LiveStep, Subject
from drivers.decoders.live_steps import ADD, OTHERS, STEPS
from drivers.decoders.recovery import warm_up
from drivers.decoders.runner import Cost, Observer
from drivers.decoders.symbols import Grey, ReadResult
from drivers.decoders.tracking import Attempts

FIRST_LOOK = "first look"
IN_ALL = ", in all"
SHORTEST = 1e-5  # seconds of a step: less is not measured
LEAST_PROMISE = 0.5  # reads a second of processor: less is not worth the heat
LOOK = Cost(0.89, 2.1)  # of the first look, until it was measured here
OLDEST = 15  # frames: a step that takes longer to end is about a picture of long ago
OVERDUE = 1.0  # seconds that the search for other symbols waits for time that is left
EXTRAS = 2  # steps on the picture in a frame without a located symbol, besides the enlarged regions
SECOND_LOOK = 0.5  # of a frame's time that is left, for another second look
WHOLE_LOOK = 0.8  # of a frame's time that the first look may take: longer, and it looks at the halved picture


class LiveReader:
    """Reader of successive frames.  A pass that was read ends the search in its frame; another text does not.

    For one thread."""

    def __init__(self, observe: Observer | None = None, budget: FrameBudget | None = None) -> None:
        """Start without frames.  `observe`: called with each step that ended; `budget`: of this thread."""
        warm_up()
        self._observe = observe
        self._memory = LiveMemory(budget or FrameBudget())

    def read(self, grey: Grey, *, stirring: bool = True) -> ReadResult:
        """Read the next frame.  `stirring`: something moved a short while ago, so other symbols are sought, too."""
        memory = self._memory
        memory.begin(grey)
        frame = LiveFrame(grey, memory)
        self._look_first(frame)
        if frame.done:
            memory.job = None
        else:
            late = stirring and frame.alone and memory.others.is_due(memory.budget.monotonic(), OVERDUE)
            if late and not frame.first.located:
                self._begin_once(OTHERS, frame)
            self._run_steps(frame)
            if stirring:
                self._begin_once(OTHERS, frame)
        if not frame.alone:
            memory.others.clear()
        memory.budget.end()
        return frame.result()

    def skip_frame(self) -> None:
        """Mark a gap: the next frame is not averaged with those before."""
        self._memory.average.clear()

    def _look_first(self, frame: LiveFrame) -> None:
        """Look at the whole picture, or at a smaller one where that takes too long."""
        budget, grey, factor = self._memory.budget, frame.grey, 1
        start = budget.now()
        while factor < 4 and budget.expected(FIRST_LOOK, grey.size, LOOK) > WHOLE_LOOK * budget.seconds:
            grey, factor = halve(grey), 2 * factor
        result = detect_and_decode(grey, in_time=lambda: budget.left > SECOND_LOOK * budget.seconds)
        frame.first = result.scaled(factor)
        seconds = budget.now() - start
        budget.learn(FIRST_LOOK, grey.size, seconds)
        if self._observe:
            self._observe(FIRST_LOOK, 1000 * seconds, frame.first.texts)
        frame.locate(frame.first.located)
        if not frame.alone:
            self._memory.average.clear()

    def _run_steps(self, frame: LiveFrame) -> None:
        """Run the steps that promise most, until the frame's time is over."""
        memory = self._memory
        job, memory.job = memory.job, None
        if not (job and self._needs_whole(job, frame)):  # before all others: it cannot wait for the next frame
            self._begin_once(ADD, frame)
        if job and frame.alone and memory.frames - job.begun <= OLDEST:
            before = job.ended
            if not self._advance(job, frame) and job.ended > before:
                memory.job = job
                return  # where not even one part ends in a frame, others have their turn
        self._begin_once(ADD, frame)
        extras = EXTRAS
        while not frame.done and (step := self._choose(frame, extras)):
            extras -= step.extra
            job = self._begin(step, frame)
            if not self._advance(job, frame):
                memory.job = job
                return

    def _begin_once(self, step: LiveStep, frame: LiveFrame) -> None:
        if step.name not in frame.begun and step.applies(frame):
            self._advance(self._begin(step, frame), frame)

    def _needs_whole(self, job: LiveJob, frame: LiveFrame) -> bool:
        """Return whether the next part of a job has no time in a frame that is averaged, too."""
        budget = self._memory.budget
        part = budget.expected(job.step.name, job.work, job.step.cost, job.ended)
        return job.waits or part > budget.left - budget.expected(ADD.name, ADD.work(frame), ADD.cost)

    def _choose(self, frame: LiveFrame, extras: int) -> LiveStep | None:
        """Return the step that promises most for its cost, of those whose first part ends in time."""
        budget, best, most = self._memory.budget, None, 0.0
        for step in STEPS:
            if step.name in frame.begun or not step.applies(frame):
                continue
            if step.extra and not extras and frame.target is None:
                continue
            part = budget.expected(step.name, step.work(frame), step.cost)
            if part > budget.left:
                continue
            whole = budget.expected(step.name + IN_ALL, step.work(frame), step.cost)
            promise = step.chance * self._attempts(step, frame).chance(step.name) / max(part, whole, SHORTEST)
            # So that steps come as often as the square root of what they promise: the best way to search in vain
            preferred = promise * (self._memory.age(step.name) ** 2 if step.extra else 1)
            if preferred > most and promise > LEAST_PROMISE:
                best, most = step, preferred
        return best

    def _begin(self, step: LiveStep, frame: LiveFrame) -> LiveJob:
        attempts = self._attempts(step, frame)
        attempts.fail(step.name)  # until it reads
        frame.begun.add(step.name)
        self._memory.begun[step.name] = self._memory.frames
        return LiveJob(step, self._memory.frames, step.run(frame), step.work(frame))

    def _attempts(self, step: LiveStep, frame: LiveFrame) -> Attempts:
        match step.subject:
            case Subject.SYMBOL if frame.target:
                return frame.target.attempts
            case Subject.AVERAGE:
                return self._memory.average_attempts
            case Subject.MISSING if self._memory.tracker.is_missing(self._memory.frames):
                return Attempts()
            case Subject.FRAME:
                return Attempts()
            case _:
                return self._memory.picture

    def _advance(self, job: LiveJob, frame: LiveFrame) -> bool:
        """Run parts of a job; return whether it has ended: it has not where no time is left for its next part."""
        budget, step = self._memory.budget, job.step
        while not frame.done:
            if budget.expected(step.name, job.work, step.cost, job.ended) > budget.left:
                return False
            start = budget.now()
            try:
                result = next(job.parts, None)
            except Exception as error:  # noqa: BLE001 - libraries name no types
                count_failure(step.name, error)
                result = None
            seconds = budget.now() - start
            job.spent += seconds
            job.waits = result is LATER
            if job.waits:
                return False
            budget.learn(step.name, job.work, seconds, job.ended)  # the last part, too: it may be the only one
            if result is None:
                break
            job.ended += 1
            frame.add(result)
        budget.learn(step.name + IN_ALL, job.work, job.spent)
        if self._observe:
            self._observe(step.name, 1000 * job.spent, frame.more.texts)
        return True
