"""Drugs whose names look or sound alike, what was heard of each, and what the dialogue makes of that."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from realtime.dialogue.clarify import drugs

HEARD = Path(__file__).parents[2] / "unit" / "realtime" / "dialogue" / "drugs" / "heard.tsv"
# Beside one another what is confused in practice; at the end drugs that are dosed by kidney function.
DRUGS = tuple(
    """
    hydroxyzine hydralazine clonidine clonazepam metformin metronidazole prednisone prednisolone lamotrigine lamivudine
    bupropion buspirone chlorpromazine chlorpropamide carbamazepine oxcarbazepine celecoxib citalopram vinblastine
    vincristine cisplatin carboplatin daunorubicin doxorubicin dopamine dobutamine ephedrine epinephrine fluoxetine
    duloxetine paroxetine glipizide glyburide guaifenesin guanfacine hydrocodone oxycodone hydromorphone morphine
    ketamine ketorolac lorazepam alprazolam methadone methylphenidate metoprolol nicardipine nifedipine nimodipine
    olanzapine quetiapine quinine quinidine risperidone ropinirole sulfadiazine sulfasalazine sumatriptan sitagliptin
    tramadol trazodone valacyclovir valganciclovir tizanidine tiagabine cefazolin cefoxitin ceftazidime ceftriaxone
    cefuroxime levetiracetam levofloxacin atenolol alendronate azathioprine azithromycin amlodipine amiloride rifampin
    rifaximin ropivacaine bupivacaine medroxyprogesterone methylprednisolone propranolol propafenone enoxaparin apixaban
    rivaroxaban edoxaban dabigatran meropenem ertapenem gentamicin tobramycin amikacin vancomycin gabapentin pregabalin
    entecavir famciclovir ganciclovir oseltamivir fluconazole famotidine dofetilide digoxin allopurinol methotrexate
    memantine lithium
    """.split()
)
SENTENCES = ("Renal dose of {}, creatinine clearance 28.", "What is the dose of {} for my patient?")


@dataclass(frozen=True, slots=True)
class Heard:
    """`text` is what the recogniser wrote when `voice` said sentence `sentence` about `drug`; `rival` are the names
    that by the sound it could as well have been (rivals.py), none where one was clearly ahead.
    """

    voice: str
    drug: str
    sentence: int
    text: str
    rival: tuple[str, ...] = ()


def outcome(one: Heard, known: drugs.Drugs) -> str:
    """exact: taken and right; offered: asked, the right one among the options; asked: asked without it; missed: no
    name taken; wrong: another name taken without a question."""
    if one.rival:
        return "offered" if one.drug in map(str.lower, one.rival) else "asked"
    said = drugs.joined(one.text, known)
    doubt = drugs.doubt(said, known)
    if doubt:
        return "offered" if one.drug in map(str.lower, doubt.near) else "asked"
    names = {name.lower() for name in drugs.named(said, known)}
    if names - {one.drug}:
        return "wrong"
    return "exact" if names else "missed"


def read(path: Path = HEARD) -> list[Heard]:
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [
        Heard(voice, drug, int(sentence), text, tuple(rival[0].split(", ")) if rival else ())
        for voice, drug, sentence, text, *rival in rows
    ]


def write(path: Path, heard: Iterable[Heard]) -> None:
    lines = [
        "# What the recogniser wrote for synthetic speech: voice, drug, sentence, text, and the names",
        "# that by the sound it could as well have been (tests/bench/drugnames.py).",
    ]
    for one in heard:
        row = (one.voice, one.drug, str(one.sentence), re.sub(r"\s+", " ", one.text))
        lines.append("\t".join((*row, ", ".join(one.rival)) if one.rival else row))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
