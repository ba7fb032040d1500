"""Trigger filters, compiled once when the Trigger is read (Knative `filter.attributes`, Subscriptions API dialects).

A predicate looks at an event's attributes in their string form, so `exact: {retries: "3"}` finds the integer 3.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from voiceassist.core.errors import SettingsError

Attributes = Mapping[str, str]
Predicate = Callable[[Attributes], bool]

# Attribute names in filters must start with a letter (Trigger CRD); nesting is bounded against runaway YAML.
_NAME = re.compile(r"[a-z][a-z0-9]*\Z")
_DEEPEST = 16


class FilterError(SettingsError):
    """A filter of the wiring that cannot be evaluated."""


def as_strings(attributes: Mapping[str, str | int | bool]) -> dict[str, str]:
    """The canonical string form of each attribute (CloudEvents 1.0, section 3.1)."""
    return {name: _text(value) for name, value in attributes.items()}


def _text(value: str | int | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def of_trigger(spec: Mapping[str, Any]) -> Predicate:
    """`filters` overrides `filter`; an empty or missing `filters` falls back; no filter at all hears everything."""
    filters = spec.get("filters")
    if filters:
        return _all(filters, depth=0)
    attributes = (spec.get("filter") or {}).get("attributes")
    return _attributes(attributes) if attributes else lambda _event: True


def _attributes(wanted: object) -> Predicate:
    """All exact and case-sensitive; the value "" asks for any non-empty value."""
    pairs = tuple(_pairs("filter.attributes", wanted, empty_allowed=True).items())

    def matches(event: Attributes) -> bool:
        return all((event.get(name) == value if value else event.get(name)) for name, value in pairs)

    return matches


def _compile(expression: object, *, depth: int) -> Predicate:
    if depth > _DEEPEST:
        raise FilterError("A filter is nested too deeply.")
    if not isinstance(expression, Mapping) or len(expression) != 1:
        raise FilterError("A filter must name exactly one dialect.")
    ((dialect, operand),) = expression.items()
    if dialect in _LEAVES:
        return _leaf(_LEAVES[dialect], _pairs(dialect, operand))
    if dialect == "all":
        return _all(operand, depth=depth)
    if dialect == "any":
        return _any(operand, depth=depth)
    if dialect == "not":
        inner = _compile(operand, depth=depth + 1)
        return lambda event: not inner(event)
    if dialect in {"cesql", "sql"}:
        raise FilterError("CESQL filters are not supported by the local broker; use exact, prefix, suffix, all, any.")
    raise FilterError("A filter names an unknown dialect.")


_LEAVES: dict[str, Callable[[str, str], bool]] = {
    "exact": str.__eq__,
    "prefix": str.startswith,
    "suffix": str.endswith,
}


def _leaf(test: Callable[[str, str], bool], wanted: dict[str, str]) -> Predicate:
    pairs = tuple(wanted.items())

    def matches(event: Attributes) -> bool:
        return all(name in event and test(event[name], value) for name, value in pairs)

    return matches


def _pairs(dialect: str, operand: object, *, empty_allowed: bool = False) -> dict[str, str]:
    if not isinstance(operand, Mapping) or not operand:
        raise FilterError(f"The filter dialect {dialect} needs attribute names and values.")
    for name, value in operand.items():
        if not isinstance(name, str) or not _NAME.match(name):
            raise FilterError(f"The filter dialect {dialect} has a bad attribute name.")
        if not isinstance(value, str) or not (value or empty_allowed):
            raise FilterError(f"The filter dialect {dialect} needs a non-empty text for {name}.")
    return dict(operand)


def _several(operand: object, *, depth: int) -> tuple[Predicate, ...]:
    if not isinstance(operand, list) or not operand:
        raise FilterError("all and any need a list of filters.")
    return tuple(_compile(entry, depth=depth + 1) for entry in operand)


def _all(operand: object, *, depth: int) -> Predicate:
    parts = _several(operand, depth=depth)
    return parts[0] if len(parts) == 1 else lambda event: all(part(event) for part in parts)


def _any(operand: object, *, depth: int) -> Predicate:
    parts = _several(operand, depth=depth)
    return lambda event: any(part(event) for part in parts)
