"""Items of a scale: each grade has its points, a label, and the words that say it."""

from collections.abc import Iterable

from functions.calculators.domain.model import Choice, Option, Values, spoken

UNTESTABLE = Option("UN", "untestable", (r"un", r"(?:un|not )testable", r"cannot be tested"))


def graded(
    name: str, label: str, *grades: str, words: tuple[str, ...] = (), first: int = 0, untestable: bool = False
) -> Choice:
    """A choice of "0", "1", … in the order of `grades`, each "label" or "label|another word|another".

    An empty grade lies between its neighbours and goes by its number only. `words` name the item in speech beside its
    label; `first` is the number of the first grade.
    """
    numbered = list(enumerate(grades, first))
    said = ", ".join(f"{points} {grade.split('|')[0]}" for points, grade in numbered if grade)
    options = tuple(_option(str(points), grade.split("|")) for points, grade in numbered)
    return Choice(
        name=name,
        label=label,
        question=f"How is the item {label} graded: {said}?",
        words=(*words, *spoken(label, name.replace("_", " "))),
        options=(*options, UNTESTABLE) if untestable else options,
    )


def total(values: Values, items: Iterable[Choice]) -> int:
    """The sum of the grades; an untestable item adds nothing."""
    return sum(int(values[one.name]) for one in items if values[one.name] != UNTESTABLE.value)


def least(items: Iterable[Choice]) -> dict[str, str]:
    """Every item at its lowest grade."""
    return {one.name: one.options[0].value for one in items}


def most(items: Iterable[Choice]) -> dict[str, str]:
    """Every item at its highest grade."""
    return {one.name: [option.value for option in one.options if option != UNTESTABLE][-1] for one in items}


def _option(points: str, phrases: list[str]) -> Option:
    if not phrases[0]:
        return Option(points, points, (points,))
    return Option(points, f"{points}: {phrases[0]}", (points, *spoken(*phrases)))
