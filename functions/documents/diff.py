"""What changed from one version of a document to the next, sentence by sentence under each heading."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice
from typing import Any

from functions.documents.schema import Change, Diff
from voiceassist.core.text import sentences

MOST_CHANGES = 500
# Matching in order costs the product of both lengths; larger sections are compared as heaps of sentences.
MOST_PAIRS = 4_000_000


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    heading: str
    page: int | None


def between(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]], *, versions: tuple[int, int]) -> Diff:
    """`old` and `new` are passages with heading, page and content, in order. A sentence that only moved to another
    page has not changed."""
    before, after = _sections(old), _sections(new)
    found = list(islice(_changes(before, after), MOST_CHANGES + 1))
    gone = sum(_count(before).values()) - sum((_count(before) & _count(after)).values())
    return Diff(
        old=versions[0],
        new=versions[1],
        unchanged=sum(_count(before).values()) - gone,
        changes=tuple(found[:MOST_CHANGES]),
        truncated=len(found) > MOST_CHANGES,
    )


def _sections(passages: Sequence[Mapping[str, Any]]) -> dict[str, list[Sentence]]:
    """Sentences by heading; what a passage shares with the one before it counts once."""
    found: dict[str, list[Sentence]] = {}
    last: list[Sentence] = []
    for passage in passages:
        here = [Sentence(text, passage["heading"], passage["page"]) for text in sentences(passage["content"])]
        found.setdefault(passage["heading"], []).extend(here[_shared(last, here) :])
        last = here
    return found


def _shared(before: list[Sentence], after: list[Sentence]) -> int:
    longest = min(len(before), len(after))
    return next((count for count in range(longest, 0, -1) if before[-count:] == after[:count]), 0)


def _count(sections: Mapping[str, list[Sentence]]) -> Counter[tuple[str, str]]:
    return Counter((heading, one.text) for heading, found in sections.items() for one in found)


def _changes(before: dict[str, list[Sentence]], after: dict[str, list[Sentence]]) -> Iterator[Change]:
    for heading, new in after.items():
        yield from _within(before.get(heading, []), new)
    for heading, old in before.items():
        if heading not in after:
            yield from (_change("removed", one) for one in old)


def _within(old: list[Sentence], new: list[Sentence]) -> Iterator[Change]:
    if len(old) * len(new) > MOST_PAIRS:
        yield from (_change("removed", one) for one in _missing(old, new))
        yield from (_change("added", one) for one in _missing(new, old))
        return
    matcher = SequenceMatcher(None, [one.text for one in old], [one.text for one in new], autojunk=False)
    for kind, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if kind != "equal":
            yield from (_change("removed", one) for one in old[old_start:old_end])
            yield from (_change("added", one) for one in new[new_start:new_end])


def _missing(these: list[Sentence], those: list[Sentence]) -> Iterator[Sentence]:
    left = Counter(one.text for one in those)
    for one in these:
        if left[one.text] > 0:
            left[one.text] -= 1
        else:
            yield one


def _change(kind: Any, one: Sentence) -> Change:
    return Change(kind=kind, heading=one.heading, page=one.page, text=one.text)
