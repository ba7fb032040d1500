"""Diagnoses ranked by findings: urgent first among those that are compatible, then by score.

Points are classes of evidence, not probabilities: strong 3, moderate 2, weak 1; a finding against -2; a key feature
that is denied -2 or -1; a complaint explained 2, one that is not -2; age and onset 1 where they fit, -2 where they do
not. From 0 on a diagnosis is compatible; not so where nothing speaks for it while something that is no emergency
explains the findings by FAR more points. How frequent it is counts for the order only, never for what is compatible.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from functions.differential.domain.model import URGENCIES, Diagnosis, Findings, Patient, Presentation, Table, Weight

FOR = {"strong": 3, "moderate": 2, "weak": 1}
DENIED = {"strong": -2, "moderate": -1, "weak": 0}
AGAINST = -2
EXPLAINED, UNEXPLAINED = 2, -2
FITS, MISFITS = 1, -2
FREQUENCY = {"common": 1, "uncommon": 0, "rare": -1}
KEY = ("strong", "moderate")
FAR = 5


@dataclass(frozen=True, slots=True)
class Ranked:
    """`fit` is the place by score alone, from 1; `misfits` says what of age and onset is unusual."""

    diagnosis: Diagnosis
    evidence: int
    score: int
    compatible: bool
    matching: tuple[str, ...]
    against: tuple[str, ...]
    denied: tuple[str, ...]
    missing: tuple[str, ...]
    explains: tuple[str, ...]
    misfits: tuple[str, ...]
    fit: int = 0


def presented(table: Table, findings: Findings) -> tuple[Presentation, ...]:
    return tuple(one for name, one in table.presentations.items() if name in findings.present)


def ranked(complaints: tuple[Presentation, ...], findings: Findings, patient: Patient) -> tuple[Ranked, ...]:
    """Every candidate that age, sex and pregnancy allow."""
    candidates = {one.id: one for complaint in complaints for one in complaint.candidates}
    known = _with_sex(findings, patient)
    weighed = [
        _weighed(one, complaints, known, patient) for one in candidates.values() if _possible(one, known, patient)
    ]
    by_score = sorted(weighed, key=lambda one: (-one.score, URGENCIES.index(one.diagnosis.urgency), one.diagnosis.name))
    placed = [_placed(one, place, by_score[0]) for place, one in enumerate(by_score, 1)]
    return tuple(sorted(placed, key=lambda one: (not one.compatible, URGENCIES.index(one.diagnosis.urgency), one.fit)))


def _placed(one: Ranked, place: int, best: Ranked) -> Ranked:
    nothing = set(one.matching) <= {"male sex", "female sex"}
    outdone = nothing and best.diagnosis.urgency != "emergency" and best.evidence - one.evidence >= FAR
    return replace(one, fit=place, compatible=one.compatible and not outdone)


def red_flags(complaints: Iterable[Presentation], findings: Findings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those that are there, and those nobody has mentioned."""
    named = list(dict.fromkeys(flag for complaint in complaints for flag in complaint.red_flags))
    told = findings.present | findings.absent
    return tuple(one for one in named if one in findings.present), tuple(one for one in named if one not in told)


def _with_sex(findings: Findings, patient: Patient) -> Findings:
    known = {f"{patient.sex} sex"} if patient.sex else set()
    return replace(findings, present=findings.present | known)


def _possible(one: Diagnosis, findings: Findings, patient: Patient) -> bool:
    if one.sex and patient.sex and one.sex != patient.sex:
        return False
    if patient.age and not one.ages.meets(patient.age):
        return False
    return not one.needs or not set(one.needs) <= findings.absent


def _weighed(one: Diagnosis, complaints: tuple[Presentation, ...], findings: Findings, patient: Patient) -> Ranked:
    explains = tuple(complaint.name for complaint in complaints if one in complaint.candidates)
    named = {complaint.name for complaint in complaints}
    counted = {name: weight for name, weight in one.features.items() if name not in explains}
    matching = tuple(name for name in counted if name in findings.present)
    denied = tuple(name for name, weight in counted.items() if name in findings.absent and weight in KEY)
    against = tuple(name for name in one.against if name in findings.present)
    unexplained = named - set(explains) - set(matching)
    fits, misfits = _fitting(one, patient)
    evidence = (
        sum(FOR[counted[name]] for name in matching)
        + sum(DENIED[counted[name]] for name in denied)
        + AGAINST * len(against)
        + EXPLAINED * len(explains)
        + UNEXPLAINED * len(unexplained)
        + fits
        + (MISFITS if _unmet(one, findings) else 0)
    )
    return Ranked(
        diagnosis=one,
        evidence=evidence,
        score=evidence + FREQUENCY[one.frequency],
        compatible=evidence >= 0,
        matching=matching,
        against=against,
        denied=denied,
        missing=_missing(one, counted, findings),
        explains=explains,
        misfits=misfits,
    )


def _missing(one: Diagnosis, counted: dict[str, Weight], findings: Findings) -> tuple[str, ...]:
    told = findings.present | findings.absent
    needed = (one.needs[0],) if _unmet(one, findings) else ()
    keys = [name for name, weight in counted.items() if weight in KEY and name not in told]
    return tuple(dict.fromkeys([*needed, *keys]))


def _unmet(one: Diagnosis, findings: Findings) -> bool:
    return bool(one.needs) and not set(one.needs) & findings.present


def _fitting(one: Diagnosis, patient: Patient) -> tuple[int, tuple[str, ...]]:
    points, misfits = 0, []
    if patient.age and one.typical:
        fits = one.typical.meets(patient.age)
        points += FITS if fits else MISFITS
        misfits += [] if fits else ["age"]
    if patient.onset and one.onset:
        fits = bool(one.onset & patient.onset)
        points += FITS if fits else MISFITS
        misfits += [] if fits else ["onset"]
    return points, tuple(misfits)
