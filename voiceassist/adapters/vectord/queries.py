"""Reads: queries of the wire as requests of the engine, and its records as JSON."""

from collections.abc import Callable
from typing import Any

import msgspec
import qdrant_edge as edge

from voiceassist.adapters.vectord import filters, points, wire
from voiceassist.adapters.vectord.faults import Refused, bad_request

MOST = 10_000  # points a single answer may hold
Lookup = Callable[[wire.PointId, str | None], Any]


def request(body: wire.Query | wire.QueryGroups, lookup: Lookup, *, limit: int, offset: int = 0) -> Any:
    """A query with its prefetches; `lookup` fetches the vector of a point named by id."""
    _limited(limit + offset)
    return edge.QueryRequest(
        limit=limit,
        offset=offset,
        query=scoring(body.query, body.using, lookup, limit),
        prefetches=_prefetches(body.prefetch, lookup),
        filter=_without(filters.parse(body.filter), body.query),
        params=_params(body.params),
        score_threshold=body.score_threshold,
        with_payload=payload_choice(body.with_payload),
        with_vector=body.with_vector or False,
    )


def _without(chosen: Any, query: Any) -> Any:
    """A point that is searched by its id is not its own neighbour."""
    if isinstance(query, dict):
        query = query.get("nearest")
    if isinstance(query, bool) or not isinstance(query, int | str):
        return chosen
    itself = edge.Filter(must_not=[edge.HasIdCondition({query})])
    return itself if chosen is None else edge.Filter(must=[chosen, itself])


def _prefetches(tree: list[wire.Prefetch] | wire.Prefetch | None, lookup: Lookup) -> list[Any]:
    if tree is None:
        return []
    return [
        edge.Prefetch(
            limit=_limited(item.limit),
            query=scoring(item.query, item.using, lookup, item.limit),
            prefetches=_prefetches(item.prefetch, lookup),
            params=_params(item.params),
            filter=_without(filters.parse(item.filter), item.query),
            score_threshold=item.score_threshold,
        )
        for item in (tree if isinstance(tree, list) else [tree])
    ]


def scoring(tree: Any, using: str | None, lookup: Lookup, limit: int) -> Any:
    """What orders the results: a vector, a point, a fusion, a payload field or chance."""
    if tree is None:
        return None
    if isinstance(tree, int | str) and not isinstance(tree, bool):
        return edge.Query.Nearest(lookup(tree, using), using)
    if isinstance(tree, list) or (isinstance(tree, dict) and "indices" in tree):
        return edge.Query.Nearest(points.named(tree), using)
    if isinstance(tree, dict) and (build := _special(tree, using, lookup, limit)) is not None:
        return build
    raise bad_request("this kind of query is not supported")


def _special(tree: dict[str, Any], using: str | None, lookup: Lookup, limit: int) -> Any:
    if "nearest" in tree:
        return _nearest(msgspec.convert(tree, wire.Nearest), using, lookup, limit)
    if len(tree) != 1:
        return None
    (kind, value), *_ = tree.items()
    if kind == "order_by":
        return order(msgspec.convert(value, wire.OrderBy | str))
    if kind == "sample":
        return edge.Sample.Random if value == "random" else None
    return _fusion(kind, value)


def _fusion(kind: str, value: Any) -> Any:
    if (kind, value) == ("fusion", "dbsf"):
        return edge.Fusion.Dbsf()
    if (kind, value) == ("fusion", "rrf"):
        return edge.Fusion.Rrf(k=wire.Rrf().k)
    if kind != "rrf":
        return None
    options = msgspec.convert(value, wire.Rrf)
    return edge.Fusion.Rrf(k=options.k, weights=options.weights)


def _nearest(body: wire.Nearest, using: str | None, lookup: Lookup, limit: int) -> Any:
    target = body.nearest
    found = lookup(target, using) if isinstance(target, int | str) else points.named(target)
    if body.mmr is None:
        return edge.Query.Nearest(found, using)
    return edge.Mmr(found, 1.0 - body.mmr.diversity, body.mmr.candidates_limit or limit, using)


def order(tree: wire.OrderBy | str) -> Any:
    body = wire.OrderBy(tree) if isinstance(tree, str) else tree
    direction = edge.Direction.Desc if body.direction == "desc" else edge.Direction.Asc
    return edge.OrderBy(body.key, direction, body.start_from)


def payload_choice(choice: wire.WithPayload) -> Any:
    if not isinstance(choice, wire.PayloadParts):
        return choice if choice is not None else False
    if (choice.include is None) == (choice.exclude is None):
        raise bad_request("with_payload needs exactly one of include and exclude")
    if choice.include is not None:
        return edge.PayloadSelector.Include(choice.include)
    return edge.PayloadSelector.Exclude(choice.exclude or [])


def scroll(body: wire.Scroll) -> Any:
    return edge.ScrollRequest(
        offset=body.offset,
        limit=_limited(body.limit),
        filter=filters.parse(body.filter),
        with_payload=payload_choice(body.with_payload),
        with_vector=body.with_vector or False,
        order_by=None if body.order_by is None else order(body.order_by),
    )


def _params(body: wire.SearchParams | None) -> Any:
    if body is None:
        return None
    saved, acorn = body.quantization, body.acorn
    return edge.SearchParams(
        hnsw_ef=body.hnsw_ef,
        exact=body.exact,
        indexed_only=body.indexed_only,
        quantization=edge.QuantizationSearchParams(saved.ignore, saved.rescore, saved.oversampling) if saved else None,
        acorn=edge.AcornSearchParams(acorn.enable, acorn.max_selectivity) if acorn else None,
    )


def _limited(limit: int) -> int:
    if not 1 <= limit <= MOST:
        raise Refused(422, f"Validation error: limit must be between 1 and {MOST}")
    return limit


def record(item: Any) -> dict[str, Any]:
    """A stored point as JSON."""
    answer: dict[str, Any] = {"id": point_id(item.id), "payload": item.payload}
    if item.vector is not None:
        answer["vector"] = _plain(item.vector)
    if item.order_value is not None:
        answer["order_value"] = item.order_value
    return answer


def scored(item: Any) -> dict[str, Any]:
    return {**record(item), "version": item.version, "score": item.score}


def point_id(value: Any) -> wire.PointId:
    return value if isinstance(value, int) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, edge.SparseVector):
        return {"indices": list(value.indices), "values": list(value.values)}
    return value


def value_at(payload: dict[str, Any] | None, path: str) -> list[Any]:
    """The values at a dotted path of a payload: none, one, or those of a list."""
    node: Any = payload
    for part in path.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    if node is None:
        return []
    return node if isinstance(node, list) else [node]


def grouped(hits: list[Any], body: wire.QueryGroups) -> list[dict[str, Any]]:
    """Hits in order of score, put into at most `limit` groups of at most `group_size`."""
    groups: dict[Any, list[dict[str, Any]]] = {}
    for hit in hits:
        for key in value_at(hit.payload, body.group_by):
            if key not in groups and len(groups) == body.limit:
                continue
            members = groups.setdefault(key, [])
            if len(members) < body.group_size:
                members.append(scored(hit))
    return [{"id": key, "hits": members} for key, members in groups.items()]
