"""What the tests of the calculators share: inputs drawn from the ranges that a calculator states."""

import math
from datetime import date

import pytest
from hypothesis import strategies as st

from functions.calculators.domain.model import Choice, Day, Quantity


def valid(one):
    """A strategy of values inside the possible range, in the canonical unit."""
    if isinstance(one, Quantity):
        low, high = one.possible.low, one.possible.high
        return st.integers(math.ceil(low), math.floor(high)) if one.whole else st.floats(low, high)
    if isinstance(one, Day):
        return st.dates(date(1900, 1, 1), date(2199, 12, 31)).map(date.isoformat)
    if isinstance(one, Choice):
        return st.sampled_from([option.value for option in one.options])
    return st.booleans()


@pytest.fixture(scope="session")
def valid_inputs():
    """A strategy of all inputs of a calculator; usual values, from which scores are not all at their most."""

    def inputs(calculator):
        return st.fixed_dictionaries({one.name: valid(one) for one in calculator.inputs})

    return inputs
