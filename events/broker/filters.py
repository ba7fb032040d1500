"""Trigger filters, compiled once when the Trigger is read (Knative `filter.attributes`, Subscriptions API dialects).

    of_trigger(spec)       a predicate over the attributes of an event (`CloudEvent.attributes()`)
    required_types(spec)   the event types outside of which it is certainly false, None where that is not known

exact, prefix and suffix look at an attribute's string form, so `exact: {retries: "3"}` finds the integer 3; CESQL sees
the types. FilterError where a filter cannot be evaluated; its sentence never quotes a value or an expression.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from events import cesql
from events.cesql.required import Values, of_all, of_any
from events.envelope import Attribute
from voiceassist.core.errors import SettingsError

Attributes = Mapping[str, Attribute]
Predicate = Callable[[Attributes], bool]

# Attribute names in filters must start with a letter (Trigger CRD); nesting is bounded against runaway YAML.
_NAME = re.compile(r"[a-z][a-z0-9]*\Z")
_DEEPEST = 16


class FilterError(SettingsError):
    """A filter of the wiring that cannot be evaluated."""


class _Filter(NamedTuple):
    matches: Predicate
    types: Values = None


def of_trigger(spec: Mapping[str, Any]) -> Predicate:
    return _read(spec).matches


def required_types(spec: Mapping[str, Any]) -> frozenset[str] | None:
    return _read(spec).types


def _read(spec: Mapping[str, Any]) -> _Filter:
    """`filters` overrides `filter`; an empty or missing `filters` falls back; no filter at all hears everything."""
    filters = spec.get("filters")
    if filters:
        return _all(filters, depth=0)
    simple = spec.get("filter") or {}
    if not isinstance(simple, Mapping):
        raise FilterError("filter needs attributes.")
    attributes = simple.get("attributes")
    return _attributes(attributes) if attributes else _Filter(lambda _event: True)


def _attributes(wanted: object) -> _Filter:
    """All exact and case-sensitive; the value "" asks for any non-empty value."""
    pairs = _pairs("filter.attributes", wanted, empty_allowed=True)
    exact = _leaf("exact", {name: value for name, value in pairs.items() if value})
    present = tuple(name for name, value in pairs.items() if not value)

    def matches(event: Attributes) -> bool:
        return exact.matches(event) and all(event.get(name, "") != "" for name in present)

    return _Filter(matches, exact.types)


def _compile(expression: object, *, depth: int) -> _Filter:
    if depth > _DEEPEST:
        raise FilterError("A filter is nested too deeply.")
    if not isinstance(expression, Mapping) or len(expression) != 1:
        raise FilterError("A filter must name exactly one dialect.")
    ((dialect, operand),) = expression.items()
    if dialect in _LEAVES:
        return _leaf(dialect, _pairs(dialect, operand))
    if dialect in _NESTED:
        return _NESTED[dialect](operand, depth=depth)
    if dialect in {"cesql", "sql"}:
        return _cesql(operand)
    raise FilterError("A filter names an unknown dialect.")


_LEAVES: dict[str, Callable[[str, str], bool]] = {
    "exact": str.__eq__,
    "prefix": str.startswith,
    "suffix": str.endswith,
}


def _leaf(dialect: str, wanted: dict[str, str]) -> _Filter:
    test, pairs = _LEAVES[dialect], tuple(wanted.items())

    def matches(event: Attributes) -> bool:
        for name, value in pairs:
            own = event.get(name)
            if own is None or not test(own if isinstance(own, str) else _text(own), value):
                return False
        return True

    exact = dialect == "exact" and "type" in wanted
    return _Filter(matches, frozenset({wanted["type"]}) if exact else None)


def _text(value: int | bool) -> str:
    """The canonical string form (CloudEvents 1.0, section 3.1)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _pairs(dialect: str, operand: object, *, empty_allowed: bool = False) -> dict[str, str]:
    if not isinstance(operand, Mapping) or not operand:
        raise FilterError(f"The filter dialect {dialect} needs attribute names and values.")
    for name, value in operand.items():
        if not isinstance(name, str) or not _NAME.match(name):
            raise FilterError(f"The filter dialect {dialect} has a bad attribute name.")
        if not isinstance(value, str) or not (value or empty_allowed):
            raise FilterError(f"The filter dialect {dialect} needs a non-empty text for {name}.")
    return dict(operand)


def _cesql(operand: object) -> _Filter:
    """No match where the value is not the boolean true or anything went wrong on the way to it."""
    if not isinstance(operand, str) or not operand:
        raise FilterError("A CESQL filter needs an expression.")
    try:
        expression = cesql.parse(operand)
    except cesql.ParseError as error:
        raise FilterError(error.detail) from None
    return _Filter(expression.matches, expression.required("type"))


def _several(operand: object, *, depth: int) -> tuple[_Filter, ...]:
    if not isinstance(operand, list) or not operand:
        raise FilterError("all and any need a list of filters.")
    return tuple(_compile(entry, depth=depth + 1) for entry in operand)


def _all(operand: object, *, depth: int) -> _Filter:
    parts = _several(operand, depth=depth)
    if len(parts) == 1:
        return parts[0]
    tests = tuple(part.matches for part in parts)
    return _Filter(lambda event: all(test(event) for test in tests), of_all(part.types for part in parts))


def _any(operand: object, *, depth: int) -> _Filter:
    parts = _several(operand, depth=depth)
    tests = tuple(part.matches for part in parts)
    return _Filter(lambda event: any(test(event) for test in tests), of_any(part.types for part in parts))


def _not(operand: object, *, depth: int) -> _Filter:
    inner = _compile(operand, depth=depth + 1).matches
    return _Filter(lambda event: not inner(event))


_NESTED: dict[str, Callable[..., _Filter]] = {"all": _all, "any": _any, "not": _not}
