"""A digest of the starter library: front matter, then sections under `##`."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from functions.retrieval.domain.aliases import mined
from voiceassist.core.errors import ValidationError
from voiceassist.ports.vectors import Chunk

# Names every passage of the library (RFC 9562, section 5.5); never change it, ids follow from it.
NAMESPACE = UUID("5c1d2b8e-6f0a-5f0e-9d4b-2a7c8e1f3b60")
# A longer section is parted at its paragraphs.
MAX_WORDS = 350
NEEDED = ("id", "title", "specialty", "source_body", "guideline", "year", "version", "reviewed")

_HEADING = re.compile(r"^##\s+(.+?)\s*#*$", re.MULTILINE)
_MARKS = re.compile(r"\*\*|__|`")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_ITEM = re.compile(r"^\s*([-*•]|\d+\.)\s+")


class DigestError(ValidationError):
    """A digest is not written as it should be; `detail` names the file's fault."""

    code = "DIGEST_INVALID"


@dataclass(frozen=True, slots=True)
class Section:
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Digest:
    """A topic in the maintainers' own words; `reviewed` is False until a clinician signed it off."""

    id: str
    title: str
    aliases: tuple[str, ...]
    specialty: str
    source_body: str
    guideline: str
    year: int
    version: str
    reviewed: bool
    references: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def source(self) -> str:
        return f"{self.source_body}: {self.guideline}"


def parse(text: str) -> Digest:
    """Read a digest; raises DigestError."""
    front, body = _parted(text)
    missing = [name for name in NEEDED if name not in front]
    if missing:
        raise DigestError(f"The front matter lacks {', '.join(missing)}.")
    sections = tuple(_sections(body))
    if not sections:
        raise DigestError("The digest has no section.")
    return Digest(
        id=str(front["id"]),
        title=str(front["title"]),
        aliases=tuple(str(alias) for alias in front.get("aliases") or ()),
        specialty=str(front["specialty"]),
        source_body=str(front["source_body"]),
        guideline=str(front["guideline"]),
        year=int(front["year"]),
        version=str(front["version"]),
        reviewed=front["reviewed"] is True,
        references=tuple(str(reference) for reference in front.get("references") or ()),
        sections=sections,
    )


def chunks(digest: Digest) -> list[Chunk]:
    """One passage a section; its id changes when its text does."""
    found: list[Chunk] = []
    names = mined(digest.title, (section.text for section in digest.sections))
    for section in digest.sections:
        for text in _portions(section.text):
            name = f"{digest.id}/{digest.version}/{section.heading}/{text}"
            found.append(
                Chunk(
                    chunk_id=str(uuid5(NAMESPACE, name)),
                    document_id=digest.id,
                    title=digest.title,
                    aliases=digest.aliases,
                    heading=section.heading,
                    position=len(found),
                    text=text,
                    source=digest.source,
                    source_type="guideline",
                    specialty=digest.specialty,
                    year=digest.year,
                    version=digest.version,
                    starter=True,
                    mined=names,
                )
            )
    return found


def _parted(text: str) -> tuple[dict[str, Any], str]:
    import yaml

    if not text.startswith("---\n"):
        raise DigestError("The digest has no front matter.")
    front, border, body = text[4:].partition("\n---\n")
    try:
        values = yaml.safe_load(front)
    except yaml.YAMLError:
        raise DigestError("The front matter is not valid YAML.") from None
    if not border or not isinstance(values, dict):
        raise DigestError("The digest has no front matter.")
    return values, body


def _sections(body: str) -> list[Section]:
    parts = _HEADING.split(body)[1:]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return [Section(heading, text) for heading, raw in pairs if (text := _flowing(raw))]


def _flowing(raw: str) -> str:
    """Wrapped lines joined; paragraphs and list items keep lines of their own."""
    lines: list[str] = []
    starts_new = True
    for line in raw.splitlines():
        plain = _LINK.sub(r"\1", _MARKS.sub("", line)).strip()
        item = _ITEM.match(plain)
        if not plain:
            starts_new = True
        elif starts_new or item:
            lines.append(_ITEM.sub("", plain))
            starts_new = False
        else:
            lines[-1] += " " + plain
    return "\n".join(lines)


def _portions(text: str) -> list[str]:
    portions: list[str] = []
    for line in text.split("\n"):
        if portions and len(portions[-1].split()) + len(line.split()) <= MAX_WORDS:
            portions[-1] += "\n" + line
        else:
            portions.append(line)
    return portions
