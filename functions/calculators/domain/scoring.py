"""What scores are made of: points for criteria that hold, and points by where a number lies."""

from collections.abc import Mapping

from functions.calculators.domain.model import Values


def points(values: Values, table: Mapping[str, int]) -> int:
    """The points of the criteria that hold; an optional criterion that nobody gave has none."""
    return sum(worth for name, worth in table.items() if values.get(name))


def step(value: float, first: int, *rising: tuple[float, int]) -> int:
    """`first` below the first floor, then the points of the last floor that `value` reaches."""
    reached = [worth for floor, worth in rising if value >= floor]
    return reached[-1] if reached else first
