"""Interactive cases (MediQ) with a scripted patient: a score is asked for with the first sentence of a case only.

The patient answers each question with the facts of the case that speak of it, and with nothing else. What was answered
is used and not asked again. Skips without the evaluation data.
"""

import gzip
import json
import os
import re
from pathlib import Path

import pytest

from functions.calculators import service
from functions.calculators.domain.compute import Computed, compute
from functions.calculators.domain.interpret import CRITERIA, interpret
from functions.calculators.domain.registry import calculators
from realtime.dialogue.clarify.asking import Asking
from realtime.dialogue.manager import MAX_QUESTIONS, Dialogue
from voiceassist.contracts.answers import Answer
from voiceassist.contracts.calculations import ComputeRequest, InterpretRequest

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("VOICEASSIST_EVAL_DATA", ROOT.parent / "shared" / "data")) / "clinical" / "mediq.jsonl.gz"
NONE = Answer(status="abstained", text="I found no evidence.", spoken="I found no evidence.")
SCORES = ("sirs", "qsofa", "curb_65", "map", "news2")
CASES = 12  # of the first 120, a minute's work: 569 facts asked for and used, none twice, 144 scores computed
TURNS = 12


class Rooms:
    async def interpret(self, text, **options):
        options |= {name: dict(options.get(name) or {}) for name in ("known", "doubted")}
        return service.interpreted(InterpretRequest(text=text[:2000], **options))

    async def compute(self, calculator_id, interpretation):
        request = ComputeRequest(inputs=interpretation.inputs, assumed=interpretation.assumed)
        return service.computed(calculator_id, request)

    async def search(self, _question):
        return ()

    async def answer(self, _question):
        return NONE


def cases():
    if not DATA.exists():
        pytest.skip(f"no interactive cases: {DATA} is absent (set VOICEASSIST_EVAL_DATA)")
    with gzip.open(DATA, "rt") as file:
        rows = [json.loads(line) for line in file]
    told = [row for row in rows if re.search(r"blood pressure is \d", " ".join(row["facts"]))]
    assert len(told) >= CASES
    return told[:CASES]


def patient(row, calculator, slots):
    """The first fact that states one of the `slots`, as the case words it; None where the case says nothing of them."""
    for fact in row["facts"]:
        stated = interpret(fact, calculator=calculator.id).inputs
        if any(name in stated for name in slots):
            return fact
    return None


async def consulted(row, calculator):
    """The slots asked for and answered, in order, and the last reply of the dialogue."""
    dialogue = Dialogue(Rooms(), asking=Asking())
    reply = await dialogue.reply(f"calculate the {calculator.short}: {row['initial']}")
    answered, in_row = [], 0
    for _ in range(TURNS):
        in_row = in_row + 1 if reply.ask else 0
        assert in_row <= MAX_QUESTIONS
        if reply.result or dialogue.open is None:
            break
        missing = dialogue.open.interpretation.missing
        wanted = [name for one in missing[: 1 if reply.ask else None] for name in one.members or (one.name,)]
        before = dict(dialogue.open.interpretation.inputs)
        fact = patient(row, calculator, wanted)
        if fact is None:
            reply = await dialogue.reply("none" if missing[0].name == CRITERIA else "just answer")
            if missing[0].name != CRITERIA:
                break
            continue
        assert fact not in answered, (fact, "was asked for twice")
        answered.append(fact)
        reply = await dialogue.reply(fact)
        known = dialogue.open.interpretation.inputs if dialogue.open else {}
        used = known.keys() - before.keys() if not reply.result else {one.name for one in reply.result.inputs}
        assert used & set(wanted), (fact, wanted)
    return answered, reply


async def test_facts_are_asked_for_once_and_used():
    finished = asked = 0
    for row in cases():
        for calculator in (calculators()[one] for one in SCORES):
            answered, reply = await consulted(row, calculator)
            asked += len(answered)
            if reply.result:
                finished += 1
                inputs = {one.name: one.value for one in reply.result.inputs}  # in canonical units
                outcome = compute(calculator, inputs)
                assert isinstance(outcome, Computed)
                assert outcome.value == reply.result.value
    print(f"scripted patient: {CASES} cases, {asked} facts asked for and used, {finished} scores computed")
    assert asked >= CASES
    assert finished >= CASES // 2
