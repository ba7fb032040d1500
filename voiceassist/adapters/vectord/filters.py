"""The filter algebra: JSON of the wire to the engine's objects; anything unknown is refused."""

from collections.abc import Callable, Mapping
from typing import Any

import qdrant_edge as edge

from voiceassist.adapters.vectord.faults import bad_request

Json = Mapping[str, Any]


def parse(tree: Json | None) -> "edge.Filter | None":
    """A filter, or None for none."""
    if tree is None:
        return None
    _known(tree, {"must", "should", "must_not", "min_should"}, "filter")
    return edge.Filter(
        must=_conditions(tree.get("must")),
        should=_conditions(tree.get("should")),
        must_not=_conditions(tree.get("must_not")),
        min_should=_min_should(tree.get("min_should")),
    )


def _min_should(tree: Json | None) -> "edge.MinShould | None":
    if tree is None:
        return None
    _known(tree, {"conditions", "min_count"}, "min_should")
    return edge.MinShould(_conditions(tree["conditions"]) or [], int(tree["min_count"]))


def _conditions(tree: Any) -> list[Any] | None:
    if tree is None:
        return None
    return [_condition(item) for item in (tree if isinstance(tree, list) else [tree])]


def _condition(tree: Any) -> Any:
    if not isinstance(tree, dict):
        raise bad_request("a condition must be an object")
    if "key" in tree:
        return _field(tree)
    if tree.keys() <= {"must", "should", "must_not", "min_should"}:
        return parse(tree)
    if len(tree) != 1:
        raise bad_request("a condition without key must have exactly one field")
    (kind, value), *_ = tree.items()
    if kind not in CONDITIONS:
        raise bad_request(f"unknown condition `{kind}`")
    return CONDITIONS[kind](value)


def _nested(tree: Json) -> Any:
    _known(tree, {"key", "filter"}, "nested")
    return edge.NestedCondition(tree["key"], parse(tree["filter"]) or edge.Filter())


CONDITIONS: dict[str, Callable[[Any], Any]] = {
    "has_id": lambda ids: edge.HasIdCondition(set(ids)),
    "has_vector": edge.HasVectorCondition,
    "is_empty": lambda tree: edge.IsEmptyCondition(tree["key"]),
    "is_null": lambda tree: edge.IsNullCondition(tree["key"]),
    "nested": _nested,
}


def _field(tree: Json) -> Any:
    _known(tree, {"key", *FIELD_PARTS}, "field condition")
    parts = {name: build(tree[name]) for name, build in FIELD_PARTS.items() if tree.get(name) is not None}
    if not parts:
        raise bad_request("a field condition needs one of: " + ", ".join(FIELD_PARTS))
    return edge.FieldCondition(tree["key"], **parts)


def _match(tree: Json) -> Any:
    if len(tree) != 1 or next(iter(tree)) not in MATCHES:
        raise bad_request("match must be one of: " + ", ".join(MATCHES))
    (kind, value), *_ = tree.items()
    return MATCHES[kind](value)


def _value(value: Any) -> Any:
    """The binding reads True as the number 1, which matches nothing; numpy's bool is none it mistakes."""
    if isinstance(value, bool):
        import numpy as np

        return edge.MatchValue(np.bool_(value))  # type: ignore[arg-type]
    return edge.MatchValue(value)


def _range(tree: Json) -> Any:
    _known(tree, {"lt", "lte", "gt", "gte"}, "range")
    bounds = {name: value for name, value in tree.items() if value is not None}
    if any(isinstance(value, str) for value in bounds.values()):
        return edge.RangeDateTime(**bounds)
    return edge.RangeFloat(**bounds)


def _point(tree: Json) -> Any:
    _known(tree, {"lon", "lat"}, "geo point")
    return edge.GeoPoint(lon=tree["lon"], lat=tree["lat"])


def _box(tree: Json) -> Any:
    _known(tree, {"top_left", "bottom_right"}, "geo_bounding_box")
    return edge.GeoBoundingBox(_point(tree["top_left"]), _point(tree["bottom_right"]))


def _radius(tree: Json) -> Any:
    _known(tree, {"center", "radius"}, "geo_radius")
    return edge.GeoRadius(_point(tree["center"]), float(tree["radius"]))


def _count(tree: Json) -> Any:
    _known(tree, {"lt", "lte", "gt", "gte"}, "values_count")
    return edge.ValuesCount(**tree)


MATCHES: dict[str, Callable[[Any], Any]] = {
    "value": _value,
    "text": edge.MatchText,
    "text_any": edge.MatchTextAny,
    "phrase": edge.MatchPhrase,
    "any": edge.MatchAny,
    "except": edge.MatchExcept,
}
FIELD_PARTS: dict[str, Callable[[Any], Any]] = {
    "match": _match,
    "range": _range,
    "geo_bounding_box": _box,
    "geo_radius": _radius,
    "values_count": _count,
    "is_empty": bool,
    "is_null": bool,
}


def _known(tree: Any, names: set[str], where: str) -> None:
    if not isinstance(tree, dict):
        raise bad_request(f"{where} must be an object")
    if unknown := sorted(tree.keys() - names):
        raise bad_request(f"unknown field `{unknown[0]}` in {where}")
