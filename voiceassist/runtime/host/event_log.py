"""How the operations on events look in the merged OpenAPI; the local broker answers them."""

from typing import Any

import msgspec

from voiceassist.contracts import event_log as contract

ROOT = "/api/v1/events"
TIME = {"type": "string", "format": "date-time"}
TEXT = {"type": "string"}
PAGE = {"cursor": TEXT, "limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}}
STATES = {"type": "string", "enum": ["waiting", "delivered", "dead", "held", "dropped"]}
LISTS: dict[str, tuple[str, type[contract.Model], dict[str, Any]]] = {
    "": (
        "Search events, newest first",
        contract.EventPage,
        {"id": TEXT, "type": TEXT, "source": TEXT, "after": TIME, "before": TIME} | PAGE,
    ),
    "/deliveries": (
        "Deliveries with their failed attempts",
        contract.DeliveryPage,
        {"event": TEXT, "trigger": TEXT, "state": STATES} | PAGE,
    ),
    "/dead-letters": ("What could not be delivered", contract.DeliveryPage, {"trigger": TEXT} | PAGE),
    "/triggers": ("Every Trigger: ready or why not, what waits, what is dead", contract.TriggerList, {}),
    "/replays": ("Who sent what again, or gave it up", contract.ReplayPage, PAGE),
}
WORKS: dict[str, tuple[str, type[contract.Model], type[contract.Model]]] = {
    "/replay": ("Send events again under their own id", contract.ReplayRequest, contract.ReplayResult),
    "/discard": ("Give up dead letters", contract.DiscardRequest, contract.DiscardResult),
}


def description() -> dict[str, Any]:
    """An OpenAPI document of these routes alone."""
    used = [model for _, model, _ in LISTS.values()] + [model for _, *models in WORKS.values() for model in models]
    references, schemas = msgspec.json.schema_components(used, ref_template="#/components/schemas/{name}")
    by_model = dict(zip(used, references, strict=True))
    paths: dict[str, Any] = {
        ROOT + path: {"get": _list(path, summary, by_model[model], query)}
        for path, (summary, model, query) in LISTS.items()
    }
    for path, (summary, asked, told) in WORKS.items():
        stored = {"202": {"description": "Stored", "content": _json(by_model[told])}}
        paths[ROOT + path] = {
            "post": {
                "summary": summary,
                "operationId": f"events{path.replace('/', '_')}",
                "x-action": "event.replay",
                "requestBody": {"required": True, "content": _json(by_model[asked])},
                "responses": stored,
            }
        }
    return {"paths": paths, "components": {"schemas": schemas}}


def _list(path: str, summary: str, page: dict[str, Any], query: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": summary,
        "operationId": f"events{path.replace('/', '_').replace('-', '_') or '_list'}",
        "x-action": "event.operate",
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": kind} for name, kind in query.items()
        ],
        "responses": {"200": {"description": "A page", "content": _json(page)}},
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
