"""Voice to voice: `python tests/bench/voice.py [--data DIR] [--rounds N]` prints JSON. All speech is synthetic.

Speaks to the product (the one running in DIR, else one of its own) through the public gateway, frame by frame in
real time like a microphone. What is measured is what a person waits: from the last voiced sample of the question
until the first audio of the answer has arrived; the service trims its sound, so it is audible within 10 ms.
"""

import argparse
import asyncio
import base64
import contextlib
import json
import os
import platform
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from websockets.asyncio.client import connect

from realtime.speech import audio
from realtime.speech.tts import Voice, trim
from voiceassist.runtime.engines import secrets, state
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.ports import Ports, is_taken

QUESTIONS = (
    "What is the CHA2DS2-VASc score of a 68 year old man with hypertension and diabetes?",
    "How do I treat atrial fibrillation with a high stroke risk?",
    "What are the first steps in sepsis?",
    "How do I treat an acute exacerbation of COPD?",
    "Calculate the BMI of a man of 80 kilograms and 180 centimeters.",
    "What is the INR target for a mechanical valve?",
)
MODES: dict[str, dict[str, Any]] = {
    "semantic_vad auto": {"type": "semantic_vad", "eagerness": "auto"},
    "server_vad 500 ms": {"type": "server_vad"},
}
FRAME = 480  # samples: 20 ms
SILENCE_S = 4.0


class Turn:
    """One question in real time; `words_end` is when its last voiced sample left."""

    def __init__(self, socket: Any, samples: audio.Samples) -> None:
        self.socket, self.samples = socket, samples
        self.words_end = 0.0
        self.first_audio = 0.0
        self.done = asyncio.Event()
        self.metrics: dict[str, Any] = {}
        self.heard = ""

    async def run(self) -> None:
        listening = asyncio.create_task(self._listen())
        await self._speak()
        await asyncio.wait_for(listening, 30)

    async def _speak(self) -> None:
        silence = audio.silence(SILENCE_S, audio.VOICE_RATE)
        frames = np.concatenate([audio.silence(0.5, audio.VOICE_RATE), self.samples, silence])
        words_end = len(audio.silence(0.5, audio.VOICE_RATE)) + len(self.samples)
        began = time.perf_counter()
        for start in range(0, len(frames), FRAME):
            if self.done.is_set():
                return
            await asyncio.sleep(max(0.0, began + start / audio.VOICE_RATE - time.perf_counter()))
            pcm = audio.to_pcm16(frames[start : start + FRAME])
            await self.socket.send(
                json.dumps({"type": "input_audio_buffer.append", "audio": base64.b64encode(pcm).decode()})
            )
            if start < words_end <= start + FRAME:
                # A microphone hands over a frame when it is full, so the word ended this much before it was sent.
                self.words_end = time.perf_counter() - (start + FRAME - words_end) / audio.VOICE_RATE

    async def _listen(self) -> None:
        while True:
            event = json.loads(await self.socket.recv())
            match event["type"]:
                case "response.output_audio.delta" if not self.first_audio:
                    self.first_audio = time.perf_counter()
                case "conversation.item.input_audio_transcription.completed":
                    self.heard = event["transcript"]
                case "voiceassist.metrics":
                    self.metrics = event
                    self.done.set()
                    return
                case "error":
                    sys.exit(f"error: {event['error']['message']}")


def questions() -> list[audio.Samples]:
    """Each spoken, without the silence at its ends."""
    voice = Voice()
    return [trim(voice.synthesize(text)) for text in QUESTIONS]


async def measured(layout: Layout, detection: dict[str, Any], spoken: list[audio.Samples], rounds: int) -> list[Turn]:
    running = state.read(layout)
    if running is None:
        sys.exit("error: start the product first: voiceassist up")
    context = ssl.create_default_context(cafile=str(layout.ca)) if running.url.startswith("https") else None
    headers = {"authorization": f"Bearer {secrets.read(layout).cli_api_key}"}
    turns = []
    for _ in range(rounds):
        for samples in spoken:
            async with connect(
                running.url.replace("http", "ws", 1) + "/v1/realtime", ssl=context, additional_headers=headers,
                max_size=None, proxy=None,
            ) as socket:  # fmt: skip
                session = {
                    "type": "realtime",
                    "audio": {"input": {"turn_detection": detection}},
                    "voiceassist": {"extensions": True},
                }
                await socket.send(json.dumps({"type": "session.update", "session": session}))
                turn = Turn(socket, samples)
                await turn.run()
                turns.append(turn)
    return turns


def report(turns: list[Turn]) -> dict[str, Any]:
    waits = [(turn.first_audio - turn.words_end) * 1000 for turn in turns]
    early = sum(turn.first_audio < turn.words_end or not turn.heard for turn in turns)
    stages = {
        name: round(statistics.median(turn.metrics[name] for turn in turns if turn.metrics[name] is not None), 1)
        for name in ("eou_ms", "transcription_ms", "answer_ms", "first_audio_ms")
    }
    return {
        "turns": len(turns),
        "voice_to_voice_ms": spread(waits),
        "server_stages_p50_ms": stages,
        "turns_cut_off_early": early,
    }


def spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {"p50": round(statistics.median(ordered), 1), "p95": round(p95, 1), "max": round(ordered[-1], 1)}


@contextlib.contextmanager
def product() -> Iterator[Layout]:
    """A product of its own in a temporary folder, stopped and removed afterwards."""
    base = next(base for base in range(23_000, 29_000, 20) if not any(map(is_taken, Ports(base).needed())))
    with tempfile.TemporaryDirectory(prefix="va-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL may run as another user
        data = Path(folder) / "data"
        command = [sys.executable, "-m", "voiceassist.cli.main", "up", "--data", str(data), "--port-base", str(base)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line)
                if line.startswith("ready: "):
                    break
            else:
                sys.exit("error: the product did not start\n" + "".join(lines))
            try:
                yield Layout(data)
            finally:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    spoken = questions()
    with contextlib.nullcontext(Layout(options.data)) if options.data else product() as layout:
        asyncio.run(measured(layout, MODES["semantic_vad auto"], spoken[:2], 1))  # what is loaded on first use
        found = {mode: report(asyncio.run(measured(layout, MODES[mode], spoken, options.rounds))) for mode in MODES}
    print(
        json.dumps(
            {
                "bench": "voice",
                "speech": "synthetic, one voice",
                "path": "client, gateway (TLS), realtime, rooms with their engines, and back; one speaker",
                "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()[0]},
                "goal": {"voice_to_voice_p50_ms": 600},
                "modes": found,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
