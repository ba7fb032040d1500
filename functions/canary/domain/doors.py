"""The patient told at every door of the interface, in every place where a request holds text.

The doors are those of the merged OpenAPI document, so a new route is told, too. A request has the patient in one place:
the path, the query, the headers, or the body. Bodies follow the schema, so that they pass its validation and reach the
room's own code, and once do not: refusals quote nothing either.
"""

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any
from urllib.parse import quote

from functions.canary.domain.patient import Patient

METHODS = ("get", "post", "put", "patch", "delete")
DEEPEST = 6
# Doors that take a text by POST and keep nothing of it. Questions have a limit by the hour; the session asks some.
KEEPING_NOTHING = frozenset(
    f"/api/v1/{path}"
    for path in ("calculators/interpret", "differential", "phi/detect", "phi/redact",
                 "phi/entities", "phi/classify", "phi/test")
)  # fmt: skip
QUESTION = "What is the first-line vasopressor in septic shock?"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """`place` says where in it the patient stands."""

    method: str
    path: str
    place: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, bytes] = field(default_factory=dict)
    body: bytes = b""


def requests(document: Json, patient: Patient, *, changing: bool = True) -> Iterator[Request]:
    """At every door of the document; without `changing` only at those that keep nothing."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in METHODS and (changing or method == "get" or path in KEEPING_NOTHING):
                yield from Door(document, path, method, operation, patient).requests()


@dataclass(frozen=True, slots=True)
class Door:
    document: Json
    path: str
    method: str
    operation: Json
    patient: Patient

    def requests(self) -> Iterator[Request]:
        method, well = self.method.upper(), self._path(str(uuid.uuid4()))
        values = cycle(one.value for one in self.patient.identifiers)
        if "{" in self.path:
            for text in (self.patient.identifiers[0].told, self.patient.identifiers[7].value):
                yield Request(method, self._path(quote(text, safe="")), "path")
        query = {name: next(values) for name in (*self._named("query"), "q", "note")}
        yield Request(method, well, "query", query=query)
        beside = headers(self.patient, self._named("header"))
        yield Request(method, well, "headers", headers=beside)
        for number, (kind, body) in enumerate(self._bodies()):
            typed = {"content-type": kind.encode()}
            yield Request(method, well, "body", headers=typed, body=body)
            if not number:
                yield Request(method, well, "headers", headers=beside | typed, body=body)

    def _path(self, value: str) -> str:
        """The door's path with the value in the place of every parameter."""
        return re.sub(r"\{[^}]*\}", lambda _: value, self.path)

    def _named(self, place: str) -> list[str]:
        return [one["name"] for one in self.operation.get("parameters", ()) if one["in"] == place]

    def _bodies(self) -> Iterator[tuple[str, bytes]]:
        """Media type and body, well formed and not."""
        note = self.patient.note
        for kind, media in self.operation.get("requestBody", {}).get("content", {}).items():
            writer = Writer(self.document, self.patient)
            if kind == "application/json":
                schema = media.get("schema", {})
                for text in (f"{note} {QUESTION}", self.patient.speech):
                    for value in writer.values(schema, text):
                        yield kind, json.dumps(value).encode()
                yield kind, json.dumps({note: note, "text": [note]}).encode()
                yield kind, f'{{"text": "{note}'.encode()
            elif kind == "application/x-ndjson":
                yield kind, (json.dumps({"text": note}) + "\n" + f'{{"text": "{note}\n').encode()
            elif kind == "multipart/form-data":
                file = ("file", f"{self.patient.identifiers[0].value}.txt", note.encode())
                for value in writer.values(media.get("schema", {}), note):
                    yield form({name: str(inner) for name, inner in value.items() if name != "file"}, file)
            else:
                yield kind, note.encode()
        yield "application/xml", f"<note>{note}</note>".encode()


def headers(patient: Patient, names: list[str]) -> dict[str, bytes]:
    """What clients and proxies send beside a request, each with another identifier, and one whose name is one."""
    names = [
        *names, "user-agent", "referer", "x-request-id", "x-correlation-id", "traceparent", "tracestate", "baggage",
        "x-forwarded-for", "x-forwarded-host", "accept-language", "cookie", "if-match", "idempotency-key", "origin",
        "x-voiceassist-route", "ce-subject", "ce-id", "x-patient", f"x-{patient.family}",
    ]  # fmt: skip
    values = cycle(one.value.encode() for one in patient.identifiers)
    return dict(zip(names, values, strict=False))


def form(fields: dict[str, str], file: tuple[str, str, bytes]) -> tuple[str, bytes]:
    """A form with a file: its media type and its body."""
    boundary = uuid.uuid4().hex
    start = f"--{boundary}\r\ncontent-disposition: form-data; name="
    parts = [f'{start}"{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    name, file_name, content = file
    parts.append(f'{start}"{name}"; filename="{file_name}"\r\ncontent-type: text/plain\r\n\r\n'.encode())
    return f"multipart/form-data; boundary={boundary}", b"".join((*parts, content, f"\r\n--{boundary}--\r\n".encode()))


class Writer:
    """Values that fit a JSON schema, with the patient in every text that the schema leaves free."""

    def __init__(self, document: Json, patient: Patient) -> None:
        self._document = document
        self._short = cycle(one.value for one in patient.identifiers)

    def values(self, schema: Json, text: str) -> Iterator[Any]:
        """All there is; then what is required, alone and with each of the rest, where some exclude each other."""
        whole = self.value(schema, text)
        yield whole
        schema = self._resolved(schema)
        if isinstance(whole, dict) and schema.get("properties"):
            required = set(schema.get("required", ()))
            for further in (None, *sorted(whole.keys() - required)):
                yield {name: inner for name, inner in whole.items() if name in required or name == further}

    def value(self, schema: Json, text: str, depth: int = 0) -> Any:
        schema = self._resolved(schema)
        if "const" in schema or "enum" in schema:
            return schema.get("const", (schema.get("enum") or [None])[0])
        kind = schema.get("type")
        if kind == "object" or "properties" in schema:
            return self._object(schema, text, depth) if depth < DEEPEST else {}
        if kind == "array":
            return [self.value(schema.get("items", {}), text, depth + 1)] * max(1, schema.get("minItems", 1))
        if kind in {"integer", "number", "boolean"}:
            return kind != "boolean" and max(1, schema.get("minimum", 1))
        return self._text(schema, text)

    def _resolved(self, schema: Json) -> Json:
        while True:
            if "$ref" in schema:
                found: Any = self._document
                for part in schema["$ref"].removeprefix("#/").split("/"):
                    found = found[part]
                schema = found
            elif options := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
                schema = next((one for one in options if one.get("type") != "null"), {})
            else:
                return schema

    def _object(self, schema: Json, text: str, depth: int) -> Json:
        known = {name: self.value(inner, text, depth + 1) for name, inner in schema.get("properties", {}).items()}
        further = schema.get("additionalProperties")
        if isinstance(further, dict) and not known:
            known[next(self._short)] = self.value(further, text, depth + 1)
        return known

    def _text(self, schema: Json, text: str) -> str:
        match schema.get("format"):
            case "uuid":
                return str(uuid.uuid4())
            case "date-time":
                return "2026-01-01T00:00:00Z"
            case "date":
                return "2026-01-01"
            case _:
                pass
        fits = schema.get("pattern", "")
        for one in (text, next(self._short), next(self._short), "patient-" + next(self._short)[-6:]):
            if len(one) <= schema.get("maxLength", len(one)) and (not fits or _matches(fits, one)):
                return one
        return next(self._short)[: schema.get("maxLength", 64)]


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False
