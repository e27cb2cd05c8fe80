"""Seconds of `scripts/fuzz`, always the same ones: whatever comes, only the target's own refusal."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.checking import check, corpus
from tests.fuzz.mutation import slipped
from tests.fuzz.targets import CORPUS, TARGETS

pytestmark = pytest.mark.fuzz

SLOW = {"picture": 40, "workbook": 30, "config": 40}  # examples
STEADY = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("name", TARGETS)
def test_slips_are_refused_in_words(name: str) -> None:
    target = TARGETS[name]

    @settings(STEADY, max_examples=SLOW.get(name, 200))
    @given(slipped(target.seeds()))
    def run(data: bytes) -> None:
        check(target, data)

    run()


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_good_is_taken(name: str) -> None:
    """Or the other test would compare nothing."""
    assert any(check(TARGETS[name], seed) for seed in TARGETS[name].seeds())


@pytest.mark.parametrize("path", [str(path.relative_to(CORPUS)) for name in TARGETS for path in corpus(name)])
def test_the_corpus(path: str) -> None:
    check(TARGETS[path.partition("/")[0]], (CORPUS / path).read_bytes())


def test_a_folder_of_the_corpus_has_a_target() -> None:
    assert {path.name for path in CORPUS.iterdir()} <= set(TARGETS)


@settings(STEADY, max_examples=20)
@given(st.binary(max_size=20))
def test_bounds_are_checked(data: bytes) -> None:
    """A target that breaks its word is found."""
    broken = type(TARGETS["id"])(lambda _: int("x"), None, list)
    with pytest.raises(ValueError, match="invalid literal"):
        check(broken, data)
    slow = type(TARGETS["id"])(lambda _: sum(range(100_000)), None, list, cpu=0.0)
    with pytest.raises(AssertionError, match="of processor"):
        check(slow, data)
