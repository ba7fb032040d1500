"""A published schema only grows: what a new one would take from those who rely on the old (SPEC P3.6).

Fields may be added, if they need not be said; an enum may gain values, a bound may widen. Whoever needs
more than that publishes the next version of the type.
"""

from collections.abc import Iterator
from typing import Any

_WORDS = frozenset({"title", "description", "examples"})
_FIELDS = frozenset({"properties", "required"})
_LOWER_IS_WIDER = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_HIGHER_IS_WIDER = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})


class ShrunkError(Exception):
    """One sentence for whoever changed the catalogue."""


def losses(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """Every place where `new` is not `old` and more: a JSON pointer into the payload and what is wrong there."""
    for name, field in old["properties"].items():
        if name in new["properties"]:
            yield from _changes(field, new["properties"][name], f"/{name}")
        else:
            yield f"/{name} is gone"
    before, now = set(old["required"]), set(new["required"])
    yield from (f"/{name} is required now" for name in sorted(now - before))
    yield from (f"/{name} may be missing now" for name in sorted((before - now) & new["properties"].keys()))
    yield from _changes(old, new, "/")


def _changes(old: dict[str, Any], new: dict[str, Any], at: str) -> Iterator[str]:
    for keyword in sorted((old.keys() | new.keys()) - _WORDS - _FIELDS):
        if not _kept(keyword, old.get(keyword), new.get(keyword)):
            yield f"{at} has another {keyword}"


def _kept(keyword: str, old: Any, new: Any) -> bool:
    if keyword == "enum" and old and new:
        return set(old) <= set(new)
    if keyword in _LOWER_IS_WIDER | _HIGHER_IS_WIDER and old is not None:
        return new is None or bool(new <= old if keyword in _LOWER_IS_WIDER else new >= old)
    return bool(_wordless(old) == _wordless(new))


def _wordless(schema: Any) -> Any:
    """A schema without what is meant for readers."""
    if isinstance(schema, dict):
        return {key: _wordless(value) for key, value in schema.items() if key not in _WORDS}
    return [_wordless(one) for one in schema] if isinstance(schema, list) else schema
