"""The door of the realtime service: the socket at `/v1/realtime`, client secrets, health.

The gateway has already authenticated the caller and forwards who it is in a 60-second internal token. A
browser's `ek_…` comes along in `X-Client-Secret` and is used up here, in one atomic step.
"""

import asyncio
import contextlib
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from realtime.connection import SESSION_SECONDS, Connection
from realtime.engine import RealtimeEngine
from realtime.protocol import settings as session_settings
from realtime.protocol.errors import ProtocolError
from realtime.session import Session
from realtime.warming import Warmer
from voiceassist.core.errors import (
    ForbiddenError,
    RateLimitedError,
    UnauthenticatedError,
    UnavailableError,
    ValidationError,
    VoiceAssistError,
)
from voiceassist.core.identity import Principal
from voiceassist.runtime import logging, metrics, problem, tracing
from voiceassist.runtime.door import authenticate, read_limited
from voiceassist.runtime.sessions import ClientSecrets
from voiceassist.runtime.settings import Settings

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.get_logger(__name__)

CONNECTIONS_PER_USER = 2  # SPEC P4.8
RETRY_SECONDS = 5
SECRET_SECONDS = 60  # N40
MAX_BODY = 65_536


class Service:
    """`build` makes the ASGI app; one instance holds what all sessions share. `functions` are woken with the rooms."""

    def __init__(
        self, settings: Settings, engine: RealtimeEngine, redis: "Redis", *, functions: Iterable[str] = ()
    ) -> None:
        self._settings, self._engine = settings, engine
        self._secrets = ClientSecrets(redis)
        self._redis = redis
        self._per_user: Counter[str] = Counter()
        self._warmer = Warmer(settings, functions)
        self._open: set[Connection] = set()
        self._empty = asyncio.Event()
        self._draining = False

    async def drain(self, seconds: float) -> None:
        """Take no new session and let the answers that are being given end, but no longer than `seconds`."""
        self._draining = True
        for connection in list(self._open):
            connection.leave()
        if self._open:
            self._empty.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), seconds)

    def build(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/health", self.health),
                Route("/ready", self.ready),
                Route("/metrics", self.metrics),
                Route("/v1/realtime/client_secrets", self.client_secrets, methods=["POST"]),
                WebSocketRoute("/v1/realtime", self.realtime),
            ],
            exception_handlers={VoiceAssistError: refused, Exception: failed},
        )

    async def health(self, _request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(self, _request: Request) -> Response:
        """Ready with degraded speech: a session in writing is still of use, and the reason is told."""
        speech = "healthy" if self._engine.hears_and_speaks else "degraded"
        try:
            await self._redis.ping()
            redis = "healthy"
        except Exception as error:  # noqa: BLE001 - any failure means down
            log.warning("dependency.down", engine="redis", **logging.error_fields(error))
            redis = "down"
        states = {"speech": speech, "redis": redis}
        down = redis == "down" or self._draining
        return JSONResponse({"status": "down" if down else "ready", "dependencies": states}, 503 if down else 200)

    async def metrics(self, _request: Request) -> Response:
        body, media_type = metrics.exposition()
        return Response(body, media_type=media_type)

    async def client_secrets(self, request: Request) -> Response:
        """OpenAI's `POST /v1/realtime/client_secrets`: a single-use `ek_…` bound to user and session settings."""
        with tracing.scope(tracing.start(request.headers.get("traceparent"))):
            principal = person(request, self._settings)
            wanted = asked(await read_limited(request, MAX_BODY))
            expires_at = int(time.time()) + SECRET_SECONDS
            effective = self._effective("", "", wanted)
            value = await self._secrets.issue(principal, msgspec.json.encode(wanted), seconds=SECRET_SECONDS)
            return JSONResponse(
                {"value": value, "expires_at": expires_at, "session": effective.wire()},
                headers={"cache-control": "no-store"},
            )

    def _effective(self, session_id: str, model: str, wanted: Mapping[str, Any]) -> session_settings.SessionSettings:
        try:
            return session_settings.fresh(
                session_id=session_id or identifier("sess"),
                model=model,
                expires_at=int(time.time() + SESSION_SECONDS),
                update={key: value for key, value in wanted.items() if key != "type"} or None,
            )
        except ProtocolError as error:
            raise ValidationError(error.detail) from None

    async def realtime(self, socket: WebSocket) -> None:
        with tracing.scope(tracing.start(socket.headers.get("traceparent"))):
            try:
                principal = person(socket, self._settings)
                self._admit(principal)
            except VoiceAssistError as error:
                await deny(socket, error)
                return
            try:
                await self._admitted(socket, principal)
            finally:
                self._left(principal)

    async def _admitted(self, socket: WebSocket, principal: Principal) -> None:
        try:
            wanted = await self._consume(socket, principal)
            effective = self._effective("", socket.query_params.get("model", "")[:256], wanted)
        except VoiceAssistError as error:
            await deny(socket, error)
            return
        await self._serve(socket, principal, effective)

    async def _consume(self, socket: WebSocket, principal: Principal) -> Mapping[str, Any]:
        """The session settings of the secret that opened the socket; a secret works once, for its own user."""
        secret = socket.headers.get("x-client-secret")
        if not secret:
            return {}
        record = await self._secrets.take(secret)
        if record is None or record.user_id != str(principal.user_id):
            raise UnauthenticatedError("The client secret was used or has expired.")
        wanted: dict[str, Any] = msgspec.json.decode(record.session or b"{}")
        return wanted

    def _admit(self, principal: Principal) -> None:
        """Take a seat, before anything is awaited: two sockets at once must not both get the last one."""
        if self._draining:
            raise UnavailableError("The voice service restarts.", code="VOICE_DRAINING", retry_after=RETRY_SECONDS)
        if sum(self._per_user.values()) >= self._settings.voice.max_sessions:
            metrics.RATE_LIMITED.labels("voice_sessions").inc()
            raise UnavailableError(
                "All voice sessions are in use; please try again in a moment.",
                code="VOICE_BUSY",
                retry_after=RETRY_SECONDS,
            )
        if self._per_user[principal.subject] >= CONNECTIONS_PER_USER:
            metrics.RATE_LIMITED.labels("voice_sessions_user").inc()
            raise RateLimitedError("You have two voice sessions open already.", retry_after=RETRY_SECONDS)
        self._per_user[principal.subject] += 1

    def _left(self, principal: Principal) -> None:
        self._per_user[principal.subject] -= 1
        if not self._per_user[principal.subject]:
            del self._per_user[principal.subject]

    async def _serve(
        self, socket: WebSocket, principal: Principal, effective: session_settings.SessionSettings
    ) -> None:
        metrics.VOICE_SESSIONS.inc()
        warming = asyncio.create_task(self._warmer.keep(principal))
        log.info("session.opened", session_id=effective.id, user_id=principal.subject)
        offered = "realtime" in socket.scope.get("subprotocols", ())
        try:
            await socket.accept(subprotocol="realtime" if offered else None)
            session = Session(effective, clock=time.monotonic, new_id=identifier, speech=self._engine.hears_and_speaks)
            connection = Connection(socket, session, self._engine.open(principal))
            self._open.add(connection)
            try:
                await connection.run()
            finally:
                self._open.discard(connection)
                if not self._open:
                    self._empty.set()
        except WebSocketDisconnect:
            log.info("session.left", session_id=effective.id)
        finally:
            warming.cancel()
            metrics.VOICE_SESSIONS.dec()
            log.info("session.closed", session_id=effective.id, user_id=principal.subject)


async def deny(socket: WebSocket, error: VoiceAssistError) -> None:
    log.warning("session.refused", code=error.code)
    await socket.send_denial_response(problem.response(error))


def person(request: Request | WebSocket, settings: Settings) -> Principal:
    """The user behind the gateway's token; services have nothing to say here."""
    principal = authenticate(request.headers.get("authorization", ""), settings)
    if principal.is_service or principal.user_id is None:
        raise ForbiddenError("A voice session belongs to a user.")
    return principal


def asked(body: bytes) -> dict[str, Any]:
    """The session settings wanted in a client_secrets call; raises ValidationError."""
    if not body.strip():
        return {}
    try:
        request = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        raise ValidationError("The body is not a JSON object.") from None
    session = request.get("session", {})
    if not isinstance(session, dict):
        raise ValidationError("The session is not an object.")
    return session


def identifier(prefix: str) -> str:
    return f"{prefix}_{uuid.uuid4().hex[:24]}"


async def refused(_request: Request, error: Exception) -> Response:
    return problem.response(error if isinstance(error, VoiceAssistError) else VoiceAssistError())


async def failed(_request: Request, error: Exception) -> Response:
    log.error("realtime.failed", **logging.error_fields(error))
    return problem.response(VoiceAssistError())
