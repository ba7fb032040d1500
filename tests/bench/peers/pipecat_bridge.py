"""Pipecat as a bridge: its WebSocket transport with protobuf frames, its OpenAI Realtime service, nothing between.

    python pipecat_bridge.py PORT URL_OF_THE_SERVICE [--vad]

With `--vad` its Silero hears turns, at 16 kHz, and its service neither does nor is told the rate: it resamples.
"""

import sys

import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineParams, PipelineTask
from pipecat.processors.audio.vad_processor import VADProcessor
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.serializers.protobuf import ProtobufFrameSerializer
from pipecat.services.openai.realtime.events import AudioConfiguration, AudioInput, SessionProperties
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.turns.user_start import VADUserTurnStartStrategy
from pipecat.turns.user_stop.speech_timeout_user_turn_stop_strategy import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_processor import UserTurnProcessor
from pipecat.turns.user_turn_strategies import UserTurnStrategies

RATE = 24_000
HEARD_RATE = 16_000  # Silero's
PAUSE_SECONDS = 0.5
logger.remove()


def heard_here() -> list[FrameProcessor]:
    """Silero, then its verdict as turns, after half a second as on our side."""
    detector = SileroVADAnalyzer(params=VADParams(stop_secs=0.2))
    ends = SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=PAUSE_SECONDS - 0.2, wait_for_transcript=False)
    turns = UserTurnStrategies(start=[VADUserTurnStartStrategy()], stop=[ends])
    return [VADProcessor(vad_analyzer=detector), UserTurnProcessor(user_turn_strategies=turns)]


def service_of(url: str, *, hears: bool) -> OpenAIRealtimeLLMService:
    if not hears:
        return OpenAIRealtimeLLMService(api_key="none", base_url=url)
    told = SessionProperties(audio=AudioConfiguration(input=AudioInput(turn_detection=False)))
    settings = OpenAIRealtimeLLMService.Settings(session_properties=told)
    return OpenAIRealtimeLLMService(api_key="none", base_url=url, settings=settings)


def app(url: str, *, hears: bool) -> FastAPI:
    made = FastAPI()
    heard_rate = HEARD_RATE if hears else RATE

    @made.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "alive"}

    @made.websocket("/ws")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        transport = FastAPIWebsocketTransport(
            websocket=socket,
            params=FastAPIWebsocketParams(
                audio_in_enabled=True,
                audio_out_enabled=True,
                audio_in_sample_rate=heard_rate,
                audio_out_sample_rate=RATE,
                add_wav_header=False,
                serializer=ProtobufFrameSerializer(),
            ),
        )
        service = service_of(url, hears=hears)
        ears = heard_here() if hears else []
        task = PipelineTask(
            Pipeline([transport.input(), *ears, service, transport.output()]),
            params=PipelineParams(audio_in_sample_rate=heard_rate, audio_out_sample_rate=RATE),
        )

        @transport.event_handler("on_client_disconnected")
        async def left(_transport: object, _client: object) -> None:
            await task.cancel()

        await PipelineRunner(handle_sigint=False).run(task)

    return made


if __name__ == "__main__":
    made = app(sys.argv[2], hears="--vad" in sys.argv)
    uvicorn.run(made, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="critical")
