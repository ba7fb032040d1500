"""Tells the patient at the installation's own doors, as an integrator with a key would: HTTP and the voice socket."""

import asyncio
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.canary.domain import doors, session
from functions.canary.domain.patient import Patient
from voiceassist.core.errors import UnavailableError
from voiceassist.runtime import http
from voiceassist.runtime.settings import Settings

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

SECONDS = 30.0
QUIET_SECONDS = 0.3
LONGEST_WAIT_SECONDS = 65.0  # of a limit by the minute
TRIES = 3
# The gateway's own answers: what got one of these told no room anything.
REFUSED = frozenset({401, 429, 502, 503, 504})
MOST_REFUSED = 0.1


@dataclass(frozen=True, slots=True)
class Told:
    """`reached`: requests that a door took; `voice`: whether the patient was told in a session."""

    requests: int = 0
    reached: int = 0
    voice: bool = False

    @property
    def enough(self) -> bool:
        """Whether a sink without the patient says anything."""
        return self.voice and self.requests > 0 and self.reached >= (1 - MOST_REFUSED) * self.requests


async def told(settings: Settings, patient: Patient) -> Told:
    """Everything there is to tell; what cannot be reached is counted, not raised."""
    canary = settings.canary
    base = (canary.url or settings.base_url).rstrip("/")
    if not canary.key:
        return Told()
    requests, reached = await _requests(base, canary.key, patient)
    return Told(requests, reached, await _session(settings, base, patient))


async def _requests(base: str, key: str, patient: Patient) -> tuple[int, int]:
    import httpx

    client = http.client()
    authorization = [(b"authorization", f"Bearer {key}".encode())]
    try:
        document = (await client.get(f"{base}/api/v1/openapi.json", headers=authorization, timeout=SECONDS)).json()
        every = list(doors.requests(document, patient, changing=False))
    except (httpx.HTTPError, ValueError, KeyError):
        return 0, 0
    reached = 0
    for request in every:
        sent = [*((name.encode(), value) for name, value in request.headers.items()), *authorization]
        reached += await _reaches(
            request.method, base + request.path, params=request.query, headers=sent, content=request.body
        )
    return len(every), reached


async def _reaches(method: str, url: str, **options: Any) -> bool:
    """Whether a door took it; a limit is waited for, since what it refuses was told to nobody."""
    import httpx

    for _ in range(TRIES):
        try:
            answer = await http.client().request(method, url, timeout=SECONDS, **options)
        except httpx.HTTPError:
            return False
        wait = answer.headers.get("retry-after", "")
        if answer.status_code != 429 or not wait.isdigit() or int(wait) > LONGEST_WAIT_SECONDS:
            return answer.status_code not in REFUSED
        await asyncio.sleep(int(wait))
    return False


async def _session(settings: Settings, base: str, patient: Patient) -> bool:
    """Events of every kind, then the note and the transcript as questions that are answered."""
    from websockets.asyncio.client import connect
    from websockets.exceptions import WebSocketException

    context = ssl.create_default_context(cafile=settings.ca_file or None) if base.startswith("https") else None
    try:
        async with connect(
            base.replace("http", "ws", 1) + "/v1/realtime?model=voiceassist-local",
            ssl=context,
            additional_headers={"Authorization": f"Bearer {settings.canary.key}"},
            max_size=None,
            open_timeout=15,
            proxy=None,
        ) as socket:
            for event in session.events(patient):
                await socket.send(event)
            await _quiet(socket)
            for text in (patient.note, patient.speech):
                for event in session.turn(text):
                    await socket.send(event)
                await asyncio.wait_for(_answered(socket), SECONDS)
    except (OSError, TimeoutError, WebSocketException, UnavailableError):
        return False
    return True


async def _answered(socket: "ClientConnection") -> None:
    while True:
        if b'"response.done"' in (await socket.recv(decode=False)):
            return


async def _quiet(socket: "ClientConnection") -> None:
    """Until nothing more comes: refusals, and an answer to what could be one."""
    while True:
        try:
            await asyncio.wait_for(socket.recv(), QUIET_SECONDS)
        except TimeoutError:
            return
