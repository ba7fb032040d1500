"""Triggers over the API of Kubernetes, so that who adds one at run time does it here as in a cluster.

    GET            /apis/eventing.knative.dev/v1/namespaces/{ns}/triggers
    GET            /apis/eventing.knative.dev/v1/namespaces/{ns}/triggers/{name}
    PATCH          …/{name}?fieldManager=…    server-side apply: create or replace
    DELETE         …/{name}

Bodies are Trigger objects with `status.conditions`; refusals are Status objects (kind Status, status Failure).
What a file of the wiring declares can be read here, not changed.
"""

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import yaml
from starlette.responses import Response

from events.broker.jobs import Change, StoreError
from events.broker.routes import Condition, Routing, Yaml, part
from events.broker.schema import DROPPED
from events.broker.wiring_files import WiringFiles, broker_of
from events.broker.writer import Writer
from voiceassist.core.errors import SettingsError, VoiceAssistError

PATH = re.compile(r"/apis/eventing\.knative\.dev/v1/namespaces/([a-z0-9-]{1,63})/triggers(?:/([^/]+))?\Z")
API_VERSION = "eventing.knative.dev/v1"
APPLY = frozenset({"application/apply-patch+yaml", "application/apply-patch+json"})
# RFC 1123 subdomain, as the API server asks for.
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\Z")
MOST_TRIGGERS = 10_000
LARGEST_TRIGGER = 65_536
GATHER_SECONDS = 0.02


class TriggersApi:
    """`routing` gives what is in force, `update` puts another into force."""

    def __init__(
        self,
        files: WiringFiles,
        writer: Writer,
        *,
        routing: Callable[[], Routing],
        update: Callable[[Routing], None],
        now: Callable[[], int],
    ) -> None:
        self._files = files
        self._writer = writer
        self._routing = routing
        self._update = update
        self._now = now
        self._changing: set[str] = set()
        self._rebuilding: asyncio.Task[None] | None = None

    async def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Response:
        match = PATH.match(path)
        if match is None:
            return _failure(404, "NotFound", "There is no such resource.")
        namespace, name = match.groups()
        if name is None:
            return self._list(namespace) if method == "GET" else _failure(405, "MethodNotAllowed", "Only GET is.")
        full = f"{namespace}/{name}"
        if method == "GET":
            item = self._files.trigger(full)
            return _failure(404, "NotFound", "There is no such Trigger.") if item is None else self._told(full, item)
        if method in {"PATCH", "DELETE"}:
            return await self._change(method, namespace, name, headers, body)
        return _failure(405, "MethodNotAllowed", "Only GET, PATCH and DELETE are.")

    async def _change(
        self, method: str, namespace: str, name: str, headers: Mapping[str, str], body: bytes
    ) -> Response:
        full = f"{namespace}/{name}"
        if self._files.declared(full):
            return _failure(403, "Forbidden", "This Trigger is declared in the wiring.")
        if full in self._changing:
            return _failure(409, "Conflict", "This Trigger is being changed.")
        self._changing.add(full)
        try:
            return await (self._delete(full) if method == "DELETE" else self._apply(namespace, name, headers, body))
        finally:
            self._changing.discard(full)

    def _list(self, namespace: str) -> Response:
        routing = self._routing()
        found = self._files.triggers().items()
        items = [_shown(item, name, routing) for name, item in found if name.startswith(f"{namespace}/")]
        return _json(200, {"apiVersion": API_VERSION, "kind": "TriggerList", "items": items})

    def _told(self, full: str, item: Yaml, status: int = 200) -> Response:
        return _json(status, _shown(item, full, self._routing()))

    async def _apply(self, namespace: str, name: str, headers: Mapping[str, str], body: bytes) -> Response:
        full = f"{namespace}/{name}"
        if headers.get("content-type", "").partition(";")[0].strip().lower() not in APPLY:
            return _failure(415, "UnsupportedMediaType", "Only server-side apply is spoken here.")
        if len(body) > LARGEST_TRIGGER:
            return _failure(413, "RequestEntityTooLarge", "A Trigger has at most 64 KiB.")
        before = self._files.applied.get(full)
        if before is None and len(self._files.applied) + len(self._changing) > MOST_TRIGGERS:
            return _failure(403, "Forbidden", "There are too many Triggers.")
        try:
            item = _read(body, namespace, name)
            _refuse_moved(before, item)
            self._files.try_out(item)
        except SettingsError as fault:
            return _failure(422, "Invalid", fault.detail or "The Trigger is not valid.")
        await self._writer.submit(Change(_kept(namespace, name, item, self._now())))
        self._files.applied[full] = item
        await self._in_force()
        return self._told(full, item, 200 if before is not None else 201)

    async def _delete(self, full: str) -> Response:
        item = self._files.applied.pop(full, None)
        if item is None:
            return _failure(404, "NotFound", "There is no such Trigger.")
        await self._in_force()  # first, so that no event comes for it after the log was cleared
        try:
            await self._writer.submit(Change(_gone(full, self._now())))
        except StoreError:
            self._files.applied[full] = item
            await self._in_force()
            raise
        return _json(200, {"apiVersion": "v1", "kind": "Status", "status": "Success"})

    async def _in_force(self) -> None:
        """Until what was just changed is what events are matched against; changes that come together share the work."""
        if self._rebuilding is None:
            self._rebuilding = asyncio.create_task(self._rebuild())
        await asyncio.shield(self._rebuilding)

    async def _rebuild(self) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        self._rebuilding = None
        self._update(self._files.routing())


def _refuse_moved(before: Yaml | None, after: Yaml) -> None:
    if before is not None and broker_of(before) != broker_of(after):
        raise SettingsError("spec.broker is immutable.")


def _read(body: bytes, namespace: str, name: str) -> Yaml:
    """A Trigger object, under the name of the address."""
    item = _parsed(body)
    if not isinstance(item, dict) or (item.get("apiVersion"), item.get("kind")) != (API_VERSION, "Trigger"):
        raise SettingsError("The body is not a Trigger.")
    metadata = part(item, "metadata")
    if metadata.get("name") != name or not _NAME.match(name):
        raise SettingsError("metadata.name is not that of the address.")
    if metadata.get("namespace", namespace) != namespace:
        raise SettingsError("metadata.namespace is not that of the address.")
    kept: dict[str, Any] = {"name": name, "namespace": namespace}
    kept |= {key: part(metadata, key) for key in ("annotations", "labels") if key in metadata}
    return {"apiVersion": API_VERSION, "kind": "Trigger", "metadata": kept, "spec": part(item, "spec")}


def _parsed(body: bytes) -> Any:
    """JSON, or YAML of such values. An alias could unfold a few lines to gigabytes."""
    with contextlib.suppress(msgspec.MsgspecError, RecursionError):
        return msgspec.json.decode(body)  # of YAML a part, and read in a hundredth of the time
    try:
        return msgspec.json.decode(msgspec.json.encode(yaml.load(body, Loader=_Loader)))  # noqa: S506 - of SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError, TypeError, msgspec.MsgspecError):
        raise SettingsError("The body is not YAML.") from None


class _Loader(yaml.SafeLoader):
    """No aliases."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError
        return super().compose_node(parent, index)


def _kept(namespace: str, name: str, item: Yaml, now: int) -> Callable[[sqlite3.Connection], None]:
    body = msgspec.json.encode(item).decode()

    def write(connection: sqlite3.Connection) -> None:
        connection.execute(
            "insert into triggers values (?, ?, ?, ?, ?) on conflict (namespace, name) do update"
            " set body = excluded.body, changed = excluded.changed",
            (namespace, name, body, now, now),
        )

    return write


def _gone(full: str, now: int) -> Callable[[sqlite3.Connection], None]:
    """Without its Trigger a delivery has nowhere to go; it is marked, so that an operator still sees it."""

    def write(connection: sqlite3.Connection) -> None:
        namespace, _, name = full.partition("/")
        connection.execute("delete from triggers where namespace = ? and name = ?", (namespace, name))
        connection.execute(
            "update deliveries set state = ?, finished = ? where state in (0, 3) and route in (?, ?)",
            (DROPPED, now, full, f"{full}/dead-letter"),
        )

    return write


def _shown(item: Yaml, name: str, routing: Routing) -> dict[str, Any]:
    """With its status: Ready or why not, and where it delivers to (a Broker's address is its path here)."""
    found = routing.conditions.get(name) or Condition(ready=False, reason="Unknown")
    ready: dict[str, str] = {"type": "Ready", "status": "True" if found.ready else "False"}
    if not found.ready:
        ready |= {"reason": found.reason, "message": found.message}
    status: dict[str, Any] = {"conditions": [ready]}
    if route := routing.routes.get(name):
        status["subscriberUri"] = route.sink.url
        if route.dead_letter:
            status["deadLetterSinkUri"] = route.dead_letter.url or f"/{route.dead_letter.broker}"
    return {**item, "status": status}


def _failure(code: int, reason: str, message: str) -> Response:
    status = {"apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": reason, "message": message}
    return _json(code, status | {"code": code})


def _json(code: int, body: object) -> Response:
    return Response(msgspec.json.encode(body), code, media_type="application/json")


def refusal(error: VoiceAssistError) -> Response:
    """An error of the door in the form of this API."""
    return _failure(error.status, error.code, error.detail or error.title)
