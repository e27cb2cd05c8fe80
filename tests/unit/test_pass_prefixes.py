"""A camera's worker knows passes by the prefixes that the verifier knows."""

from gate.core.pass_prefixes import PASS_PREFIXES
from gate.passes.verifier import PREFIXES


def test_the_prefixes_are_those_of_the_verifier() -> None:
    assert set(PASS_PREFIXES) == set(PREFIXES)
