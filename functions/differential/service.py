"""The use cases: a differential of findings, the same by voice, and what the table knows."""

import re
from dataclasses import dataclass

from functions.differential import library, schema
from functions.differential.domain.findings import combined
from functions.differential.domain.model import Ages, Findings, Patient, Presentation, Source
from functions.differential.domain.patient import patient_of
from functions.differential.domain.ranking import Ranked, presented, ranked, red_flags
from voiceassist.core.errors import FieldError, NeedsInputError, ValidationError

_JUST_ANSWER = re.compile(r"\b(?:just (?:answer|tell me|go ahead|give)|answer anyway|go ahead)\b", re.IGNORECASE)
QUESTIONS = {
    "age": "How old is the patient?",
    "sex": "Is the patient a man or a woman?",
    "onset": "Since when, and did it begin suddenly?",
}
_ADULT = 12.0  # from here on pulse and breathing are judged by the limits of adults


@dataclass(frozen=True, slots=True)
class Case:
    """Findings and patient as they were understood, with what follows from the table."""

    findings: Findings
    patient: Patient
    complaints: tuple[Presentation, ...]
    ranking: tuple[Ranked, ...]
    flags: tuple[tuple[str, ...], tuple[str, ...]]
    missing: tuple[schema.Slot, ...]
    asked_for: bool

    @property
    def waits(self) -> bool:
        """Whether something should be asked first: never with a red flag, never against "just answer"."""
        return bool(self.complaints and self.missing and not self.asked_for and not self.flags[0])


def understood(request: schema.DifferentialRequest) -> Case:
    """Raises ValidationError where a finding by name is none that the table has."""
    told = patient_of(request.text)
    patient = Patient(
        Ages(request.age, request.age) if request.age is not None else told.age,
        request.sex or told.sex,
        frozenset({request.onset}) if request.onset else told.onset,
    )
    adult = patient.age is None or patient.age.high >= _ADULT
    findings = _named(request, library.reader().read(request.text, adult=adult))
    complaints = presented(library.table(), findings)
    slots: tuple[schema.Slot, ...] = ("age", "sex", "onset")
    known = (patient.age is not None, patient.sex is not None, bool(patient.onset))
    return Case(
        findings,
        patient,
        complaints,
        ranked(complaints, findings, patient),
        red_flags(complaints, findings),
        tuple(slot for slot, there in zip(slots, known, strict=True) if not there),
        request.just_answer or bool(_JUST_ANSWER.search(request.text)),
    )


def differential(case: Case) -> schema.Differential:
    """Raises NeedsInputError with what of age, sex and onset is missing."""
    if case.waits:
        lacking = tuple(FieldError(f"/{slot}", "NEEDS_INPUT", QUESTIONS[slot]) for slot in case.missing)
        raise NeedsInputError("The differential needs age, sex and onset, or just_answer.", errors=lacking)
    table = library.table()
    ranking = enumerate(case.ranking, 1)
    return schema.Differential(
        status="ranked" if case.complaints else "unknown_presentation",
        presentations=tuple(one.name for one in case.complaints),
        understood=_understood(case.findings),
        patient=_known(case.patient),
        not_used=case.missing if case.complaints else (),
        red_flags=schema.RedFlags(present=case.flags[0], to_look_for=case.flags[1]),
        candidates=tuple(_candidate(one, place) for place, one in ranking),
        known=() if case.complaints else tuple(table.presentations),
        version=table.version,
    )


def listed() -> schema.Presentations:
    table = library.table()
    items = (
        schema.PresentationSummary(
            name=one.name,
            words=one.words,
            candidates=tuple(candidate.name for candidate in one.candidates),
            red_flags=one.red_flags,
        )
        for one in table.presentations.values()
    )
    return schema.Presentations(items=tuple(items), version=table.version)


def _named(request: schema.DifferentialRequest, told: Findings) -> Findings:
    """With the findings that were given by name; a name may be any wording the table knows."""
    present = _names("present", request.present)
    absent = _names("absent", request.absent)
    if present & absent:
        raise ValidationError("A finding is given as present and as absent.")
    given = present | absent
    findings = Findings((told.present - given) | present, (told.absent - given) | absent, told.unclear - given)
    return combined(findings, library.table().combinations)


def _names(field: str, given: tuple[str, ...]) -> frozenset[str]:
    found: set[str] = set()
    faults = []
    for place, name in enumerate(given):
        read = library.reader().read(name).present
        found |= read
        if not read:
            detail = "The table has no such finding."
            faults.append(FieldError(f"/{field}/{place}", "UNKNOWN_FINDING", detail))
    if faults:
        raise ValidationError("A finding is not known.", errors=tuple(faults))
    return frozenset(found)


def _understood(findings: Findings) -> schema.Understood:
    return schema.Understood(
        present=tuple(sorted(findings.present)),
        absent=tuple(sorted(findings.absent)),
        unclear=tuple(sorted(findings.unclear)),
    )


def _known(patient: Patient) -> schema.Known:
    age = patient.age
    return schema.Known(
        age_from=age.low if age else None,
        age_to=age.high if age else None,
        sex=patient.sex,
        onset=tuple(sorted(patient.onset)),
    )


def _candidate(one: Ranked, place: int) -> schema.Candidate:
    names = ("score", "compatible", "explains", "matching", "against", "denied", "missing", "fit")
    return schema.Candidate(
        id=one.diagnosis.id,
        name=one.diagnosis.name,
        urgency=one.diagnosis.urgency,
        place=place,
        unusual=one.misfits,
        tests=one.diagnosis.tests,
        citations=tuple(basis_of(source) for source in one.diagnosis.sources),
        **{name: getattr(one, name) for name in names},
    )


def basis_of(source: Source) -> schema.Basis:
    return schema.Basis(id=source.id, text=source.text, body=source.body, year=source.year, doi=source.doi)
