"""Names of drugs by voice: `python tests/bench/drugnames.py` prints JSON. All speech is synthetic.

Each drug is said in two sentences by the product's own voice and heard by its own recogniser, with the usual terms;
counted is what the dialogue makes of the words. `--second MODEL STYLE` has a second voice say them too: a Kokoro-82M
ONNX file and a style file of its package (facts of the voice bench; neither is part of the product). `--write` keeps
the transcripts for tests/unit/realtime/dialogue/drugs.
"""

import argparse
import asyncio
import json
import platform
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from common import drug_names
from common.drug_names import Heard

from realtime.dialogue.clarify import amounts
from realtime.dialogue.clarify.confirming import Confirming
from realtime.dialogue.clarify.drugs import Drugs
from realtime.dialogue.clarify.rivals import closest, rivals
from realtime.dialogue.manager import Dialogue
from realtime.engines.local import known_drugs
from realtime.speech import audio, terms
from realtime.speech.asr import Recognizer
from realtime.speech.tts import Voice
from voiceassist.cli.evals.speakers import Speaker, speakers
from voiceassist.contracts.answers import Answer, Passage
from voiceassist.contracts.calculations import Interpretation

DOSES = ("0.5 1 2.5 5 7.5 10 12.5 13 14 15 16 17 18 19 20 25 30 40 50 60 70 75 80 90 100 125 150 250 500 750").split()
DOSE_SENTENCE = "Is a dose of {} milligrams safe for my patient?"


def listened(name: str, voice: Speaker, recognizer: Recognizer, known: Drugs) -> Iterator[Heard]:
    for drug in drug_names.DRUGS:
        for number, sentence in enumerate(drug_names.SENTENCES):
            sound = audio.resample(voice.synthesize(sentence.format(drug)), audio.VOICE_RATE, audio.EAR_RATE)
            turn = np.concatenate([audio.silence(0.3, audio.EAR_RATE), sound])
            heard = recognizer.transcribe(turn, terms.choose())
            weighed = rivals(heard.text, known)
            doubt = closest(weighed, recognizer.margins(heard, heard.text, [one.said for one in weighed]))
            yield Heard(name, drug, number, heard.text, doubt.near if doubt else ())


class Rooms:
    """Counts what is asked of it: whatever is, has used what was heard."""

    def __init__(self) -> None:
        self.used = 0

    async def interpret(self, _text: str, **_known: Any) -> Interpretation:
        self.used += 1
        return Interpretation()

    async def search(self, _question: str) -> tuple[Passage, ...]:
        return ()

    async def answer(self, _question: str) -> Answer:
        self.used += 1
        return Answer(status="supported", text="Text.", spoken="Text.")


def doses(voice: Speaker, recognizer: Recognizer, known: Drugs) -> Counter[str]:
    """Each dose said once: heard right or wrong, and used before anybody agreed to it."""
    counts: Counter[str] = Counter()
    for dose in DOSES:
        sound = audio.resample(voice.synthesize(DOSE_SENTENCE.format(dose)), audio.VOICE_RATE, audio.EAR_RATE)
        heard = recognizer.transcribe(np.concatenate([audio.silence(0.3, audio.EAR_RATE), sound]), terms.choose()).text
        found = [one.number for one in amounts.doses(heard)]
        counts["right" if found == [dose] else "wrong" if found else "no dose understood"] += 1
        rooms = Rooms()
        dialogue = Dialogue(rooms, confirming=Confirming(known), heard=heard)  # type: ignore[arg-type]
        reply = asyncio.run(dialogue.reply(heard))
        counts["used unconfirmed"] += bool(found) and (rooms.used > 0 or reply.ask is None)
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--second", nargs=2, type=Path, metavar=("MODEL", "STYLE"))
    parser.add_argument("--write", action="store_true", help="keep the transcripts for the tests")
    options = parser.parse_args()
    own, recognizer, known = Voice(), Recognizer(), known_drugs()
    voices = speakers(own, options.second)
    heard = [one for name, voice in voices.items() for one in listened(name, voice, recognizer, known)]
    if options.write:
        drug_names.write(drug_names.HEARD, heard)
    said = {name: doses(voice, recognizer, known) for name, voice in voices.items()}
    counts = {name: Counter(drug_names.outcome(one, known) for one in heard if one.voice == name) for name in voices}
    report = {"bench": "drugnames", "drugs": len(drug_names.DRUGS), "sentences_a_voice": len(heard) // len(voices)}
    report |= {"goal": {"wrong": 0, "used unconfirmed": 0}, "doses": said}
    json.dump(report | {"figure": counts, "machine": platform.machine(), "speech": "synthetic"}, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
