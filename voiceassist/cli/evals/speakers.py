"""Voices that say what is to be heard: the product's own, and a second one for measurements, which is no part of it."""

from pathlib import Path
from typing import Protocol

from realtime.speech import audio
from realtime.speech.tts import Voice, trim
from realtime.speech.verbalise import spoken

OWN = "heart"


class Speaker(Protocol):
    def synthesize(self, text: str) -> audio.Samples: ...


class Kokoro:
    """Kokoro-82M as ONNX with one of its style files (float32, shape (510, 1, 256)); reads the phonemes of `reader`."""

    def __init__(self, model: Path, style: Path, reader: Voice) -> None:
        import numpy as np
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._styles = np.fromfile(style, np.float32).reshape(-1, 1, 256)
        self._reader = reader

    def synthesize(self, text: str) -> audio.Samples:
        import numpy as np

        sounds: list[audio.Samples] = []
        for ids in self._reader.phonemes(spoken(text)):
            style = self._styles[min(len(ids) - 2, len(self._styles) - 1)]
            inputs = {"tokens": np.array([ids], np.int64), "style": style, "speed": np.array([1], np.float32)}
            sounds += [trim(self._session.run(None, inputs)[0].reshape(-1)), audio.silence(0.25, audio.VOICE_RATE)]
        return np.concatenate(sounds)


def speakers(own: Voice, second: tuple[Path, Path] | None) -> dict[str, Speaker]:
    """By name; `second` is a model and a style file."""
    found: dict[str, Speaker] = {OWN: own}
    if second:
        found[second[1].stem] = Kokoro(*second, own)
    return found
