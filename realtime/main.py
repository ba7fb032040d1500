"""The door of the realtime service: the socket at `/v1/realtime`, client secrets, health.

The gateway has already authenticated the caller and forwards who it is in a 60-second internal token. A
browser's `ek_…` comes along in `X-Client-Secret` and is used up here, in one atomic step.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from realtime.casebook import Casebook
from realtime.connection import SESSION_SECONDS, Connection
from realtime.engine import RealtimeEngine
from realtime.handover import Handover, Handovers
from realtime.keeping import Keeper
from realtime.protocol import settings as session_settings
from realtime.protocol.errors import ProtocolError
from realtime.seats import RETRY_SECONDS, Seats
from realtime.session import Session
from realtime.warming import Warmer
from realtime.watch import Watch
from voiceassist.core import ids
from voiceassist.core.errors import (
    ForbiddenError,
    UnauthenticatedError,
    UnavailableError,
    ValidationError,
    VoiceAssistError,
)
from voiceassist.core.identity import Principal
from voiceassist.ports.auditing import Act, Auditor, named
from voiceassist.runtime import access, logging, metrics, problem, sessions, tracing
from voiceassist.runtime.credentials import ClientSecrets
from voiceassist.runtime.door import authenticate, read_limited
from voiceassist.runtime.revocation import Holder
from voiceassist.runtime.settings import Settings
from voiceassist.runtime.workloads import REALTIME

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.get_logger(__name__)

SECRET_SECONDS = 60  # N40
MAX_BODY = 65_536


class Service:
    """`build` makes the ASGI app; one instance holds what all sessions share. `functions` are woken with the rooms.

    `keeper` makes what stores the conversation of a person; without one nothing is kept. With
    `handovers` a client that was lost may come back. `casebook` makes what reads the cases of a person.
    """

    def __init__(
        self,
        settings: Settings,
        engine: RealtimeEngine,
        redis: "Redis",
        *,
        auditor: Auditor,
        functions: Iterable[str] = (),
        keeper: Callable[[Principal, uuid.UUID], Keeper] | None = None,
        handovers: Handovers | None = None,
        casebook: Callable[[Principal], Casebook] | None = None,
    ) -> None:
        self._casebook = casebook
        self._keeper, self._handovers = keeper, handovers
        self._auditor = auditor
        self._settings, self._engine = settings, engine
        self._secrets = ClientSecrets(redis)
        self._redis = redis
        self._watch = Watch(redis, sessions.of(settings, redis))
        self._seats = Seats(settings.voice.max_sessions)
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
            principal = await speaker(request, self._settings)
            wanted = asked(await read_limited(request, MAX_BODY))
            expires_at = int(time.time()) + SECRET_SECONDS
            effective = self._effective("", "", wanted)
            if effective.known:  # the store of secrets is no place for it
                raise ValidationError("What is known of a patient is told in the session itself.")
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
                update=wanted or None,
            )
        except ProtocolError as error:
            raise ValidationError(error.detail) from None

    async def realtime(self, socket: WebSocket) -> None:
        with tracing.scope(tracing.start(socket.headers.get("traceparent"))):
            try:
                principal = await speaker(socket, self._settings)
                seat = self._seat(principal)
            except VoiceAssistError as error:
                await deny(socket, error)
                return
            try:
                await self._admitted(socket, principal, seat)
            finally:
                seat()

    def _seat(self, principal: Principal) -> Callable[[], None]:
        if self._draining:
            raise UnavailableError("The voice service restarts.", code="VOICE_DRAINING", retry_after=RETRY_SECONDS)
        return self._seats.take(principal.subject)

    async def _admitted(self, socket: WebSocket, principal: Principal, seat: Callable[[], None]) -> None:
        try:
            holder = await self._watch.admit(principal)
            wanted = await self._consume(socket, principal)
            if not wanted and socket.query_params.get("intent") == "transcription":
                wanted = {"type": "transcription"}
            effective = self._effective("", socket.query_params.get("model", "")[:256], wanted)
        except VoiceAssistError as error:
            await deny(socket, error)
            return
        await self._serve(socket, principal, holder, effective, seat)

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

    async def _serve(
        self, socket: WebSocket, principal: Principal, holder: Holder, effective: session_settings.SessionSettings,
        seat: Callable[[], None],
    ) -> None:  # fmt: skip
        objects = named("session", [effective.id])
        try:
            opened = self._engine.open(principal)
            await self._auditor.record(Act(principal, "voice.opened", objects=objects))
        except VoiceAssistError as error:
            await deny(socket, error)  # nor is begun what cannot be put on record
            return
        metrics.VOICE_SESSIONS.inc()
        warming = asyncio.create_task(self._warmer.keep(principal))
        log.info("session.opened", session_id=effective.id, user_id=principal.subject)
        offered = "realtime" in socket.scope.get("subprotocols", ())
        try:
            await socket.accept(subprotocol="realtime" if offered else None)
            conversation_id = ids.new_id()
            session = Session(
                effective,
                clock=time.monotonic,
                new_id=identifier,
                speech=self._engine.hears_and_speaks,
                conversation_id=str(conversation_id),
                passes_on=opened.wants_sound,
            )
            keeper = self._keeper(principal, conversation_id) if self._keeper else None
            active = self._watch.activity(holder)
            record = partial(self._record_turn, principal, effective.id)
            handover = (
                Handover(self._handovers, principal, effective.id, snapshot=session.snapshot, context=opened.context)
                if self._handovers
                else None
            )
            casebook = self._casebook(principal) if self._casebook else None
            connection = Connection(
                socket, session, opened, record, active=active, keeper=keeper, handover=handover, casebook=casebook
            )
            self._open.add(connection)
            try:
                with self._watch.over(holder, connection.end):
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
            seat()  # whoever comes back at once does not wait for the record of their leaving
            with contextlib.suppress(UnavailableError):  # it has ended, recorded or not; the writer has told the log
                await self._auditor.record(Act(principal, "voice.closed", objects=objects))

    async def _record_turn(self, principal: Principal, session_id: str, action: str, item: str) -> None:
        """What was heard or is about to be answered, by its ids; raises UnavailableError, and then it is withheld."""
        kind = "conversation" if action == "voice.resumed" else "item"
        objects = (*named("session", [session_id]), *named(kind, [item]))
        await self._auditor.record(Act(principal, action, objects=objects))


async def deny(socket: WebSocket, error: VoiceAssistError) -> None:
    log.warning("session.refused", code=error.code)
    await socket.send_denial_response(problem.response(error))


async def speaker(request: Request | WebSocket, settings: Settings) -> Principal:
    """The user behind the gateway's token, who may talk; services have nothing to say here."""
    principal = authenticate(request.headers.get("authorization", ""), settings, REALTIME)
    if principal.is_service or principal.user_id is None:
        raise ForbiddenError("A voice session belongs to a user.")
    await access.permit(principal, "voice.talk")
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
