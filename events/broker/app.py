"""The HTTP side of the broker process: ingress, Triggers, operations, health."""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from events.broker import triggers_api
from events.broker.dispatcher import Dispatcher
from events.broker.ingress import Ingress, announced, read, value
from events.broker.operations import Operations
from events.broker.space import Space
from events.broker.triggers_api import TriggersApi
from events.broker.writer import Writer
from voiceassist.core.errors import ForbiddenError, MethodNotAllowedError, UnauthenticatedError, VoiceAssistError
from voiceassist.core.identity import Principal
from voiceassist.runtime import access, logging, metrics, problem, tokens, tracing
from voiceassist.runtime.settings import Settings
from voiceassist.runtime.workloads import BROKER

log = logging.get_logger(__name__)

PUBLISH = "events:publish"
_CHALLENGE = {
    "allow": "POST, OPTIONS",
    "webhook-allowed-origin": "*",
    "webhook-allowed-rate": "*",
}


class BrokerApp:
    """ASGI app of the broker's port."""

    def __init__(
        self,
        settings: Settings,
        *,
        ingress: Ingress,
        writer: Writer,
        space: Space,
        dispatcher: Dispatcher,
        triggers: TriggersApi,
        operations: Operations,
    ) -> None:
        self._settings = settings
        self._ingress = ingress
        self._writer = writer
        self._space = space
        self._dispatcher = dispatcher
        self._triggers = triggers
        self._operations = operations
        self._open: dict[str, Callable[[], Awaitable[Response]]] = {
            "/health": self._health,
            "/ready": self._ready,
            "/metrics": self._metrics,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            answer: ASGIApp = await self._answer(scope, receive)
        except Exception as error:  # noqa: BLE001 - the door is where unexpected errors end
            with tracing.scope(tracing.start(value(scope["headers"], b"traceparent"))):
                answer = _refusal(scope["path"], error)
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> ASGIApp:
        method, path = scope["method"], scope["path"]
        if method in {"GET", "HEAD"} and path in self._open:
            return await self._open[path]()
        if path.startswith("/apis/"):
            return await self._kubernetes(scope, receive)
        if path.startswith("/api/"):
            principal = self._caller(scope)
            await access.permit(principal, "event.replay" if method == "POST" else "event.operate")
            body = await self._body(scope, receive)
            query = scope.get("query_string", b"").decode("latin-1")
            with tracing.continued("events.operate", value(scope["headers"], b"traceparent")):
                return await self._operations.answer(method, path, query, principal, body)
        if method == "OPTIONS":
            return Response(status_code=200, headers=_CHALLENGE)
        if method != "POST":
            raise MethodNotAllowedError
        broker = self._ingress.addressed(path)
        principal = self._caller(scope)
        if not principal.is_service and PUBLISH not in principal.scopes:
            raise ForbiddenError("Only parts of the installation and keys with events:publish publish events.")
        if not principal.is_service:
            await access.permit(principal, "event.publish")
        return await self._ingress.take(scope, receive, broker, principal)

    async def _kubernetes(self, scope: Scope, receive: Receive) -> Response:
        if not self._caller(scope).is_service:
            raise ForbiddenError("Only parts of the installation change Triggers.")
        headers = {"content-type": value(scope["headers"], b"content-type")}
        body = await self._body(scope, receive)
        return await self._triggers.answer(scope["method"], scope["path"], headers, body)

    def _caller(self, scope: Scope) -> Principal:
        scheme, _, token = value(scope["headers"], b"authorization").partition(" ")
        if scheme.lower() != "bearer":
            raise UnauthenticatedError("The caller did not identify itself.")
        return tokens.verify(token, audience=BROKER, workload=self._settings.workload)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        return await read(receive, announced(scope["headers"], self._settings.limits.body_bytes))

    async def _health(self) -> Response:
        return Response(b'{"status":"alive"}', media_type="application/json")

    async def _ready(self) -> Response:
        ready = self._writer.alive and self._space.full is None
        state = {"status": "ready" if ready else "down", "dependencies": {"log": "healthy" if ready else "down"}}
        return Response(msgspec.json.encode(state), 200 if ready else 503, media_type="application/json")

    async def _metrics(self) -> Response:
        waiting = await self._dispatcher.shared.read(self._dispatcher.shared.store.waiting)
        metrics.EVENTS_WAITING.clear()
        for trigger, count in waiting.items():
            metrics.EVENTS_WAITING.labels(trigger).set(count)
        body, media_type = metrics.exposition()
        return Response(body, media_type=media_type)


def _refusal(path: str, error: Exception) -> Response:
    if not isinstance(error, VoiceAssistError):
        log.error("ingress.failed", **logging.error_fields(error))
        return problem.response(VoiceAssistError())
    metrics.EVENTS_REJECTED.labels(error.code).inc()
    if path.startswith("/apis/"):
        return triggers_api.refusal(error)
    answer = problem.response(error)
    if error.status == 405:
        answer.headers["allow"] = _CHALLENGE["allow"]
    return answer
