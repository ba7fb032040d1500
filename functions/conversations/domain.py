"""What a conversation is to its reader: titles, turns and what is found in them."""

import re
from collections.abc import Sequence

from functions.conversations import schema
from voiceassist.core.text import folded, sentences
from voiceassist.runtime.memory import Kept

LONGEST_TITLE = 80
LONGEST_SUMMARY = 240
AROUND = 60  # characters of a snippet before and behind the first word found
_MARKER = re.compile(r" ?\[\d{1,3}\]")
_WORD = re.compile(r"\w+(?:[.,'’-]\w+)*")


def title_of(text: str) -> str:
    """How a first question begins, cut at a word."""
    words = " ".join(text.split())
    if len(words) <= LONGEST_TITLE:
        return words
    return f"{words[: words.rfind(' ', 0, LONGEST_TITLE) if ' ' in words[:LONGEST_TITLE] else LONGEST_TITLE]}…"


def summary_of(items: Sequence[Kept]) -> str:
    """What came out of a conversation: the last result of each calculator, the first cited sentence of each answer.

    Word by word and as far as it was heard; what would make it too long is left out.
    """
    results: dict[str, str] = {}
    cited = []
    for item in items:
        if told := item.facts.get("calculator.result", {}).get("result"):
            results.pop(told["calculator_id"], None)
            results[told["calculator_id"]] = sentences(told["text"])[0] if told["text"].strip() else ""
        if item.role == "assistant" and item.facts.get("citation.list", {}).get("citations"):
            cited += [one for one in sentences(item.text) if _MARKER.search(one)][:1]
    found = ""
    for sentence in dict.fromkeys([*results.values(), *(_MARKER.sub("", one) for one in cited)]):
        longer = f"{found} {' '.join(sentence.split())}".strip()
        found = longer if len(longer) <= LONGEST_SUMMARY else found
    return found


def shown(item: Kept) -> schema.Item:
    sources = item.facts.get("citation.list", {})
    result = item.facts.get("calculator.result", {}).get("result")
    asked = item.facts.get("clarify.ask")
    return schema.Item.model_validate(
        {
            "id": item.item_id,
            "seq": item.seq,
            "role": item.role,
            "text": item.text,
            "interrupted": item.interrupted,
            "citations": sources.get("citations", ()),
            "notice": sources.get("notice", ""),
            "answer": sources.get("status"),
            "result": result,
            "clarification": asked,
        },
    )


def wanted(query: str) -> tuple[str, ...]:
    """The words to look for, as they are compared."""
    return tuple(dict.fromkeys(_WORD.findall(folded(query))))


def snippet(text: str, words: tuple[str, ...]) -> str | None:
    """The text around the first of the words where all of them begin a word in it; None where one does not."""
    compared = folded(text)
    places = []
    for word in words:
        found = re.search(rf"(?<!\w){re.escape(word)}", compared)
        if found is None:
            return None
        places.append(found.start())
    if not places:
        return None
    # Folding may change lengths a little: a snippet is a place to look, not a quotation mark.
    start, end = max(0, min(places) - AROUND), min(places) + AROUND
    inside = " ".join(text[start:end].split())
    return f"{'…' if start else ''}{inside}{'…' if end < len(text) else ''}"
