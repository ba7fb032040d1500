"""The realtime service as its own process with its real models; the rooms are stubs behind real HTTP."""

import asyncio
import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from websockets.asyncio.client import ClientConnection, connect

from realtime.speech import audio
from realtime.speech.asr import Recognizer
from realtime.speech.tts import Voice
from voiceassist.contracts.answers import Answer, Citation, Found, Passage
from voiceassist.contracts.calculations import CalculatorInput, CalculatorResult, Interpretation, MissingInput
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.core.ids import new_id
from voiceassist.runtime import tokens
from voiceassist.runtime.engines.ports import is_taken
from voiceassist.runtime.settings import PREFIX, Settings, Workload, parse

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 60.0
EVENT_SECONDS = 30.0


def free_port() -> int:
    return next(port for port in range(10_100 + os.getpid() % 800, 11_000) if not is_taken(port))


# The rooms


@dataclass
class StubRooms:
    """What the rooms answer, and who asked: `down` names rooms that fail, `delay` holds their answers back."""

    workload: Workload
    down: set[str] = field(default_factory=set)
    delay: float = 0.0
    asked: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)

    def app(self) -> Starlette:
        calculators = "/calculators/api/v1/calculators"
        return Starlette(
            routes=[
                Route("/{room}/ready", lambda _request: Response()),
                Route(f"{calculators}/interpret", self.interpret, methods=["POST"]),
                Route(f"{calculators}/{{calculator}}/compute", self.compute, methods=["POST"]),
                Route("/retrieval/api/v1/answers", self.answer, methods=["POST"]),
                Route("/retrieval/api/v1/search", self.search, methods=["POST"]),
            ]
        )

    async def _body(self, request: Request, room: str) -> dict[str, Any] | None:
        token = request.headers["authorization"].removeprefix("Bearer ")
        body: dict[str, Any] = await request.json()
        self.asked.append((room, body, tokens.verify(token, audience=room, workload=self.workload).subject))
        await asyncio.sleep(self.delay)
        return None if room in self.down else body

    async def interpret(self, request: Request) -> Response:
        body = await self._body(request, "calculators")
        if body is None:
            return Response(status_code=503)
        text, known = body["text"].lower(), body["known"]
        if "egfr" in text or body["calculator"]:
            return JSONResponse(egfr(text, known).model_dump(mode="json"))
        if "score" in text:
            found = Interpretation(
                calculator_id="cha2ds2_vasc", title="CHA2DS2-VASc", confidence=0.9, inputs={"age": 68}
            )
            return JSONResponse(found.model_dump(mode="json"))
        return JSONResponse(Interpretation().model_dump(mode="json"))

    async def compute(self, request: Request) -> Response:
        body = await self._body(request, "calculators")
        if body is None:
            return Response(status_code=503)
        return JSONResponse(SCORE.model_dump(mode="json"))

    async def answer(self, request: Request) -> Response:
        body = await self._body(request, "retrieval")
        if body is None:
            return Response(status_code=503)
        if "florbundian" in body["question"].lower():
            none = Answer(status="abstained", text="I found no evidence for that.", spoken="I found no evidence.")
            return JSONResponse(none.model_dump(mode="json"))
        return JSONResponse(TREATMENT.model_dump(mode="json"))

    async def search(self, request: Request) -> Response:
        body = await self._body(request, "retrieval")
        if body is None:
            return Response(status_code=503)
        asked = body["query"].lower()
        found = Found(items=KIDNEY if "kidney disease" in asked else FIBRILLATION if "fibrillation" in asked else ())
        return JSONResponse(found.model_dump(mode="json"))


def egfr(text: str, known: dict[str, Any]) -> Interpretation:
    inputs = known | ({"creatinine": 0.9} if any(digit in text for digit in "0123456789") else {})
    creatinine = MissingInput(name="creatinine", label="creatinine", question="What is the creatinine?")
    missing = () if "creatinine" in inputs else (creatinine,)
    return Interpretation(calculator_id="egfr", title="eGFR", confidence=0.9, inputs=inputs, missing=missing)


KIDNEY = tuple(
    Passage(chunk_id=title, document_id=title, title=title, text="Text.", score=score, source="Starter library")
    for title, score in (
        ("Acute kidney disease", 0.5),
        ("Chronic kidney disease", 0.9),
        ("Diabetic kidney disease", 0.4),
    )
)
FIBRILLATION = (
    Passage(
        chunk_id="c1",
        document_id="atrial-fibrillation",
        title="Atrial fibrillation",
        heading="Stroke prevention",
        text="Anticoagulation is recommended to prevent stroke. Apixaban is preferred over warfarin.",
        score=0.9,
        source="Starter library",
    ),
)
SCORE = CalculatorResult(
    calculator_id="cha2ds2_vasc",
    title="CHA2DS2-VASc",
    version="1",
    value=3,
    unit="points",
    text="CHA2DS2-VASc: 3 points. The stroke risk is high.",
    inputs=(CalculatorInput(name="age", label="age", value=68, unit="years"),),
)
TREATMENT = Answer(
    status="supported",
    text="Anticoagulation is recommended to prevent stroke [1]. Apixaban is preferred over warfarin [2].",
    spoken="Anticoagulation is recommended to prevent stroke. Apixaban is preferred over warfarin.",
    citations=tuple(
        Citation(
            n=number,
            document_id="atrial-fibrillation",
            chunk_id=f"c{number}",
            title="Atrial fibrillation",
            section="Stroke prevention",
            source="Starter library",
            year=2024,
            snippet="Anticoagulation is recommended.",
            starter=True,
        )
        for number in (1, 2)
    ),
)


class ThreadedServer(uvicorn.Server):
    """Serves beside the test; signals belong to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def serving(app: Any, port: int) -> Iterator[None]:
    server = ThreadedServer(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield
    server.should_exit = True
    thread.join(10)


# The service


@dataclass
class Service:
    """A running `python -m realtime`."""

    settings: Settings
    rooms: StubRooms
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.realtime.port}"

    def principal(self) -> Principal:
        user_id = new_id()
        return Principal(subject=str(user_id), tenant_id=DEFAULT_TENANT, role="user", user_id=user_id)

    def token(self, principal: Principal | None = None, **options: Any) -> str:
        return tokens.mint(
            principal or self.principal(),
            issuer="gateway",
            audience="realtime",
            workload=self.settings.workload,
            **options,
        )


def started(environment: dict[str, str], rooms: StubRooms, log: Path) -> Service:
    settings = parse(environment)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "realtime"], cwd=ROOT, env=kept | environment, stdout=file, stderr=file
        )
    service = Service(settings, rooms, process, log)
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{service.url}/health", trust_env=False).status_code == 200:
                return service
        time.sleep(0.05)
    process.kill()
    raise AssertionError(log.read_text())


def stopped(service: Service, seconds: float = 15.0) -> int:
    if service.process.poll() is None:
        service.process.send_signal(signal.SIGTERM)
    return service.process.wait(seconds)


@pytest.fixture(scope="session")
def rooms(stack_env: dict[str, str]) -> Iterator[StubRooms]:
    stub = StubRooms(parse(stack_env).workload)
    stub.port = free_port()  # type: ignore[attr-defined]
    with serving(stub.app(), stub.port):  # type: ignore[attr-defined]
        yield stub


@pytest.fixture
def new_service(rooms: StubRooms, stack_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A factory of services of one's own, with other settings, for tests that stop or break them."""
    made: list[Service] = []

    def make(**changes: str) -> Service:
        made.append(new(rooms, stack_env, tmp_path_factory, changes))
        return made[-1]

    yield make
    for one in made:
        stopped(one)


@pytest.fixture(scope="module")
def start_service(
    rooms: StubRooms, stack_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """As `new_service`, for the tests of one module together."""
    made: list[Service] = []

    def make(**changes: str) -> Service:
        made.append(new(rooms, stack_env, tmp_path_factory, changes))
        return made[-1]

    yield make
    for one in made:
        stopped(one)


def new(rooms: Any, stack_env: dict[str, str], folder: pytest.TempPathFactory, changes: dict[str, str]) -> Service:
    environment = stack_env | {
        "VOICEASSIST_REALTIME__PORT": str(free_port()),
        "VOICEASSIST_ROOM_URL": f"http://127.0.0.1:{rooms.port}/{{room}}",
        **changes,
    }
    return started(environment, rooms, folder.mktemp("realtime") / "realtime.log")


@pytest.fixture(scope="session")
def shared_service(
    rooms: StubRooms, stack_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    service = new(rooms, stack_env, tmp_path_factory, {})
    yield service
    assert stopped(service) == 0
    leaked = [word for word in ("fibrillation", "creatinine", "Traceback") if word in service.log.read_text()]
    assert leaked == [], "what people say must not be in the log"


@pytest.fixture
def service(shared_service: Service) -> Iterator[Service]:
    """The shared service with rooms that answer."""
    shared_service.rooms.asked.clear()
    yield shared_service
    shared_service.rooms.down.clear()
    shared_service.rooms.delay = 0.0


# A client


@dataclass
class Client:
    """One socket; every event received is judged."""

    socket: ClientConnection
    oracle: Any
    events: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, kind: str, **members: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **members}))

    async def next(self) -> dict[str, Any]:
        message = await asyncio.wait_for(self.socket.recv(), EVENT_SECONDS)
        event: dict[str, Any] = self.oracle.take(json.loads(message))
        self.events.append(event)
        return event

    async def until(self, kind: str) -> dict[str, Any]:
        while True:
            event = await self.next()
            if event["type"] == kind:
                return event

    async def update(self, **session: Any) -> dict[str, Any]:
        await self.send("session.update", session={"type": "realtime", **session})
        found = await self.until("session.updated")
        return found["session"]

    async def write(self, text: str) -> None:
        content = [{"type": "input_text", "text": text}]
        await self.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})
        await self.send("response.create")

    async def append(self, pcm: bytes) -> None:
        await self.send("input_audio_buffer.append", audio=base64.b64encode(pcm).decode())

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    @property
    def answer(self) -> str:
        deltas = (
            event["delta"]
            for event in self.events
            if event["type"] in {"response.output_text.delta", "response.output_audio_transcript.delta"}
        )
        return "".join(deltas)

    @property
    def sound(self) -> bytes:
        return b"".join(base64.b64decode(event["delta"]) for event in self.of("response.output_audio.delta"))


@contextlib.asynccontextmanager
async def dialled(service: Service, oracle: Any, **options: Any) -> AsyncIterator[Client]:
    headers = options.pop("headers", None) or {"authorization": f"Bearer {options.pop('token', service.token())}"}
    url = service.url.replace("http", "ws", 1) + "/v1/realtime?model=voiceassist-local"
    async with connect(url, additional_headers=headers, proxy=None, max_size=None, **options) as socket:
        yield Client(socket, oracle)


@pytest.fixture
def dial(service: Service, new_oracle: Any) -> Any:
    """`async with dial() as client`; options are headers, token, service and those of websockets."""

    def make(*, service: Service = service, **options: Any) -> Any:
        return dialled(service, new_oracle(), **options)

    return make


# Speech


@pytest.fixture(scope="session")
def say() -> Any:
    """`say("text")` gives pcm16 at 24 kHz with silence around; kept, because synthesis is not what is tested."""
    voice = Voice()
    kept: dict[str, bytes] = {}

    def make(text: str, tail_s: float = 0.2) -> bytes:
        if text not in kept:
            kept[text] = audio.to_pcm16(np.concatenate([audio.silence(0.3, 24_000), voice.synthesize(text)]))
        return kept[text] + audio.to_pcm16(audio.silence(tail_s, 24_000))

    return make


@pytest.fixture(scope="session")
def listen() -> Any:
    """`listen(pcm16)` transcribes it."""
    recognizer = Recognizer(workers=1)

    def hear(pcm: bytes, terms: tuple[str, ...] = ()) -> str:
        samples = audio.resample(audio.from_pcm16(pcm), 24_000, audio.EAR_RATE)
        return recognizer.transcribe(samples, terms).text

    return hear
