"""Seconds of `scripts/fuzz`, always the same ones: whatever comes, only the target's own refusal."""

import ctypes
import faulthandler
from random import Random

import pytest

from tests.fuzz import hunting
from tests.fuzz.checking import check, corpus
from tests.fuzz.hunting import hunt
from tests.fuzz.mutation import slipped
from tests.fuzz.target import Target
from tests.fuzz.targets import CORPUS, TARGETS

pytestmark = pytest.mark.fuzz

INPUTS, INPUTS_OF_SLOW = 400, 40
SEED = 1


@pytest.mark.parametrize("name", TARGETS)
def test_slips_are_refused_in_words(name: str) -> None:
    target, random = TARGETS[name], Random(SEED)
    seeds = target.seeds()
    for _ in range(INPUTS_OF_SLOW if target.is_slow else INPUTS):
        check(target, slipped(random, seeds))


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_good_is_taken(name: str) -> None:
    """Or the other test would compare nothing."""
    assert any(check(TARGETS[name], seed).taken for seed in TARGETS[name].seeds())


@pytest.mark.parametrize("path", [str(path.relative_to(CORPUS)) for name in TARGETS for path in corpus(name)])
def test_the_corpus(path: str) -> None:
    check(TARGETS[path.partition("/")[0]], (CORPUS / path).read_bytes())


def test_a_folder_of_the_corpus_has_a_target() -> None:
    assert {path.name for path in CORPUS.iterdir()} <= set(TARGETS)


def _no_digit(data: bytes) -> None:
    if b"7" in data:
        int("x")


def _native_crash(data: bytes) -> None:
    if len(data) > 2:
        faulthandler.disable()  # it would fill the output of the tests
        ctypes.string_at(1)  # as a native library dies: by a signal


def _busy(data: bytes) -> None:
    if data:
        sum(range(100_000))


def _seeds() -> list[bytes]:
    return [b"123456789"]


def test_a_target_that_breaks_its_word_is_found_with_a_short_input() -> None:
    found = hunt(Target(_no_digit, None, _seeds), SEED, inputs=1000, seconds=60)
    assert "ValueError: invalid literal" in found.found
    assert found.reproducer == b"7"


def test_a_crash_of_native_code_is_found_with_its_input() -> None:
    found = hunt(Target(_native_crash, None, _seeds), SEED, inputs=1000, seconds=60)
    assert found.found == "died of SIGSEGV"
    assert len(found.reproducer) > 2


def test_too_much_processor_is_found() -> None:
    found = hunt(Target(_busy, None, _seeds, cpu=0.0), SEED, inputs=1000, seconds=60)
    assert "of processor" in found.found


def test_a_hang_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hunting, "HANGS", 0.5)
    found = hunt(Target(lambda _: _for_ever(), None, _seeds), SEED, inputs=10, seconds=60)
    assert found.found.startswith("hangs")
    assert found.reproducer


def _for_ever() -> None:
    while True:
        pass


def test_as_many_inputs_as_were_asked_for() -> None:
    found = hunt(Target(len, None, _seeds), SEED, inputs=300, seconds=60)
    assert (found.inputs, found.taken, found.found) == (300, 300, "")
