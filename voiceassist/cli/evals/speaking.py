"""A speaker in front of a microphone: questions go out frame by frame in real time, and it is told what came back."""

import asyncio
import base64
import json
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import numpy as np
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from realtime.speech import audio
from realtime.speech.tts import AUDIBLE

FRAME_S = 0.02
LEAD_S, SILENCE_S = 0.5, 6.0
LONGEST_S = 30.0


@dataclass(frozen=True, slots=True)
class Door:
    """Where to speak; `key` is an API key."""

    url: str
    key: str = ""
    ca: str = ""

    def connection(self) -> connect:
        context = ssl.create_default_context(cafile=self.ca) if self.ca else None
        headers = {"authorization": f"Bearer {self.key}"} if self.key else {}
        return connect(f"{self.url}/v1/realtime", ssl=context, additional_headers=headers, max_size=None, proxy=None)


@dataclass(slots=True)
class Turn:
    """One question; times are seconds of `time.perf_counter`.

    `words_end` is when its last voiced sample left, `audible` when the first sample above -50 dBFS of the answer would
    sound in a player that plays what arrives at once. 0.0 for what did not happen.
    """

    question: str
    words_end: float = 0.0
    audible: float = 0.0
    heard: str = ""
    answered: str = ""
    metrics: dict[str, Any] = field(default_factory=dict)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def waited_ms(self) -> float:
        return (self.audible - self.words_end) * 1000

    @property
    def cut_in(self) -> bool:
        return bool(self.audible) and (self.audible < self.words_end or not self.words_end)


async def asked(door: Door, question: str, samples: audio.Samples, detection: dict[str, Any]) -> Turn:
    """A conversation of one question; `samples` are its sound without silence at the ends."""
    turn = Turn(question)
    async with await _opened(door) as socket:
        session = {
            "type": "realtime",
            "audio": {"input": {"turn_detection": detection}},
            "voiceassist": {"extensions": True},
        }
        await socket.send(json.dumps({"type": "session.update", "session": session}))
        async with asyncio.timeout(LONGEST_S):
            await asyncio.gather(_speak(socket, samples, turn), _listen(socket, turn))
    return turn


async def _opened(door: Door) -> Any:
    """A person has two seats, and that of the question before may not be free yet."""
    while True:
        try:
            return await door.connection()
        except InvalidStatus as refused:
            if refused.response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
                raise
        await asyncio.sleep(0.2)


async def _speak(socket: Any, samples: audio.Samples, turn: Turn) -> None:
    rate, frame = audio.VOICE_RATE, round(FRAME_S * audio.VOICE_RATE)
    lead, silence = audio.silence(LEAD_S, rate), audio.silence(SILENCE_S, rate)
    sound = np.concatenate([lead, samples, silence])
    words_end = len(lead) + len(samples)
    began = time.perf_counter()
    for start in range(0, len(sound), frame):
        if turn.done.is_set():
            return
        # A microphone hands over a frame when it is full.
        await asyncio.sleep(max(0.0, began + (start + frame) / rate - time.perf_counter()))
        pcm = audio.to_pcm16(sound[start : start + frame])
        await socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": base64.b64encode(pcm).decode()}))
        if start < words_end <= start + frame:
            turn.words_end = began + words_end / rate


async def _listen(socket: Any, turn: Turn) -> None:
    silent_s = 0.0
    while True:
        event = json.loads(await socket.recv())
        match event["type"]:
            case "response.output_audio.delta" if not turn.audible:
                now = time.perf_counter()
                samples = audio.decode(base64.b64decode(event["delta"]), "audio/pcm")
                loud = np.flatnonzero(np.abs(samples) > AUDIBLE)
                if len(loud):
                    turn.audible = now + silent_s + int(loud[0]) / audio.VOICE_RATE
                else:
                    silent_s += len(samples) / audio.VOICE_RATE
            case "response.output_audio_transcript.done":
                turn.answered = event["transcript"]
            case "conversation.item.input_audio_transcription.completed":
                turn.heard = event["transcript"]
            case "voiceassist.metrics" if event["first_audio_ms"] is not None:
                turn.metrics = event
                turn.done.set()
                return
            case "error":
                raise RuntimeError(event["error"]["message"])


async def side_by_side(
    doors: Sequence[Door], spoken: Sequence[tuple[str, audio.Samples]], detection: dict[str, Any]
) -> list[Turn]:
    """As many speakers as doors, each with its part of the questions, all at the same time."""

    async def one(number: int) -> list[Turn]:
        await asyncio.sleep(number * 0.37)  # they do not all end a word at the same moment
        return [await asked(doors[number], *each, detection) for each in spoken[number :: len(doors)]]

    return [turn for turns in await asyncio.gather(*map(one, range(len(doors)))) for turn in turns]
