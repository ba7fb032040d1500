"""Which values an attribute must have for something to be true: a set outside of which it is certainly false.

None: not known. So a broker can look up by type which of its thousands of filters are worth asking.
"""

from collections.abc import Iterable

from events.cesql.nodes import Attribute, Comparison, In, Literal, Logic, Node
from events.cesql.values import to_text

Values = frozenset[str] | None


def values_of(node: Node, name: str) -> Values:
    """For `name` an attribute that every event has, and as a text: `type`, `source`, `id`."""
    match node:
        case Comparison("=", Attribute(found), Literal(str(value))) if found == name:
            return frozenset({value})
        case Comparison("=", Literal(value), Attribute(found)) if found == name:
            return frozenset({to_text(value)})
        case In(Attribute(found), elements, False) if found == name:
            texts = [to_text(element.value) for element in elements if isinstance(element, Literal)]
            return frozenset(texts) if len(texts) == len(elements) else None
        case Logic("AND", operands):
            return of_all(values_of(operand, name) for operand in operands)
        case Logic("OR", operands):
            return of_any(values_of(operand, name) for operand in operands)
    return None


def of_all(parts: Iterable[Values]) -> Values:
    """All parts must hold: one known set is enough."""
    known = [part for part in parts if part is not None]
    return frozenset.intersection(*known) if known else None


def of_any(parts: Iterable[Values]) -> Values:
    """Any part may hold: all sets must be known."""
    found: frozenset[str] = frozenset()
    for part in parts:
        if part is None:
            return None
        found |= part
    return found
