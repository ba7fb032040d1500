"""What scores are made of: points for criteria that hold, and points by where a number lies."""

import math
from collections.abc import Mapping

from functions.calculators.domain.model import Values

LOWEST = -math.inf


def points(values: Values, table: Mapping[str, int]) -> int:
    """The points of the criteria that hold; an optional criterion that nobody gave has none."""
    return sum(worth for name, worth in table.items() if values.get(name))


def step(value: float, *rising: tuple[float, int]) -> int:
    """The points of the last floor that `value` reaches; none below the first."""
    reached = [worth for floor, worth in rising if value >= floor]
    return reached[-1] if reached else 0
