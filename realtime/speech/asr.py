"""What was said: Whisper tiny.en on CTranslate2, quick on short turns and guarded against its own inventions.

Whisper always reads 30 s. Here only the speech and six seconds of silence are read, which costs a third
and keeps the words (under four seconds they suffer; at six fewer turns than at four must be read twice).
The price is that a short window can make the model loop, so every result is checked and, if in doubt, read
again with more silence behind it and at last with the full window. Without speech the model invents words,
so what it itself takes for no speech is dropped.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from realtime.speech.audio import EAR_RATE, Samples, silence
from realtime.speech.features import BANDS, FRAMES_PER_SECOND, log_mel
from realtime.speech.models import ModelMissingError, locate, locate_folder
from realtime.speech.normalise import canonical, joined, tidy

WINDOW_S = 30
# Of 64 questions as a session hands them over, one or none looped with a tenth of a second in front, seven without it;
# the ones that looped were read in order with 10 s behind them, for a third of the cost of a full window. With 0.15 s
# "dobutamine" was taken for "dopamine" twice: measure names of drugs (tests/bench/drugnames.py) before it is changed.
LEAD_S = 0.1
PAD_S = 6
PADS_S = (PAD_S, 12, WINDOW_S)
# Longer turns are read in pieces that leave room for the silence, cut in their last quarter.
PIECE_S = WINDOW_S - PAD_S
CUT_FROM_S = 18
PROMPT_TOKENS = 222  # and a full stop

OWN = ("model.bin", "config.json", "tokenizer.json")  # what an operator's own folder must hold
NO_SPEECH_LIMIT = 0.3
COMPRESSION_LIMIT = 2.2
LOGPROB_LIMIT = -1.0
LEAST = 1e-9  # probability of a piece of a word, so that its logarithm is a number
_TWICE = re.compile(r"(.{12,}?)[.?!,]*(?:\s+\1[.?!,]*)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Transcript:
    """`text` is empty when nothing was said; `mean_logprob` under -0.25 means that a word may be misheard.

    `sound` is the turn as the model encoded it, for `margins`; none of a turn that was read in pieces.
    """

    text: str
    mean_logprob: float
    no_speech: float
    fallback: bool
    sound: Encoded | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Encoded:
    """The encoder's output of so many `frames` of 10 ms."""

    data: Any
    frames: int


@dataclass(frozen=True, slots=True)
class _Reading:
    text: str
    mean_logprob: float
    no_speech: float
    ran_on: bool
    sound: Encoded | None = None

    @property
    def is_sound(self) -> bool:
        repeats = _TWICE.fullmatch(self.text) is not None  # a person may, so it is read again and then believed
        return not (self.ran_on or repeats or _loops(self.text)) and self.mean_logprob >= LOGPROB_LIMIT


class Recognizer:
    """One loaded model for all sessions; `workers` utterances are read at the same time.

    `folder` is an operator's own Whisper in CTranslate2's form with its tokenizer.json, in place of the packaged one;
    ModelMissingError where it is none.
    """

    def __init__(self, model_dir: Path | None = None, *, workers: int = 2, folder: Path | None = None) -> None:
        import ctranslate2
        from tokenizers import Tokenizer

        if folder is None:
            folder = locate_folder("whisper-tiny.en", model_dir)
            tokenizer = locate("whisper-tiny.en/tokenizer.json", model_dir)
        else:
            tokenizer = folder / "tokenizer.json"
            if not all((folder / name).is_file() for name in OWN):
                raise ModelMissingError(f"The folder of the more accurate recogniser lacks one of {', '.join(OWN)}.")
        self._engine: Any = ctranslate2
        self._model: Any = ctranslate2.models.Whisper(
            str(folder), device="cpu", compute_type="int8", inter_threads=workers, intra_threads=1
        )
        if self._model.n_mels != BANDS:
            raise ModelMissingError(f"A Whisper with {BANDS} mel bands is needed; this one has {self._model.n_mels}.")
        self._tokenizer: Any = Tokenizer.from_file(str(tokenizer))
        # A model that knows English only has neither a language nor a task token.
        several = ("<|en|>", "<|transcribe|>") if self._model.is_multilingual else ()
        self._start = list(map(self._id, ("<|startoftranscript|>", *several, "<|notimestamps|>")))
        self._previous = self._id("<|startofprev|>")
        self._stop = self._tokenizer.encode(".", add_special_tokens=False).ids
        self._prompt = lru_cache(maxsize=256)(self._encode_prompt)

    def warm_up(self) -> None:
        """Read a second of faint noise, so that the first speaker does not wait for memory."""
        noise = np.random.default_rng(0).standard_normal(EAR_RATE, dtype=np.float32) * np.float32(1e-3)
        self._read(noise, self._start, PAD_S)

    def pieces(self, word: str) -> int:
        """In how many pieces the model writes a word inside a sentence: common ones in one, rare ones in several."""
        return len(self._tokenizer.encode(f" {word}", add_special_tokens=False).ids)

    def fitting(self, terms: Sequence[str]) -> list[str]:
        """The first of the terms, as many as the model can be told of."""
        room = PROMPT_TOKENS
        found: list[str] = []
        for term in terms:
            room -= self.pieces(f"{term}," if found else term)
            if room < 0:
                break
            found.append(term)
        return found

    def transcribe(self, audio: Samples, terms: Sequence[str] = ()) -> Transcript:
        """16 kHz samples of one turn to its words; `terms` are the words likely to occur (see `terms.choose`).

        Only terms in the prompt gain, wrong ones do no harm. Calculator names come out in their usual
        spelling; drugs and numbers are left exactly as they were heard.
        """
        parts = [self._piece(piece, tuple(terms)) for piece in pieces(audio)]
        if not parts:
            return Transcript("", 0.0, 1.0, fallback=False)
        text = " ".join(part.text for part in parts if part.text)
        return Transcript(
            text=tidy(joined(canonical(text), terms)),
            mean_logprob=min(part.mean_logprob for part in parts),
            no_speech=min(part.no_speech for part in parts),
            fallback=any(part.fallback for part in parts),
            sound=parts[0].sound if len(parts) == 1 else None,
        )

    def margins(self, turn: Transcript, said: str, others: Sequence[str]) -> list[float]:
        """By how much each of `others` is likelier than `said`, by the sound of the turn alone.

        Natural logarithms; negative where `said` is likelier, -inf of a turn that was read in pieces.
        """
        sound = turn.sound
        if not others or sound is None:
            return [-math.inf] * len(others)
        first, *rest = (self._likelihood(sound, text) for text in (said, *others))
        return [one - first for one in rest]

    def _likelihood(self, sound: Encoded, text: str) -> float:
        ids = self._tokenizer.encode(f" {text}", add_special_tokens=False).ids
        (found,) = self._model.align(sound.data, self._start, [ids], sound.frames)
        return sum(math.log(max(probability, LEAST)) for probability in found.text_token_probs)

    def _encoded(self, audio: Samples, pad_s: float) -> Encoded:
        """The turn with so much silence behind it as fits into the window."""
        behind_s = max(0.0, min(pad_s, WINDOW_S - LEAD_S - len(audio) / EAR_RATE))
        mel = log_mel(np.concatenate([silence(LEAD_S, EAR_RATE), audio, silence(behind_s, EAR_RATE)]))
        frames = min(mel.shape[1] // 2 * 2, WINDOW_S * FRAMES_PER_SECOND)
        features = self._engine.StorageView.from_array(np.ascontiguousarray(mel[None, :, :frames]))
        return Encoded(self._model.encode(features), frames)

    def _piece(self, audio: Samples, terms: tuple[str, ...]) -> Transcript:
        prompt = self._prompt(terms)
        for pad_s in PADS_S:
            reading = self._read(audio, prompt, pad_s)
            if reading.no_speech > NO_SPEECH_LIMIT or reading.is_sound:
                break
        fallback = pad_s != PAD_S
        nothing = reading.no_speech > NO_SPEECH_LIMIT or reading.ran_on or _loops(reading.text)
        text = "" if nothing else reading.text
        return Transcript(text, reading.mean_logprob, reading.no_speech, fallback, reading.sound)

    def _read(self, audio: Samples, prompt: list[int], pad_s: float) -> _Reading:
        room = int(7 * len(audio) / EAR_RATE) + 12
        sound = self._encoded(audio, pad_s)
        result = self._model.generate(
            sound.data,
            [prompt],
            beam_size=1,
            # The engine allows min(half of this, this less the prompt) new tokens.
            max_length=max(2 * room, len(prompt) + room),
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        ids = result.sequences_ids[0]
        return _Reading(
            text=self._tokenizer.decode(ids, skip_special_tokens=True).strip(),
            # The engine's score is the mean over the words; the end token counts too.
            mean_logprob=float(result.scores[0]) * len(ids) / (len(ids) + 1),
            no_speech=float(result.no_speech_prob),
            ran_on=len(ids) >= room,
            sound=sound,
        )

    def _encode_prompt(self, terms: tuple[str, ...]) -> list[int]:
        """The terms as if they had just been said, as many as fit, the first one nearest to this turn.

        A full stop ends them: without one the model took the turn for the rest of a sentence, left "What is the
        CHA2DS2-VASc score" out behind the term "CHA2DS2-VASc score", and looped more often.
        """
        ids: list[int] = []
        for term in self.fitting(terms):
            more = self._tokenizer.encode(f" {term}," if ids else f" {term}", add_special_tokens=False).ids
            ids = [*more, *ids]
        return [self._previous, *ids, *self._stop, *self._start] if ids else list(self._start)

    def _id(self, token: str) -> int:
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise LookupError(f"the tokenizer lacks {token}")
        return int(number)


def pieces(audio: Samples) -> list[Samples]:
    """The turn in pieces of at most 24 s, cut at the quietest fifth of a second after the 18th."""
    audio = np.asarray(audio, dtype=np.float32)
    found = []
    while len(audio) > PIECE_S * EAR_RATE:
        step = EAR_RATE // 5
        late = audio[CUT_FROM_S * EAR_RATE : PIECE_S * EAR_RATE].reshape(-1, step)
        quietest = int(np.argmin(np.square(late).sum(axis=1)))
        cut = CUT_FROM_S * EAR_RATE + quietest * step + step // 2
        found.append(audio[:cut])
        audio = audio[cut:]
    # Under a tenth of a second there is no word.
    return [*found, audio] if len(audio) >= EAR_RATE // 10 else found


def _loops(text: str) -> bool:
    data = text.encode()
    return bool(data) and len(data) / len(zlib.compress(data)) > COMPRESSION_LIMIT
