"""How long a visit may take, whatever it reports."""

from hypothesis import given
from hypothesis import strategies as st

from gate.errors import StoreError, SyncError
from gate.sync.allowance import SLOWEST, Allowance, Step, VisitLimits, VisitPhase

LIMITS = VisitLimits()
WAITING = (VisitPhase.REQUEST, VisitPhase.READ)

steps = st.lists(
    st.tuples(
        st.sampled_from(WAITING),
        st.integers(0, 3),  # which address
        st.integers(0, 1 << 20),  # bytes since the last report
        st.floats(0, 1),  # when: a share of what is left
    ),
    max_size=60,
)


@given(steps)
def test_a_mirror_holds_a_visit_for_what_it_sends_and_a_minute(
    reports: list[tuple[VisitPhase, int, int, float]],
) -> None:
    now, received = 100.0, 0
    allowance = Allowance(LIMITS, now)
    allowance.report(Step(VisitPhase.WORK, "", 0), now)
    for phase, about, size, share in reports:
        allowance.report(Step(phase, str(about), received), now)
        left = allowance.ends - now
        assert left <= max(LIMITS.answer, LIMITS.read + received / SLOWEST) + 1e-6  # s: sums of floats
        now += share * max(0.0, left)
        received += size
        allowance.report(Step(phase, str(about), received), now)
        assert now - 100 <= min(LIMITS.visit, LIMITS.mirror + received / SLOWEST) + 1e-6
    assert allowance.ends - 100 <= min(LIMITS.visit, LIMITS.mirror + received / SLOWEST) + LIMITS.work + 1e-6


@given(st.integers(SLOWEST + SLOWEST // 20, 1 << 24), st.integers(1, 64 << 20))
def test_an_honest_line_gets_its_hour(pace: int, size: int) -> None:
    """A little faster than the slowest: nothing but the hour ends it."""
    allowance = Allowance(LIMITS, 0.0)
    allowance.report(Step(VisitPhase.REQUEST, "a", 0), 0.0)
    now = 2.0
    allowance.report(Step(VisitPhase.READ, "a", 0), now)
    received = 0
    while received < size and now < LIMITS.visit - 20:
        now, received = now + 10, min(size, received + 10 * pace)
        assert allowance.ends > now - 1e-6
        allowance.report(Step(VisitPhase.READ, "a", received), now)


def test_whose_fault_it_is() -> None:
    allowance = Allowance(LIMITS, 0.0)
    assert isinstance(allowance.problem, StoreError)
    assert not allowance.has_begun
    expected = {
        Step(VisitPhase.WORK, "x", 0): (StoreError, "did not end within 600 s"),
        Step(VisitPhase.REQUEST, "x", 0): (SyncError, "x: no answer within 30 s"),
        Step(VisitPhase.READ, "x", 0): (SyncError, "x: slower than 2048 bytes a second"),
    }
    for step, (kind, says) in expected.items():
        allowance = Allowance(LIMITS, 0.0)
        allowance.report(step, 1.0)
        assert isinstance(allowance.problem, kind)
        assert says in allowance.problem.what


def test_an_answer_just_in_time_again_and_again_is_not_enough() -> None:
    allowance, now = Allowance(LIMITS, 0.0), 0.0
    for number in range(100):
        allowance.report(Step(VisitPhase.REQUEST, str(number), 0), now)
        if allowance.ends <= now + 29:
            break
        now += 29
        allowance.report(Step(VisitPhase.WORK, str(number), 0), now)
    assert allowance.ends == 60
    assert "slower than" in allowance.problem.what


def test_a_mirror_that_sends_for_ever_has_an_hour() -> None:
    allowance = Allowance(LIMITS, 0.0)
    for second in range(0, 3600, 10):
        allowance.report(Step(VisitPhase.READ, "x", second * (1 << 20)), float(second))
    assert allowance.ends == 3600
    assert "not everything came within 60 min" in allowance.problem.what


def test_work_of_this_device_is_not_the_mirrors_time() -> None:
    allowance = Allowance(LIMITS, 0.0)
    allowance.report(Step(VisitPhase.REQUEST, "x", 0), 0.0)
    allowance.report(Step(VisitPhase.WORK, "x", 0), 10.0)
    allowance.report(Step(VisitPhase.REQUEST, "y", 0), 500.0)
    assert allowance.ends == 530
