"""Sweeps over many points, of which a part is tried with every run of the tests and the rest by `scripts/endurance`."""

import pytest
from _pytest.mark import ParameterSet


def parts(count: int) -> list[ParameterSet]:
    """Numbers of the parts of a sweep: part k of n takes every nth point, from k on."""
    return [pytest.param(part, marks=[pytest.mark.endurance] if part else []) for part in range(count)]
