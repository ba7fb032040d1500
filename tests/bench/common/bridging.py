"""Clients of a bridge in real time: a frame of 20 ms per session, and what comes back.

Pieces of sound that come from peers/speech_service.py, and frames that go there, hold the moment at which they left.
"""

import asyncio
import base64
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import psutil
from common.product import used
from websockets.asyncio.client import ClientConnection, connect

from realtime.speech import audio
from realtime.speech.tts import Voice
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.core.ids import new_id
from voiceassist.runtime import tokens
from voiceassist.runtime.settings import Settings

RATE = audio.VOICE_RATE
SECOND = 2 * RATE  # bytes
STAMP, HEAD = 8, 12  # bytes of a moment in nanoseconds, and the letters of base64 that begin with it
PIECE = 3_200  # letters: 50 ms
SILENCE = b"\x10\x00" * (RATE // 50)
QUESTION = "How do I treat an acute attack of gout in a patient who takes a blood thinner?"
DIRECT = 2  # sessions without a bridge between, for comparison


def frames(turn_s: float, rate: int, *, spoken: bool) -> list[bytes]:
    """A turn of pcm16 in frames of 20 ms: a question and a silence, or nothing but silence."""
    if not spoken:
        return [SILENCE]
    sound = Voice().synthesize(QUESTION)
    whole = np.zeros(int(turn_s * RATE), np.float32)
    whole[: len(sound)] = sound / np.abs(sound).max() * 0.7
    data = audio.to_pcm16(audio.resample(whole, RATE, rate))
    size = rate // 50 * 2
    return [data[start : start + size] for start in range(0, len(data), size)]


@dataclass
class Client:
    """`came` are bytes of sound of all its sessions; `ages` what its pieces had grown old, in milliseconds."""

    url: str
    sound: Sequence[bytes] = (SILENCE,)
    came: int = 0
    ages: list[float] = field(default_factory=list)

    def connect(self) -> connect:
        return connect(self.url, proxy=None, max_size=None, compression=None)

    async def begin(self, socket: ClientConnection) -> None: ...

    async def turn(self, socket: ClientConnection) -> None:
        """Tell that it is over, where that is not heard."""

    def frame(self, number: int) -> str | bytes: ...

    def take(self, message: str | bytes) -> None: ...


@dataclass
class Direct(Client):
    """Speaks to the service itself. The session takes no turns: the client tells, after each turn's seconds."""

    hears: bool = False

    def __post_init__(self) -> None:
        self._texts = [f'"audio":"{base64.b64encode(one).decode()}"}}' for one in self.sound]

    async def begin(self, socket: ClientConnection) -> None:
        detection = {"type": "server_vad", "silence_duration_ms": 500} if self.hears else None
        session = {"type": "realtime", "audio": {"input": {"turn_detection": detection}}}
        await socket.send(json.dumps({"type": "session.update", "session": session}))

    async def turn(self, socket: ClientConnection) -> None:
        if not self.hears:
            await socket.send('{"type":"input_audio_buffer.commit"}')
            await socket.send('{"type":"response.create"}')

    def frame(self, number: int) -> str:
        text = self._texts[number % len(self._texts)]
        if not self.hears:
            stamp = base64.b64encode(time.monotonic_ns().to_bytes(STAMP, "little") + b"\0").decode()
            text = f'"audio":"{stamp}{text[9 + HEAD :]}'
        return f'{{"type":"input_audio_buffer.append",{text}'

    def take(self, message: str | bytes) -> None:
        if isinstance(message, bytes) or '"response.output_audio.delta"' not in message[:120]:
            return
        now, delta = time.monotonic_ns(), json.loads(message)["delta"]
        self.came += len(delta) * 3 // 4
        for start in range(0, len(delta), PIECE):
            left = int.from_bytes(base64.b64decode(delta[start : start + HEAD])[:STAMP], "little")
            self.ages.append((now - left) / 1e6)


@dataclass
class Ours(Direct):
    """The same through our service, as a person who has signed in."""

    settings: Settings | None = None

    def connect(self) -> connect:
        assert self.settings is not None
        user_id = new_id()  # each has two sessions at most
        person = Principal(subject=str(user_id), tenant_id=DEFAULT_TENANT, role="user", user_id=user_id)
        token = tokens.mint(person, issuer="gateway", audience="realtime", workload=self.settings.workload)
        told = {"authorization": f"Bearer {token}"}
        return connect(self.url, additional_headers=told, proxy=None, max_size=None, compression=None)


@dataclass
class Pipecat(Client):
    """Protobuf: Frame {audio: AudioRawFrame {audio, sample_rate, num_channels}}, of its frames.proto."""

    rate: int = RATE

    def __post_init__(self) -> None:
        self._frames = []
        for one in self.sound:
            inner = b"\x1a" + _varint(len(one)) + one + b"\x20" + _varint(self.rate) + b"\x28\x01"
            self._frames.append(b"\x12" + _varint(len(inner)) + inner)

    def frame(self, number: int) -> bytes:
        return self._frames[number % len(self._frames)]

    def take(self, message: str | bytes) -> None:
        """Names and ids beside it are some tens of bytes."""
        if isinstance(message, str) or message[:1] != b"\x12":
            return
        place = message.index(b"\x1a", 3)
        length, shift, place = 0, 0, place + 1
        while True:
            byte = message[place]
            length, shift, place = length | (byte & 0x7F) << shift, shift + 7, place + 1
            if byte < 0x80:
                break
        self.came += length


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


class Load:
    """`sessions` of a client beside some of one that needs no bridge; what is counted begins in full swing."""

    def __init__(self, client: Client, sessions: int, turn_s: float, beside: Client | None = None) -> None:
        self.client, self.beside, self.sessions, self.turn_s = client, beside, sessions, turn_s
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self, process: psutil.Process, seconds: float) -> dict[str, object]:
        async with asyncio.timeout(seconds + 120 + 6 * self.turn_s):
            before = await self._begin(process)
            cpu, came, began = used([process]), self.client.came, time.perf_counter()
            await asyncio.sleep(seconds)
            cpu, came, took = used([process]) - cpu, self.client.came - came, time.perf_counter() - began
            memory = process.memory_info().rss
            await self._end()
        return {
            "sessions_per_core": round(self.sessions * took / cpu, 1),
            "cores": round(cpu / took, 3),
            "cpu_ms_per_sound_s": round(cpu * 1000 / max(came / SECOND, 0.001), 2),
            "sound_out_s_per_session_s": round(came / SECOND / took / self.sessions, 3),
            "kib_per_session": round((memory - before) / 1024 / self.sessions, 1),
            "rss_before_mib": round(before / 2**20, 1),
        }

    async def hold(self, process: psutil.Process, minutes: float) -> dict[str, object]:
        """MiB when all are in full swing, at half the time, and at the end."""
        before = await self._begin(process)
        cpu, came, began = used([process]), self.client.came, time.perf_counter()
        held = [process.memory_info().rss]
        for _ in range(2):
            await asyncio.sleep(minutes * 30)
            held.append(process.memory_info().rss)
        took, cpu = time.perf_counter() - began, used([process]) - cpu
        came = self.client.came - came
        await self._end()
        start, middle, end = (round(one / 2**20, 1) for one in held)
        return {
            "sessions": self.sessions,
            "minutes": round(took / 60, 1),
            "mib": {"before": round(before / 2**20, 1), "start": start, "middle": middle, "end": end},
            "kib_per_session_at_end": round((held[2] - before) / 1024 / self.sessions, 1),
            "grew_kib_per_session": round((held[2] - held[1]) / 1024 / self.sessions, 1),
            "sessions_per_core": round(self.sessions * took / cpu, 1),
            "sound_out_s_per_session_s": round(came / SECOND / took / self.sessions, 3),
        }

    async def _begin(self, process: psutil.Process) -> int:
        """Bytes of memory before there was a session: what a process loads at its first one is not a session's."""
        first = asyncio.create_task(self._talk(self.client, 0))
        await asyncio.sleep(2 * self.turn_s)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        before = process.memory_info().rss
        self._tasks = [asyncio.create_task(self._talk(self.client, number)) for number in range(self.sessions)]
        if self.beside:
            self._tasks += [asyncio.create_task(self._talk(self.beside, number + 0.5)) for number in range(DIRECT)]
        await asyncio.sleep(2 * self.turn_s + 2.0)
        for client in filter(None, (self.client, self.beside)):
            client.ages.clear()
        return before

    async def _end(self) -> None:
        failed = sum(task.done() for task in self._tasks)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if failed:
            sys.exit(f"error: {failed} of {self.sessions} sessions ended by themselves")

    async def _talk(self, client: Client, number: float) -> None:
        await asyncio.sleep(number * self.turn_s / self.sessions)  # turns do not end all at once
        async with client.connect() as socket:
            await client.begin(socket)
            listening = asyncio.create_task(self._listen(client, socket))
            began, sent = time.perf_counter(), 0
            a_turn = int(self.turn_s * 50)
            while not listening.done():
                await socket.send(client.frame(sent))
                sent += 1
                if sent % a_turn == 0:
                    await client.turn(socket)
                await asyncio.sleep(max(0.0, began + sent * 0.02 - time.perf_counter()))

    async def _listen(self, client: Client, socket: ClientConnection) -> None:
        async for message in socket:
            client.take(message)


def spread(ages: Sequence[float]) -> dict[str, float]:
    """Milliseconds."""
    return {f"p{share}": round(float(np.percentile(ages, share)), 1) for share in (50, 95, 99)} | {"count": len(ages)}


async def at_the_service(url: str) -> dict[str, list[float]]:
    """How old the last frame of each turn was when the service had it, since somebody asked."""
    async with connect(url.replace("/v1/realtime", "/delays"), proxy=None, max_size=None) as socket:
        found: dict[str, list[float]] = json.loads(await socket.recv())
        return found
