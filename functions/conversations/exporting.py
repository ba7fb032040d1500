"""A conversation to take along: as JSON, as PDF, and as FHIR R4 DocumentReference with the PDF in it."""

import base64
import hashlib
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID
from xml.sax.saxutils import escape

from functions.conversations import schema
from voiceassist.core.clock import timestamp

FHIR = "application/fhir+json"
# What kind of document it is: LOINC has none for a talk with a decision support system, and "Note" claims nothing more.
# A consult note (11488-4) would claim that a specialist had been asked and had answered.
LOINC, CODE, DISPLAY = "http://loinc.org", "34109-9", "Note"
WHO = {"user": "Asked", "assistant": "VoiceAssist", "system": "Note"}
NOTICE = "Not a part of the health record until a clinician has checked and signed it. Clinical judgment required."

Style = Literal["head", "who", "words", "small"]


def pdf(conversation: schema.Conversation, *, author: str) -> bytes:
    lines: list[tuple[Style, str]] = [
        ("head", "Conversation"),
        ("small", f"{day_of(conversation.started_at)}, asked by {author}"),
    ]
    for turn in conversation.turns:
        lines += [("who", WHO[turn.role]), ("words", turn.text or "Nothing of this answer was heard.")]
        lines += [("small", text) for text in beside(turn)]
    return pages(lines, title="Conversation", author=author, foot=NOTICE)


def pages(lines: Iterable[tuple[Style, str]], *, title: str, author: str, foot: str, watermark: str = "") -> bytes:
    """Pages in A4, each with number and foot; Vera comes with reportlab and has the letters of Europe's languages.

    The title of the file is no place for what was said.
    """
    import reportlab
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.lib.units import mm
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    fonts = Path(reportlab.__file__).with_name("fonts")
    for name, file_name in (("Vera", "Vera.ttf"), ("Vera-Bold", "VeraBd.ttf")):
        pdfmetrics.registerFont(TTFont(name, fonts / file_name))
    styles = {
        "head": ParagraphStyle("head", fontName="Vera-Bold", fontSize=14, leading=18, spaceAfter=4),
        "who": ParagraphStyle("who", fontName="Vera-Bold", fontSize=9, leading=12, spaceBefore=8),
        "words": ParagraphStyle("words", fontName="Vera", fontSize=10, leading=14),
        "small": ParagraphStyle("small", fontName="Vera", fontSize=8, leading=11, textColor="#444444"),
    }
    story: list[Any] = [Paragraph(escape(text).replace("\n", "<br/>"), styles[style]) for style, text in lines]

    def around(canvas: Any, document: Any) -> None:
        if watermark:
            canvas.saveState()
            canvas.setFont("Vera-Bold", 44)
            canvas.setFillGray(0.85)
            canvas.translate(105 * mm, 148 * mm)
            canvas.rotate(50)
            canvas.drawCentredString(0, 0, watermark)
            canvas.restoreState()
        canvas.setFont("Vera", 7)
        canvas.drawString(20 * mm, 12 * mm, foot)
        canvas.drawRightString(190 * mm, 12 * mm, str(document.page))

    out = io.BytesIO()
    margins = {"leftMargin": 20 * mm, "rightMargin": 20 * mm, "topMargin": 18 * mm, "bottomMargin": 20 * mm}
    SimpleDocTemplate(out, pagesize=A4, title=title, author=author, **margins).build(
        story, onFirstPage=around, onLaterPages=around
    )
    return out.getvalue()


def beside(turn: schema.Item) -> list[str]:
    """What stands below the words of a turn: that it was stopped, its result, its sources."""
    told = ["Stopped here; what came after was not heard."] if turn.interrupted else []
    if turn.result:
        inputs = ", ".join(
            f"{one.label} {one.value}{f' {one.unit}' if one.unit else ''}{' (assumed)' if one.assumed else ''}"
            for one in turn.result.inputs
        )
        told.append(f"{turn.result.title} (version {turn.result.version}): {turn.result.text} Inputs: {inputs}.")
    return told + [source_line(source) for source in turn.citations]


def source_line(source: Any) -> str:
    place = ", ".join(
        str(part)
        for part in (source.section, source.page and f"page {source.page}", source.year, source.version)
        if part
    )
    return f"[{source.n}] {source.title}{f', {place}' if place else ''} ({source.source})"


def fhir(conversation: schema.Conversation, *, author: str, content: bytes, now: datetime) -> dict[str, Any]:
    """`docStatus` preliminary: nobody has checked it."""
    return reference(
        conversation.id,
        status="preliminary",
        kind={"coding": [{"system": LOINC, "code": CODE, "display": DISPLAY}], "text": "Conversation"},
        author=author,
        content=content,
        title="Conversation",
        created=conversation.updated_at,
        period=(conversation.started_at, conversation.updated_at),
        now=now,
    )


def reference(
    resource_id: UUID,
    *,
    status: Literal["preliminary", "final"],
    kind: dict[str, Any],
    author: str,
    content: bytes,
    title: str,
    created: datetime,
    period: tuple[datetime, datetime],
    now: datetime,
) -> dict[str, Any]:
    """DocumentReference of FHIR R4 (4.0.1). It has no subject: which patient it is about is not known here.

    The author is named by display alone, since the accounts of this installation are no resources of the receiver's.
    """
    return {
        "resourceType": "DocumentReference",
        "id": str(resource_id),
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{resource_id}"}],
        "status": "current",
        "docStatus": status,
        "type": kind,
        "date": timestamp(now),
        "author": [{"display": author}],
        "securityLabel": [
            {
                "coding": [
                    {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"},
                ]
            }
        ],
        "content": [
            {
                "attachment": {
                    "contentType": "application/pdf",
                    "language": "en",
                    "data": base64.b64encode(content).decode(),
                    "size": len(content),
                    "hash": base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode(),
                    "title": title,
                    "creation": timestamp(created),
                }
            }
        ],
        "context": {"period": {"start": timestamp(period[0]), "end": timestamp(period[1])}},
    }


def file(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}


def day_of(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
