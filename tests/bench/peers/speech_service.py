"""A service that speaks OpenAI Realtime, as cheap as can be: for a turn's seconds of sound, so many go back.

    python speech_service.py PORT SECONDS_A_TURN SECONDS_AN_ANSWER

A session that leaves turn detection to it is answered by itself, when a turn's bytes came; one that takes turns
itself commits and asks. Both get the full life cycle, with the same sound in the same pieces. Bytes are counted, not
messages; that speech has started is never told, since Pipecat would throw away what it has yet to play.

Each piece of sound begins with the moment it left (CLOCK_MONOTONIC, nanoseconds, 8 bytes), and so does each frame of a
client that is measured: how old the last one of a turn was when it came is told to who connects to `/delays`.
"""

import asyncio
import base64
import json
import sys
import time
from collections import defaultdict
from itertools import count

import uvloop
from websockets.asyncio.server import ServerConnection, serve

SECOND = 48_000  # bytes of pcm16, 24 kHz
FRAME = SECOND // 50
PIECE = "A" * (SECOND // 20 // 3 * 4)  # 50 ms of silence in base64
STAMP = 8  # bytes
HEAD = 12  # letters of base64 that hold a stamp and one byte more
USAGE = {
    "total_tokens": 0, "input_tokens": 0, "output_tokens": 0,
    "input_token_details": {"cached_tokens": 0, "text_tokens": 0, "audio_tokens": 0},
    "output_token_details": {"text_tokens": 0, "audio_tokens": 0},
}  # fmt: skip
numbers = count(1)
delays: dict[str, list[float]] = defaultdict(list)  # milliseconds, by who connected: "direct" or a bridge


def session(settings: dict[str, object]) -> dict[str, object]:
    return {"object": "realtime.session", "type": "realtime", "id": "sess_1", "model": "scripted", **settings}


def piece() -> str:
    return base64.b64encode(time.monotonic_ns().to_bytes(STAMP, "little") + b"\0").decode() + PIECE[HEAD:]


def age_ms(sound: str) -> float | None:
    """Of the last frame in it; None for sound that holds no moment of this hour."""
    start = (len(sound) * 3 // 4 // FRAME - 1) * FRAME // 3 * 4
    stamp = int.from_bytes(base64.b64decode(sound[start : start + HEAD])[:STAMP], "little") if start >= 0 else 0
    age = (time.monotonic_ns() - stamp) / 1e6
    return age if 0 <= age < 3.6e6 else None


class Session:
    def __init__(self, socket: ServerConnection, turn_seconds: float, answer_seconds: float) -> None:
        self.socket, self.turn = socket, int(turn_seconds * SECOND)
        self.pieces = int(answer_seconds * 20)
        self.by_itself, self.came = True, 0
        self.age: float | None = None
        self.who = "direct" if "direct" in socket.request.path else "bridge"

    async def send(self, kind: str, **members: object) -> None:
        await self.socket.send(json.dumps({"event_id": f"event_{next(numbers)}", "type": kind, **members}))

    async def run(self) -> None:
        await self.send("session.created", session=session({}))
        async for message in self.socket:
            event = json.loads(message)
            match event["type"]:
                case "session.update":
                    heard = (event["session"].get("audio") or {}).get("input") or {}
                    self.by_itself = heard.get("turn_detection", self) is not None
                    await self.send("session.updated", session=session(event["session"]))
                case "input_audio_buffer.append":
                    self.came += len(event["audio"]) * 3 // 4
                    self.age = age_ms(event["audio"])
                    while self.by_itself and self.came >= self.turn:
                        self.came -= self.turn
                        await self.heard()
                        await self.answer()
                case "input_audio_buffer.commit":
                    if self.age is not None:
                        delays[self.who].append(self.age)
                    self.came = 0
                    await self.heard()
                case "conversation.item.create":
                    item = {"id": f"item_{next(numbers)}", **event["item"]}
                    await self.send("conversation.item.added", item=item, previous_item_id=None)
                case "response.create":
                    if not self.by_itself:
                        await self.answer()

    async def heard(self) -> None:
        item_id = f"item_{next(numbers)}"
        await self.send("input_audio_buffer.committed", item_id=item_id, previous_item_id=None)
        item = {"id": item_id, "type": "message", "role": "user", "content": [{"type": "input_audio"}]}
        await self.send("conversation.item.added", item=item, previous_item_id=None)
        await self.send(
            "conversation.item.input_audio_transcription.completed",
            item_id=item_id, content_index=0, transcript="how do I treat acute gout",
            usage={"type": "duration", "seconds": 1.0},
        )  # fmt: skip

    async def answer(self) -> None:
        response_id, item_id = f"resp_{next(numbers)}", f"item_{next(numbers)}"
        response = {"id": response_id, "object": "realtime.response", "output": [], "output_modalities": ["audio"]}
        item = {"id": item_id, "object": "realtime.item", "type": "message", "role": "assistant"}
        part = {"response_id": response_id, "item_id": item_id, "output_index": 0, "content_index": 0}
        whole = {"response_id": response_id, "output_index": 0}
        text = "Colchicine is given for acute gout."
        await self.send("response.created", response=response | {"status": "in_progress"})
        begun = item | {"status": "in_progress", "content": []}
        await self.send("response.output_item.added", **whole, item=begun)
        await self.send("conversation.item.added", item=begun, previous_item_id=None)
        await self.send("response.content_part.added", **part, part={"type": "audio", "transcript": ""})
        await self.send("response.output_audio_transcript.delta", **part, delta=text)
        for _ in range(self.pieces):
            await self.send("response.output_audio.delta", **part, delta=piece())
        await self.send("response.output_audio.done", **part)
        await self.send("response.output_audio_transcript.done", **part, transcript=text)
        await self.send("response.content_part.done", **part, part={"type": "audio", "transcript": text})
        done = item | {"status": "completed", "content": [{"type": "output_audio", "transcript": text}]}
        await self.send("response.output_item.done", **whole, item=done)
        await self.send("conversation.item.done", item=done, previous_item_id=None)
        await self.send("response.done", response=response | {"status": "completed", "output": [done], "usage": USAGE})


async def main(port: int, turn_seconds: float, answer_seconds: float) -> None:
    async def talk(socket: ServerConnection) -> None:
        if socket.request.path.startswith("/delays"):
            await socket.send(json.dumps(delays))
            delays.clear()
        else:
            await Session(socket, turn_seconds, answer_seconds).run()

    async with serve(talk, "127.0.0.1", port, max_size=None, compression=None, ping_interval=None):
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), *map(float, sys.argv[2:4])))
