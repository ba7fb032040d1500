"""The engine of this machine as the service loads it: side by side, and some of it after it is ready."""

from pathlib import Path

import numpy as np
import pytest

from realtime.dialogue import smalltalk
from realtime.engines.local import LocalEngine
from voiceassist.runtime.settings import Settings, Voice


def test_a_loaded_engine_hears_speaks_and_knows_drugs_from_words() -> None:
    engine = LocalEngine.load(Settings())
    assert engine.hears_and_speaks
    assert engine.models is not None
    assert engine.models.turn_end is not None
    assert engine.is_drug("apixaban")
    assert all(map(engine.drugs.knows, ("haemoglobin", "hemoglobin", "electrocardiogram", "anticoagulation")))
    assert not any(map(engine.drugs.knows, ("apixiban", "levetiracetan")))
    assert np.any(engine.models.voice.synthesize(smalltalk.GREETING))
    engine.close()


@pytest.mark.parametrize("broken", ["whisper-tiny.en/config.json", "silero/silero_vad.onnx", "hibari/hibari.onnx"])
def test_one_model_that_is_not_the_published_one_leaves_an_engine_for_writing(tmp_path: Path, broken: str) -> None:
    (tmp_path / broken).parent.mkdir()
    (tmp_path / broken).write_bytes(b"{}")
    engine = LocalEngine.load(Settings(voice=Voice(model_dir=str(tmp_path))))
    assert not engine.hears_and_speaks
    assert engine.drugs.knows("haemoglobin")
    engine.close()
