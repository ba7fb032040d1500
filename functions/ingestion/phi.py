"""Asks the room phi what identifiers a document holds. Its answer is counted; neither text nor places are kept."""

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal
from voiceassist.runtime import http
from voiceassist.runtime.settings import load_settings

# Characters a request: some hundred milliseconds of the other room's work.
AT_ONCE = 40_000
SECONDS = 30.0


class _Class(msgspec.Struct):
    categories: dict[str, int]


async def findings(texts: Sequence[str], *, principal: Principal) -> dict[str, int]:
    """How many identifiers of each kind; raises UnavailableError, because nothing is indexed that was not scanned."""
    counts: Counter[str] = Counter()
    url = f"{load_settings().room('phi')}/api/v1/phi/classify"
    for text in portions(texts, AT_ONCE):
        answer = await http.call(
            "POST",
            url,
            principal=principal,
            issuer="ingestion",
            audience="phi",
            content=msgspec.json.encode({"text": text, "kind": "note"}),
            headers={"content-type": "application/json"},
            timeout=SECONDS,
        )
        if answer.status_code != 200:
            raise UnavailableError("The document could not be looked through.", code="PHI_SCAN_UNAVAILABLE")
        counts.update(msgspec.json.decode(answer.content, type=_Class).categories)
    return dict(sorted(counts.items()))


def portions(texts: Sequence[str], most: int) -> Iterator[str]:
    """The texts joined by lines, in portions of at most `most` characters; a longer text is cut at a space."""
    portion: list[str] = []
    size = 0
    for text in texts:
        for part in _cut(text, most):
            if portion and size + len(part) + 1 > most:
                yield "\n".join(portion)
                portion, size = [], 0
            portion.append(part)
            size += len(part) + 1
    if portion:
        yield "\n".join(portion)


def _cut(text: str, most: int) -> Iterator[str]:
    while len(text) > most:
        border = text.rfind(" ", most - 1000, most)
        border = border if border > 0 else most
        yield text[:border]
        text = text[border:]
    yield text
