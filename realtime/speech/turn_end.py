"""Does it sound as if the speaker were done? smart-turn v3.2 on onnxruntime, which hears melody and not words.

Source: Daily, smart-turn v3.2 (BSD-2-Clause), the model file only; what it wants as input is in its published code:
the last 8 s at 16 kHz, shorter ones filled with zeros in front, brought to mean 0 and variance 1, Whisper's log-mel.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from realtime.speech.audio import EAR_RATE, Samples
from realtime.speech.features import log_mel
from realtime.speech.models import opened

SPAN = 8 * EAR_RATE


class TurnEndDetector:
    """The shared model; `probability` may be called from several threads."""

    def __init__(self, model_dir: Path | None = None) -> None:
        self._session = opened("smart-turn/smart-turn-v3.2-cpu.onnx", model_dir)

    def probability(self, audio: Samples) -> float:
        """16 kHz samples of a turn until now, with the silence after it, to the probability that it is over.

        It climbs with silence alone, so ask once in a pause, early, and keep the answer.
        """
        heard = np.asarray(audio[-SPAN:], dtype=np.float32)
        filled = np.pad(heard, (SPAN - len(heard), 0))
        even = (filled - filled.mean()) / np.sqrt(filled.var() + 1e-7)
        found = self._session.run(None, {"input_features": log_mel(even.astype(np.float32))[None]})
        return float(np.ravel(found[0])[0])
