"""Other names of a topic that its own passages mention: "also known as lockjaw", "tuberculosis (TB)"."""

import re
from collections.abc import Iterable

# Names stand where a passage begins.
OPENING = 600
MOST = 6
LONGEST_NAME = 60

_ALSO = re.compile(
    r"\b(?:(?:also|sometimes|formerly|previously|once|commonly|often|otherwise|usually) (?:be )?"
    r"(?:known as|called|referred to as|termed|named)|or simply|abbreviated(?: as)?)\s+"
    r"[\"\u201c'(]?((?:[^\s.;:()\"\u201d,]+ ?){1,7})",
    re.IGNORECASE,
)
# A name ends where the sentence goes on.
_GOES_ON = re.compile(
    r"\s+(?:is|are|was|were|and|or|because|which|that|who|in|by|when|for|to|as|with|affects|has|have|can|may|occurs"
    r"|refers)\b.*$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:a|an|the) ", re.IGNORECASE)
_SHORT = re.compile(r"\(([A-Z][A-Za-z0-9/-]{1,9})\)")


def mined(title: str, texts: Iterable[str]) -> tuple[str, ...]:
    """At most MOST names from the passages of one document, in the order of their mention."""
    found: list[str] = []
    for text in texts:
        opening = text[:OPENING]
        found.extend(name for match in _ALSO.finditer(opening) if (name := _bare(match[1])))
        found.extend(
            match[1]
            for match in _SHORT.finditer(opening)
            if title and opening[: match.start()].rstrip().casefold().endswith(title.casefold())
        )
    return tuple(dict.fromkeys(found))[:MOST]


def _bare(said: str) -> str:
    name = _GOES_ON.sub("", _ARTICLE.sub("", said.strip())).strip(" \"'\u201c\u201d")
    return name if 3 <= len(name) <= LONGEST_NAME else ""
