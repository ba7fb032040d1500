"""Whose turn is it: false cut-ins of a set with pauses. `python tests/bench/turns.py [--limit N]` prints JSON.

Each sentence is spoken whole by the product's own voice and pulled apart at its marks, one at a time: `|` where nobody
could take it for finished, `/` where what was said could stand alone. The seam is the quietest place beside the end of
the word, which the recogniser's alignment tells. A pause of 300, 450, 600 or 900 ms is put there, and the session's own
state machine, detector, recogniser and judge of endings decide, with the time that reading takes on this machine added
to its results. Speech is synthetic, one voice; the clock is that of the audio.
"""

import argparse
import asyncio
import base64
import itertools
import json
import os
import platform
import statistics
import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from realtime.effects import Answer, Effect, Listen, Send, Transcribe
from realtime.engine import Words
from realtime.engines.local import LocalEngine, LocalSession, Models
from realtime.protocol.settings import fresh
from realtime.session import Session
from realtime.speech import audio
from realtime.speech.asr import Recognizer
from realtime.speech.features import log_mel
from realtime.speech.tts import Voice, trim
from realtime.speech.turn_end import TurnEndDetector
from voiceassist.core.identity import DEFAULT_TENANT, Principal

GAPS_MS = (300, 450, 600, 900)
RATE = audio.VOICE_RATE
WINDOW = RATE * 32 // 1000
REPLY_MS = 2_000
AT_ONCE_MS = 700

SENTENCES = """
What is the dose of | apixaban in | atrial fibrillation / with a creatinine clearance of | twenty five?
How do I treat | an acute exacerbation of | COPD / in a patient who | cannot tolerate steroids?
Calculate the | CHA2DS2-VASc score / of a sixty eight year old | man with | hypertension and diabetes.
The patient is on | warfarin and | amiodarone / since the | bypass operation in March.
What should I | do about a | potassium of six point two / in a patient | on spironolactone?
I have a woman of | seventy two with | pneumonia / who was confused | this morning.
Is it safe to | give metformin / when the | eGFR is | thirty five?
Which antibiotic | would you choose for | cellulitis / in somebody with a | penicillin allergy?
Please look up the | guideline for | sepsis / in patients with | liver cirrhosis.
How much | magnesium should I give / for | torsades de pointes?
What are the | contraindications to | thrombolysis / in an | ischemic stroke?
Compute the | Wells score for | pulmonary embolism / in a patient with | a heart rate of one hundred ten.
She takes | five milligrams of | bisoprolol / and | ten of ramipril.
Tell me about | the side effects of | lithium / when it is | combined with thiazides.
When do I | repeat the | lactate / after the first | fluid bolus?
Who should get | a statin for | primary prevention / at an age over | seventy five?
What is the | INR target for | a mechanical valve / in the | mitral position?
Does he need | anticoagulation after | a single episode of atrial fibrillation / during | thyroid storm?
Can I give | ibuprofen to | a patient with heart failure / and | stage three kidney disease?
What is the first line | treatment of | hypertension / in | pregnancy?
How long should | we continue | clopidogrel / after | a drug eluting stent?
Start him on | vancomycin / and check | a trough before | the fourth dose.
What is the | MELD score with | a bilirubin of three / an INR of | one point eight and a creatinine of two?
The sodium is | one hundred eighteen / and she is | having | seizures.
Why does | heparin cause | thrombocytopenia / and how | do I confirm it?
Should I | stop the | ACE inhibitor / before | elective surgery?
What are | the red flags of | back pain / in | an elderly patient?
How do I | convert oral | morphine / to | a fentanyl patch?
Is there | an interaction between | clarithromycin and | simvastatin?
Which of | the direct oral anticoagulants / is best in | severe | renal impairment?
What do you | know about | giant cell arteritis / and | sudden loss of vision?
My patient has | a blood pressure of | two hundred over one hundred twenty / and | chest pain.
How is | acute pancreatitis graded / by the | revised | Atlanta criteria?
Give me the | differential diagnosis of | shortness of breath / in a | young woman after a long flight.
What is the | loading dose of | phenytoin / for a man of | eighty kilograms?
When can | a patient | drive again / after | a first seizure?
How do I | manage a | variceal bleed / while | waiting for the endoscopy?
Is | dexamethasone | useful in | bacterial meningitis?
Which vaccines | does a patient need / after | removal of the | spleen?
What is the | target blood pressure after | an intracerebral hemorrhage / in the | first twenty four hours?
Compare | empagliflozin and | sitagliptin / in terms of | cardiovascular outcomes.
The creatinine rose | from one point one to | two point four / within | forty eight hours.
How quickly may I | correct | chronic hyponatremia / without risking | osmotic demyelination?
What is | the antidote for | a beta blocker overdose / when | atropine does not work?
Who needs | a CT of the head / after a | minor | head injury?
In a patient with | gout and | kidney disease / is | colchicine still an option?
What fluid | should I use in | diabetic ketoacidosis / once | the glucose falls below two hundred?
Can you | read me the | criteria for | acute rheumatic fever?
How do | I interpret a | high anion gap / with a | normal lactate?
What is the | maximum dose of | paracetamol / in an adult of | forty five kilograms?
Should an asymptomatic | bacteriuria be treated / in a | woman with | a catheter?
Which | beta blockers are | proven in | heart failure?
What are the | steps of | rapid sequence intubation / in | a patient in shock?
Do I | bridge with | heparin / when warfarin is | stopped for a colonoscopy?
"""


@dataclass(slots=True)
class Cut:
    """A sentence with a pause in it: `finished` if what stands before the pause could stand alone."""

    first: audio.Samples
    second: audio.Samples
    gap_ms: int
    finished: bool


def cuts(voice: Voice, times: "WordTimes") -> list[Cut]:
    gaps = itertools.cycle(GAPS_MS)
    found = []
    for line in filter(None, SENTENCES.splitlines()):
        words = [word for word in line.split() if word not in "|/"]
        whole = trim(voice.synthesize(" ".join(words)))
        ends = times.ends(audio.resample(whole, RATE, audio.EAR_RATE), words)
        before = 0
        for token in line.split():
            if token not in "|/":
                before += 1
                continue
            at = seam(whole, round(ends[before - 1] * RATE))
            found.append(Cut(whole[:at], whole[at:], next(gaps), token == "/"))
    return found


class WordTimes:
    """When each word of a known text ends, by the recogniser's attention over its own tokens (CTranslate2 align)."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer

    def ends(self, samples: audio.Samples, words: list[str]) -> list[float]:
        """Seconds, a word each."""
        recognizer = self._recognizer
        pieces = [recognizer._tokenizer.encode(f" {word}", add_special_tokens=False).ids for word in words]
        mel = log_mel(np.concatenate([samples, audio.silence(30 - len(samples) / audio.EAR_RATE, audio.EAR_RATE)]))
        features = recognizer._engine.StorageView.from_array(np.ascontiguousarray(mel[None]))
        (aligned,) = recognizer._model.align(
            features, [recognizer._id("<|startoftranscript|>")], [[one for piece in pieces for one in piece]],
            len(samples) // 160,
        )  # fmt: skip
        starts: dict[int, int] = {}
        for token, frame in aligned.alignments:
            starts.setdefault(token, frame)
        counted = list(itertools.accumulate(len(piece) for piece in pieces))
        return [starts.get(token, len(samples) // 320) * 0.02 for token in counted]


def seam(samples: audio.Samples, at: int) -> int:
    """The quietest 10 ms within 60 ms of there."""
    step, around = RATE // 100, RATE * 6 // 100
    starts = range(max(step, at - around), min(len(samples) - step, at + around), step // 4)
    energy = [float(np.square(samples[start : start + step]).sum()) for start in starts]
    return starts[int(np.argmin(energy))] + step // 2


@dataclass(slots=True)
class Told:
    """What happened: seconds of the session's clock."""

    answers: list[tuple[float, str]] = field(default_factory=list)
    turns: int = 0
    words: str = ""


class Rig:
    """One session fed in the time of the audio; what models take is added to when their results arrive."""

    def __init__(self, engine: LocalEngine) -> None:
        self.now = 0.0
        self.speaker: LocalSession = engine.open(Principal("bench", DEFAULT_TENANT, "user"))
        ids = itertools.count(1)
        settings = {
            "type": "realtime",
            "audio": {"input": {"turn_detection": {"type": "semantic_vad", "eagerness": "auto"}}},
        }
        self.session = Session(
            fresh(session_id="bench", model="", expires_at=1, update=settings),
            clock=lambda: self.now,
            new_id=lambda prefix: f"{prefix}_{next(ids)}",
        )
        self.later: list[tuple[float, Any]] = []
        self.told = Told()
        self.ears: list[Listen] = []

    async def feed(self, samples: audio.Samples) -> Told:
        await self.take(self.session.begin())
        for start in range(0, len(samples) - WINDOW, WINDOW):
            self.now += WINDOW / RATE
            for due in sorted((one for one in self.later if one[0] <= self.now), key=lambda one: one[0]):
                self.later.remove(due)
                await self.take(due[1]())
            pcm = audio.to_pcm16(samples[start : start + WINDOW])
            await self.take(self.session.receive(append(pcm)))
        self.told.turns = sum(item.role == "user" for item in self.session.conversation.items)
        self.told.words = " ".join(item.text for item in self.session.conversation.items if item.role == "user")
        return self.told

    async def take(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Listen():
                    heard = audio.decode(effect.audio, "audio/pcm")
                    await self.take(self.session.windows(await self.speaker.listen(heard, RATE)))
                case Transcribe():
                    await self.read(effect)
                case Answer():
                    self.told.answers.append((self.now, effect.text))
                    self.later.append((self.now + 0.1, lambda key=effect.response_id: self.say(key)))
                case Send():
                    pass

    async def read(self, effect: Transcribe) -> None:
        began = time.perf_counter()
        samples = audio.decode(effect.audio, "audio/pcm")
        heard = await self.speaker.transcribe(samples, RATE, effect.keywords, judged=effect.judged)
        took = min(time.perf_counter() - began, 0.4)
        self.later.append((self.now + took, lambda: self.session.transcribed(effect.key, heard)))

    def say(self, response_id: str) -> list[Effect]:
        spoken = self.session.piece(response_id, Words("Certainly."), b"\0\0" * (RATE * REPLY_MS // 1000), REPLY_MS)
        return spoken + self.session.answered(response_id)


def append(pcm: bytes) -> str:
    return json.dumps({"type": "input_audio_buffer.append", "audio": base64.b64encode(pcm).decode()})


async def measure(engine: LocalEngine, found: list[Cut]) -> dict[str, Any]:
    """Early: an answer was begun before the second half was said."""
    early: dict[bool, list[bool]] = {True: [], False: []}
    merged = cut_in = at_once = 0
    delays = []
    lead, tail = audio.silence(0.5, RATE), audio.silence(2.5, RATE)
    for cut in found:
        told = await Rig(engine).feed(
            np.concatenate([lead, cut.first, audio.silence(cut.gap_ms / 1000, RATE), cut.second, tail])
        )
        ended = (len(lead) + len(cut.first) + len(cut.second)) / RATE + cut.gap_ms / 1000
        was_early = told.answers[0][0] < ended
        early[cut.finished].append(was_early)
        cut_in += was_early
        merged += was_early and told.turns == 1
        delays.append((told.answers[-1][0] - ended) * 1000)
        at_once += delays[-1] <= AT_ONCE_MS
    return {
        "cuts": len(found),
        "early_on_unfinished": share(early[False]),
        "early_on_what_could_stand_alone": share(early[True]),
        "merged_into_one_turn": f"{merged}/{cut_in}",
        "true_ends_at_once": round(at_once / len(found), 3),
        "delay_ms": {"p50": round(statistics.median(delays)), "p95": round(sorted(delays)[int(0.95 * len(delays))])},
    }


def share(found: list[bool]) -> dict[str, Any]:
    return {"of": len(found), "share": round(sum(found) / len(found), 3) if found else None}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    models = Models.load(None, 2)
    found = cuts(models.voice, WordTimes(models.recognizer))[: options.limit]

    def engine(turn_end: TurnEndDetector | None) -> LocalEngine:
        return LocalEngine(replace(models, turn_end=turn_end), rooms=lambda _: None)  # nothing is answered here

    told = {
        "words and melody": asyncio.run(measure(engine(models.turn_end), found)),
        "words alone": asyncio.run(measure(engine(None), found)),
    }
    machine = {"cpus": os.cpu_count(), "python": platform.python_version(), "load": round(os.getloadavg()[0], 1)}
    goal = {"early_on_unfinished": 0.2, "merged_into_one_turn": "all"}
    report = {"bench": "turns", "speech": "synthetic, one voice", "machine": machine, "goal": goal} | told
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
