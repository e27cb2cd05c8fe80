"""The judge of orders of staff.  Belongs to the lane's one writing thread, as `Judge` does."""

from gate.core.model import Decision, Direction, Listing
from gate.core.reason import Reason
from gate.errors import PublishError, StoreError
from gate.lane.judge import Judge, Verdict
from gate.store.admission import Presented
from gate.store.recent import RecentDecision
from gate.store.staff_admission import PersonVerdict, StaffAct


class StaffJudge(Judge):
    """The judge of one lane, for passes and for staff."""

    def admit_by_staff(self, shown: Presented, at: float, act: StaffAct, idx: int | None = None) -> Verdict:
        """Record that staff let a person through, before anything moves.  `idx`: the place of one whom they checked:
        the verdict is a refusal where the rules refuse, unless staff may override them."""
        if idx is None:
            return self._recorded(lambda: self._admission.admit_person(shown, at, act))
        try:
            return self._verdict(self._with_list(lambda: self._admission.admit_person(shown, at, act, idx)), idx)
        except (StoreError, PublishError) as error:
            return self._failed(error)

    def judge_person(self, idx: int | None, direction: Direction, at: float) -> PersonVerdict:
        """Return today's verdict on a person by their place on the list.  None: the index has nobody of that
        number.  Never raises for a failing store: that is a refusal."""
        if idx is None:
            return PersonVerdict(Listing.UNLISTED, Decision(Reason.NOT_LISTED))
        try:
            return self._with_list(lambda: self._admission.judge_person(idx, direction, at))
        except (StoreError, PublishError) as error:
            return PersonVerdict(Listing.UNLISTED, self._failed(error).decision)

    def give_back_last(self, at: float, actor: str | None) -> int | None:
        """Give back the last use.  Raises StoreError: nothing was given back."""
        return self._admission.give_back_last(at, actor)

    def recent(self, count: int) -> list[RecentDecision]:
        """Return the last decisions, the newest first; none where they cannot be read."""
        return self._try(lambda: self._admission.recent(count), [])
