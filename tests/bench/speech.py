"""What hearing and speaking cost: `python tests/bench/speech.py` prints JSON. All speech is synthetic (one voice).

The peer is the same model with the same terms reading its full 30 s window, which is what a plain Whisper does.
Times are CPU milliseconds of this process (wall times beside them), so a busy machine changes little.
"""

import json
import os
import platform
import re
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jiwer
import numpy as np
import psutil

from realtime.speech import audio, terms
from realtime.speech.asr import WINDOW_S, Recognizer, Transcript
from realtime.speech.clauses import clauses
from realtime.speech.normalise import canonical, joined
from realtime.speech.tts import Voice
from realtime.speech.vad import SpeechDetector, Stream

IN_LIST = (
    "What is the CHA2DS2-VASc score of a 68 year old man with hypertension and diabetes?",
    "How do I treat atrial fibrillation with a high stroke risk?",
    "What is the HAS-BLED score for a 75 year old woman on warfarin?",
    "Calculate eGFR by CKD-EPI for a 60 year old woman with a creatinine of 1.2",
    "What is the dose of apixaban in chronic kidney disease?",
    "How long should a patient with a deep vein thrombosis take rivaroxaban?",
    "Is metformin safe in acute kidney injury?",
    "What are the first steps in sepsis?",
    "What is the CURB-65 score of an 80 year old with confusion?",
    "How do I treat an acute exacerbation of COPD?",
    "Which drugs improve survival in heart failure with a reduced ejection fraction?",
    "What is the INR target for a mechanical valve?",
)
RARE = (
    # Rare drugs and terms the recogniser was not told of: the hard end.
    "Start bisoprolol at a low dose.",
    "How do I manage hyperkalemia after furosemide?",
    "Can I combine amiodarone with simvastatin?",
    "When do I give alteplase in ischemic stroke?",
    "Is nitrofurantoin safe in pregnancy?",
    "How do I treat hepatic encephalopathy with lactulose?",
    "What is the dose of levothyroxine in the elderly?",
    "Should I give dexamethasone for bacterial meningitis?",
)
# A list of another specialty: what the questions cost when no term of theirs was foreseen.
OTHER = [
    "glaucoma", "cataract", "retinal detachment", "timolol", "latanoprost", "macular degeneration", "keratitis",
    "psoriasis", "eczema", "methotrexate", "melanoma", "isotretinoin", "acne", "scabies", "permethrin", "cellulitis",
    "osteoarthritis", "gout", "allopurinol", "colchicine", "lupus", "prednisolone", "rituximab", "osteoporosis",
]  # fmt: skip
ANSWER = (
    "The CHA2DS2-VASc score is 3, which is a high risk of stroke. Oral anticoagulation is recommended. "
    "Apixaban 5 mg twice daily is preferred over warfarin; reduce the dose if two of three criteria are met."
)


def measured(work: Callable[[], Any]) -> tuple[Any, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, (time.process_time() - cpu) * 1000, (time.perf_counter() - wall) * 1000


def spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "p50": round(statistics.median(ordered), 1),
        "p95": round(ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))], 1),
        "max": round(ordered[-1], 1),
    }


def plain(text: str) -> str:
    text = text.lower().replace("-", " ").replace("hemoglobin a1c", "hba1c")
    return " ".join(re.sub(r"[^a-z0-9. ]|\.(?=\s|$)", " ", text).split())


def ears(voice: Voice, text: str) -> audio.Samples:
    sound = audio.resample(voice.synthesize(text), audio.VOICE_RATE, audio.EAR_RATE)
    return np.concatenate([audio.silence(0.3, audio.EAR_RATE), sound])


def full_window(recognizer: Recognizer, sound: audio.Samples, chosen: list[str]) -> Transcript:
    """The peer; names are repaired as in ours."""
    reading = recognizer._read(sound, recognizer._prompt(tuple(chosen)), WINDOW_S)
    text = joined(canonical(reading.text), chosen)
    return Transcript(text, reading.mean_logprob, reading.no_speech, fallback=False)


def hearing(read: Callable[[audio.Samples, list[str]], Transcript], voice: Voice) -> dict[str, Any]:
    report: dict[str, Any] = {}
    cpu, wall, seconds, fallbacks = [], [], [], 0
    runs = (
        ("in_list", IN_LIST, terms.choose()),
        ("same_other_list", IN_LIST, OTHER),
        ("rare_drugs", RARE, terms.choose()),
    )
    for name, questions, chosen in runs:
        texts = []
        for question in questions:
            sound = ears(voice, question)
            transcript, cpu_ms, wall_ms = measured(lambda sound=sound, chosen=chosen: read(sound, chosen))
            texts.append(plain(transcript.text) or "nothing")
            cpu.append(cpu_ms)
            wall.append(wall_ms)
            seconds.append(len(sound) / audio.EAR_RATE)
            fallbacks += transcript.fallback
        report[f"wer_{name}_percent"] = round(100 * jiwer.wer([plain(one) for one in questions], texts), 1)
    report |= {"utterances": len(cpu), "mean_seconds": round(statistics.mean(seconds), 2), "fallbacks": fallbacks}
    report |= {"cpu_ms": spread(cpu), "wall_ms": spread(wall)}
    report["real_time_factor"] = round(sum(cpu) / 1000 / sum(seconds), 4)
    return report


def throughput(recognizer: Recognizer, voice: Voice, threads: int) -> float:
    """Utterances a second, all threads together."""
    sounds = [ears(voice, question) for question in IN_LIST] * 2
    chosen = terms.choose()
    with ThreadPoolExecutor(threads) as pool:
        _, _, wall_ms = measured(lambda: list(pool.map(lambda sound: recognizer.transcribe(sound, chosen), sounds)))
    return round(len(sounds) / wall_ms * 1000, 1)


def speaking(voice: Voice) -> dict[str, Any]:
    pieces = clauses(ANSWER)
    cpu, seconds = [], 0.0
    for _ in range(5):
        for piece in pieces:
            sound, cpu_ms, _ = measured(lambda piece=piece: voice.synthesize(piece))
            cpu.append(cpu_ms)
            seconds += len(sound) / audio.VOICE_RATE
    _, first, _ = measured(lambda: voice.synthesize(pieces[0]))
    return {
        "clauses": len(pieces),
        "cpu_ms_per_clause": spread(cpu),
        "cpu_ms_first_clause": round(first, 1),
        "real_time_factor": round(sum(cpu) / 1000 / seconds, 4),
    }


def detecting(detector: SpeechDetector) -> dict[str, Any]:
    noise = np.random.default_rng(5).standard_normal(30 * audio.EAR_RATE).astype(np.float32) * np.float32(0.003)
    _, alone, _ = measured(lambda: Stream(detector).feed(noise))
    batch = 32
    streams = [Stream(detector) for _ in range(batch)]
    _, together, _ = measured(lambda: detector.feed_many(streams, [noise[: 10 * audio.EAR_RATE]] * batch))
    return {
        "cpu_ms_per_second_alone": round(alone / 30, 2),
        "cpu_ms_per_second_of_32": round(together / 10 / batch, 2),
    }


def ten_minutes_of_nothing(detector: SpeechDetector, recognizer: Recognizer) -> dict[str, Any]:
    """Words out of silence, noise, hum and clicks: what the detector opens is read, with the usual terms."""
    rate, dice = audio.EAR_RATE, np.random.default_rng(6)
    times = np.arange(150 * rate) / rate
    clicks = np.zeros(150 * rate, np.float32)
    clicks[dice.integers(0, len(clicks), 450)] = 0.9
    sounds = [
        np.zeros(150 * rate),
        dice.standard_normal(150 * rate) * 0.02,
        np.sin(2 * np.pi * 50 * times) * 0.2 + np.sin(2 * np.pi * 150 * times) * 0.1,
        clicks,
    ]
    opened, words = 0, 0
    for sound in sounds:
        heard = np.array(Stream(detector).feed(np.asarray(sound, np.float32))) > 0.5
        for start in np.flatnonzero(heard[1:] & ~heard[:-1]):
            opened += 1
            piece = np.asarray(sound[max(0, start - 10) * 512 : (start + 50) * 512], np.float32)
            words += len(recognizer.transcribe(piece, terms.choose()).text.split())
    # Read without the detector as well: the recogniser's own guard.
    unguarded = sum(
        len(recognizer.transcribe(np.asarray(sound[at : at + 3 * rate], np.float32), terms.choose()).text.split())
        for sound in sounds
        for at in range(0, 30 * rate, 3 * rate)
    )
    return {"segments_opened": opened, "words": words, "words_without_detector_in_2_min": unguarded}


def main() -> None:
    start_memory = psutil.Process().memory_info().rss
    start = time.perf_counter()
    detector, recognizer, voice = SpeechDetector(), Recognizer(), Voice()
    recognizer.warm_up()
    voice.warm_up()
    loaded = time.perf_counter() - start
    for question in IN_LIST:
        recognizer.transcribe(ears(voice, question), terms.choose())
    memory = psutil.Process().memory_info().rss - start_memory
    report = {
        "bench": "speech",
        "machine": {
            "cpu": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
        },
        "speech": "synthetic, one voice",
        "load_s": round(loaded, 2),
        "hearing": hearing(recognizer.transcribe, voice),
        "peer_full_window": hearing(lambda sound, chosen: full_window(recognizer, sound, chosen), voice),
        "utterances_per_second": {n: throughput(recognizer, voice, n) for n in (1, 2)},
        "speaking": speaking(voice),
        "detecting": detecting(detector),
        "ten_minutes_without_speech": ten_minutes_of_nothing(detector, recognizer),
        "memory_of_all_models_mb": round(memory / 2**20),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
