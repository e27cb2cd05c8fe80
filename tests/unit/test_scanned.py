"""What scanners make of a pass by their settings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.passes.scanned import BEFORE, restore
from gate.passes.verifier import is_pass

BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
passes = st.text(BASE45, max_size=60).map(lambda rest: f"AQ1:{rest}")


@given(passes)
def test_a_pass_is_left_as_it_is(text: str) -> None:
    assert restore(text) == (text, "")


@given(
    passes,
    st.sampled_from(["", "]Q1", "]Q3", "#", "~", "QR:", "\x1d", "] Q1 "]),
    st.sampled_from(["", "#", ";;", "\x1d", "~!", "\N{REPLACEMENT CHARACTER}", "\\"]),
)
def test_what_stands_around_a_pass_and_small_letters_are_the_scanners(text: str, before: str, after: str) -> None:
    for changed in (before + text + after, before + text.lower() + after, (before + text + after).swapcase()):
        found, how = restore(changed)
        assert found == text
        assert bool(how) is (changed != text)


@given(st.text(max_size=40))
def test_nothing_else_becomes_a_pass(text: str) -> None:
    found, _ = restore(text)
    assert found == text or (is_pass(found) and "AQ1:" in text.upper()[: BEFORE + 4])


@pytest.mark.parametrize(
    ("text", "said"),
    [("AQ!:", "SHIFT"), ("AQ1>6BF", "layout"), ("]Q1aq1>6bf", "layout"), ("QA!.6BF", "French"), ("https://AQ", "")],
)
def test_what_cannot_be_undone_is_named(text: str, said: str) -> None:
    found, how = restore(text)
    assert found == text
    assert said in how
