"""Bodies that the routes read themselves, as the OpenAPI description tells them."""

from typing import Any

from functions.phi import schema
from functions.phi.lines import MEDIA_TYPE


def _body(content: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": content}}


def _scan(model: type[schema.Scan]) -> dict[str, Any]:
    described = model.model_json_schema()
    lines = {"type": "string", "description": "one JSON object a line, each with one `text`; a line is answered by one"}
    return _body({"application/json": {"schema": described}, MEDIA_TYPE: {"schema": lines}})


SCAN = _scan(schema.Scan)
PSEUDONYMISE = _scan(schema.Pseudonymise)
TEXT = _body({"text/plain": {"schema": {"type": "string"}}})
