"""A note to take along: PDF, with a watermark until it is signed, and FHIR R4 DocumentReference with the PDF in it."""

from datetime import datetime
from typing import Any

from functions.conversations import note_schema as schema
from functions.conversations.exporting import LOINC, Style, day_of, pages, reference, source_line

CODE, DISPLAY = "11506-3", "Progress note"
HEADS = {"subjective": "Subjective", "objective": "Objective", "assessment": "Assessment", "plan": "Plan"}
FROM = {
    "fact": "from the case",
    "calculator": "calculated",
    "answer": "quoted from an answer",
    "author": "written by the author",
}
DRAFT = "AI-assisted draft, not signed: no part of the health record. Clinical judgment required."


def pdf(note: schema.Note, *, author: str) -> bytes:
    """Each sentence with where it comes from; below, the sources and who signed."""
    lines: list[tuple[Style, str]] = [
        ("head", "Progress note"),
        ("words", note.title),
        ("small", f"Drafted {day_of(note.created_at)} by {author} with VoiceAssist"),
    ]
    for section in note.sections:
        lines.append(("who", HEADS[section.name]))
        if not section.sentences:
            lines.append(("words", "Nothing noted."))
        for one in section.sentences:
            lines += [("words", one.text), ("small", told_by(one))]
    if note.sources:
        lines.append(("who", "Sources"))
        lines += [("small", source_line(source)) for source in note.sources]
    if note.signed_at:
        lines += [("who", "Signature"), ("words", f"Signed by {note.signed_by} on {day_of(note.signed_at)}.")]
    foot = f"Signed by {note.signed_by}. Drafted with AI assistance." if note.signed_at else DRAFT
    return pages(lines, title="Progress note", author=author, foot=foot, watermark=note.watermark or "")


def told_by(one: schema.Sentence) -> str:
    origin = FROM[one.origin.kind]
    return f"({origin}, edited by the author)" if one.edited else f"({origin})"


def fhir(note: schema.Note, *, author: str, content: bytes, now: datetime) -> dict[str, Any]:
    """`docStatus` final once it is signed, with the one who did as authenticator."""
    told = reference(
        note.id,
        status="final" if note.signed_at else "preliminary",
        kind={"coding": [{"system": LOINC, "code": CODE, "display": DISPLAY}], "text": DISPLAY},
        author=author,
        content=content,
        title=DISPLAY,
        created=note.updated_at,
        period=(note.created_at, note.updated_at),
        now=now,
    )
    return told | ({"authenticator": {"display": note.signed_by}} if note.signed_at else {})
