"""Ask which kind is meant, or answer: only where the topic has kinds and the evidence splits over them.

Variety among the hits alone would ask at every other question; so the topic must be an inner node, of a terminology
pack or of the titles found, and its own pages must not hold most of the evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from realtime.dialogue.clarify.topic import Topic
from realtime.dialogue.clarify.urgent import is_urgent
from voiceassist.core.terminology import Concepts, key

SHOWN = 4
NAMELIKE = 6  # a title of more words is that of a document, not a name
KINDS = 3  # fewer children make no inner node
ONE_SIDED = 0.8  # of the evidence for kinds: then the one kind is the answer
NAMED = 2.0  # a page that carries the topic in its title weighs so much more: the title decides
GENERAL = 0.75  # of all evidence for the topic: then its own pages answer the general question


@dataclass(frozen=True, slots=True)
class Seen:
    """A passage found for the question; a higher score is better."""

    title: str
    score: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """`options` are empty where the question is to be answered."""

    term: str = ""
    options: tuple[str, ...] = ()

    @property
    def asks(self) -> bool:
        return bool(self.options)


ANSWER = Decision()


def decide(question: str, topic: Topic | None, found: Sequence[Seen], concepts: Concepts) -> Decision:
    """What to do with `question`, whose bare topic is `topic`, given the passages found for it."""
    if topic is None or is_urgent(question):
        return ANSWER
    names = concepts.names(topic.phrase)
    concept = concepts.find(topic.phrase)
    known = concept.kinds if concept else ()
    masses: dict[str, float] = {}
    shown: dict[str, str] = {}
    own = 0.0
    heads = (key(topic.phrase), key(concept.name) if concept else "")
    for seen in found:
        title = key(seen.title)
        kind = None if title in names else _kind(title, heads, known, concepts)
        if kind:
            named = any(f" {name} " in f" {title} " for name in names)
            masses[kind] = masses.get(kind, 0.0) + seen.score * (NAMED if named else 1.0)
            if title in concepts.names(kind):  # what the library calls it goes before what the pack calls it
                shown.setdefault(kind, seen.title)
        elif title in names:
            own += seen.score * NAMED
    total = sum(masses.values())
    if len(masses.keys() | set(known)) < KINDS or len(masses) < 2:
        return ANSWER
    if max(masses.values()) > ONE_SIDED * total or own > GENERAL * (own + total):
        return ANSWER
    order = sorted(masses, key=lambda kind: (_compound(kind), -masses[kind], kind))
    return Decision(topic.phrase, tuple(shown.get(kind) or concepts.by_name[kind].name for kind in order[:SHOWN]))


def _kind(title: str, heads: Sequence[str], known: Sequence[str], concepts: Concepts) -> str | None:
    """The kind of the topic that a page is about; None when it is about something else.

    A name that ends in that of the topic is a kind of it; synonyms do not count there, they are often wider.
    """
    ends = any(head and title.endswith(f" {head}") and not title.endswith(f"non {head}") for head in heads)
    if ends and len(title.split()) <= NAMELIKE:
        return title
    padded = f" {title} "
    for kind in known:
        if any(f" {name} " in padded for name in concepts.by_name[kind].names):
            return kind
    return None


def _compound(kind: str) -> bool:
    """A syndrome of several things ends in the name of one of them; it is offered last."""
    return " with " in kind or " and " in kind
