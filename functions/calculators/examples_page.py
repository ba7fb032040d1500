"""docs/reference/calculators-examples.md, rendered: what of the worked examples was published, and by whom."""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum

from functions.calculators.domain.evidence import PRIMARY, TAUGHT, Origin
from functions.calculators.domain.model import Calculator
from functions.calculators.domain.registry import calculators

HEAD = """# Calculators: where the worked examples come from

Rendered from `functions/calculators/domain/catalogue/` by `python -m functions.calculators.page`, which `make check`
runs; do not edit. A test computes every example and holds this page against the catalogue. A *case* has inputs and a
result that somebody printed without us; a *row* is a line of a published table (a score and what it means, or the most
a score can give); what we worked ourselves from the published formula counts as ours. `printed` results are matched
to the last digit printed, and where ours differs the example says why. The papers themselves could seldom be read:
their numbers were taken from where others print them, as each example names it ([all examples](calculators.md)).
"""


class Best(StrEnum):
    """The strongest kind of example a calculator has."""

    PRIMARY = "a case of a paper, a guideline or a drug label"
    TAUGHT = "a case of a textbook, a manual, a teaching page or an examination question"
    SOFTWARE = "a case of an independent implementation"
    ROWS = "only rows of a published table"
    OURS = "only examples worked by us"


def best(one: Calculator) -> Best:
    cases = {example.origin for example in one.examples if not example.bound}
    rows = {example.origin for example in one.examples if example.bound} | {row.origin for row in one.outcomes}
    if cases & PRIMARY:
        return Best.PRIMARY
    if cases & TAUGHT:
        return Best.TAUGHT
    if Origin.SOFTWARE in cases:
        return Best.SOFTWARE
    return Best.ROWS if rows else Best.OURS


def counts(found: Iterable[Calculator]) -> Mapping[Best, int]:
    """How many calculators have which as their best."""
    return Counter(best(one) for one in found)


def render() -> str:
    """The whole page."""
    found = calculators()
    told = counts(found.values())
    table = [
        "| calculator | paper, guideline, label | taught | implementation | rows | ours |",
        "|---|---|---|---|---|---|",
        *(_row(name, one) for name, one in found.items()),
        "",
    ]
    lines = [f"- {told[kind]}: {kind}{_which(kind)}" for kind in Best]
    return "\n".join([HEAD, f"{len(found)} calculators, by the best they have:", "", *lines, "", *table])


def _which(kind: Best) -> str:
    """The names, where something is still missing."""
    if kind not in {Best.ROWS, Best.OURS}:
        return ""
    names = [f"[{name}](calculators.md#{name})" for name, one in calculators().items() if best(one) is kind]
    return f": {', '.join(names)}" if names else ""


def _row(name: str, one: Calculator) -> str:
    cases = Counter(example.origin for example in one.examples if not example.bound)
    rows = len(one.outcomes) + sum(1 for example in one.examples if example.bound)
    columns = (
        sum(cases[origin] for origin in PRIMARY),
        sum(cases[origin] for origin in TAUGHT),
        cases[Origin.SOFTWARE],
        rows,
        cases[Origin.DERIVED],
    )
    return f"| [{name}](calculators.md#{name}) | {' | '.join(str(count or '') for count in columns)} |"
