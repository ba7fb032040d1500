"""Writes: points, payloads and vectors of the wire as operations of the engine."""

from typing import Any

import msgspec
import qdrant_edge as edge

from voiceassist.adapters.vectord import filters, wire
from voiceassist.adapters.vectord.faults import bad_request


def vector(tree: Any) -> Any:
    """A vector of the wire: a list, a multivector, or names with lists and sparse objects."""
    if isinstance(tree, list):
        return tree
    return {name: named(value) for name, value in tree.items()}


def named(tree: Any) -> Any:
    """One vector: dense, multi or sparse."""
    if isinstance(tree, list):
        return tree
    sparse = msgspec.convert(tree, wire.SparseVector)
    return edge.SparseVector(sparse.indices, sparse.values)


def upsert(body: wire.Upsert) -> Any:
    if (body.points is None) == (body.batch is None):
        raise bad_request("exactly one of points and batch is needed")
    points = body.points if body.points is not None else _unpack(body.batch)
    modes = {
        "upsert": edge.UpdateMode.Upsert,
        "insert_only": edge.UpdateMode.InsertOnly,
        "update_only": edge.UpdateMode.UpdateOnly,
    }
    return edge.UpdateOperation.upsert_points(
        [edge.Point(id=point.id, vector=vector(point.vector), payload=point.payload) for point in points],
        filters.parse(body.update_filter),
        modes[body.update_mode],
    )


def _unpack(batch: wire.Batch | None) -> list[wire.Point]:
    if batch is None:
        return []
    count = len(batch.ids)
    payloads = batch.payloads or [None] * count
    columns: list[Any]
    if isinstance(batch.vectors, dict):
        if any(len(column) != count for column in batch.vectors.values()):
            raise bad_request("ids and vectors of a batch must have the same length")
        columns = [{name: column[row] for name, column in batch.vectors.items()} for row in range(count)]
    else:
        columns = list(batch.vectors)
    if len(columns) != count or len(payloads) != count:
        raise bad_request("ids, vectors and payloads of a batch must have the same length")
    return [wire.Point(*row) for row in zip(batch.ids, columns, payloads, strict=True)]


def delete(body: wire.Selector) -> Any:
    ids, chosen = _selection(body)
    if ids is not None:
        return edge.UpdateOperation.delete_points(ids)
    return edge.UpdateOperation.delete_points_by_filter(chosen)


def set_payload(body: wire.SetPayload) -> Any:
    ids, chosen = _selection(body)
    if ids is not None:
        return edge.UpdateOperation.set_payload(ids, body.payload, body.key)
    return edge.UpdateOperation.set_payload_by_filter(chosen, body.payload, body.key)


def overwrite_payload(body: wire.SetPayload) -> Any:
    ids, chosen = _selection(body)
    if ids is not None:
        return edge.UpdateOperation.overwrite_payload(ids, body.payload, body.key)
    return edge.UpdateOperation.overwrite_payload_by_filter(chosen, body.payload, body.key)


def delete_payload(body: wire.DeletePayload) -> Any:
    ids, chosen = _selection(body)
    if ids is not None:
        return edge.UpdateOperation.delete_payload(ids, body.keys)
    return edge.UpdateOperation.delete_payload_by_filter(chosen, body.keys)


def clear_payload(body: wire.Selector) -> Any:
    ids, chosen = _selection(body)
    if ids is not None:
        return edge.UpdateOperation.clear_payload(ids)
    return edge.UpdateOperation.clear_payload_by_filter(chosen)


def update_vectors(body: wire.UpdateVectors) -> Any:
    return edge.UpdateOperation.update_vectors(
        [edge.PointVectors(id=point.id, vector=vector(point.vector)) for point in body.points],
        filters.parse(body.update_filter),
    )


def delete_vectors(body: wire.DeleteVectors) -> Any:
    ids, chosen = _selection(body)
    if ids is not None:
        return edge.UpdateOperation.delete_vectors(ids, body.vector)
    return edge.UpdateOperation.delete_vectors_by_filter(chosen, body.vector)


Selecting = wire.Selector | wire.SetPayload | wire.DeletePayload | wire.DeleteVectors


def _selection(body: Selecting) -> tuple[list[Any] | None, Any]:
    if (body.points is None) == (body.filter is None):
        raise bad_request("exactly one of points and filter is needed")
    return body.points, filters.parse(body.filter)


BATCH: dict[str, tuple[type[wire.Body], Any]] = {
    "upsert": (wire.Upsert, upsert),
    "delete": (wire.Selector, delete),
    "set_payload": (wire.SetPayload, set_payload),
    "overwrite_payload": (wire.SetPayload, overwrite_payload),
    "delete_payload": (wire.DeletePayload, delete_payload),
    "clear_payload": (wire.Selector, clear_payload),
    "update_vectors": (wire.UpdateVectors, update_vectors),
    "delete_vectors": (wire.DeleteVectors, delete_vectors),
}


def batch(body: wire.Operations) -> list[Any]:
    """The operations of a batch, all decoded before the first is applied."""
    operations = []
    for item in body.operations:
        if len(item) != 1 or next(iter(item)) not in BATCH:
            raise bad_request("each operation must be one of: " + ", ".join(BATCH))
        (kind, raw), *_ = item.items()
        schema, build = BATCH[kind]
        operations.append(build(msgspec.json.decode(raw, type=schema)))
    return operations
