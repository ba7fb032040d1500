"""The clarifying questions of one conversation: what is open, how often we asked, what was answered before."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from realtime.dialogue.clarify import policy, replies, topic
from realtime.dialogue.clarify.policy import Seen
from realtime.dialogue.clarify.replies import ELSE, Meant
from realtime.dialogue.clarify.topic import Topic
from realtime.dialogue.clarify.urgent import is_urgent
from voiceassist.core.terminology import Concepts, key

MAX_QUESTIONS = 2  # in a row (P4.13)


@dataclass(frozen=True, slots=True)
class Asked:
    """The open question: what it is about and what was offered; `open_ended` asked for a name instead."""

    topic: Topic
    options: tuple[str, ...]
    questions: int
    open_ended: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next: answer `question`, saying `note` first; or ask about `term`, offering `options`.

    An open-ended question offers nothing. `again`: the narrower question may be put to the policy once more.
    """

    question: str = ""
    note: str = ""
    term: str = ""
    options: tuple[str, ...] = ()
    again: bool = False

    @property
    def asks(self) -> bool:
        return bool(self.term)


@dataclass(slots=True)
class Asking:
    concepts: Concepts = field(default_factory=Concepts)
    asked: Asked | None = None
    answered: dict[str, str] = field(default_factory=dict)  # by the compared name of the topic; "" is "in general"

    def wanted(self, said: str) -> Topic | None:
        """The topic for which evidence is needed before it is decided; None where nothing would be asked."""
        return None if is_urgent(said) else topic.topic_of(said)

    def recalled(self, about: Topic) -> Step | None:
        """What was answered in this session, so that nothing is asked twice."""
        known = self.answered.get(key(about.phrase))
        if known is None:
            return None
        return (
            Step(about.replaced(known), note=f"I take {about.phrase} as {known}, as before.")
            if known
            else Step(about.replaced(about.phrase), note=_in_general(about.phrase))
        )

    def decide(self, said: str, about: Topic, found: Sequence[Seen], *, questions: int = 0) -> Step:
        """Ask, or answer `said` as it is; never a question beyond MAX_QUESTIONS in a row."""
        decision = policy.decide(said, about, found, self.concepts)
        if not decision.asks:
            return Step(said)
        if questions >= MAX_QUESTIONS:
            return Step(said, note=_in_general(about.phrase))
        self.asked = Asked(about, decision.options, questions + 1)
        return Step(term=decision.term, options=(*decision.options, ELSE))

    def reply(self, said: str) -> tuple[Step, int] | None:
        """The step that a reply to the open question leads to, and the questions so far; None if it is none."""
        asked, self.asked = self.asked, None
        if asked is None or is_urgent(said):
            return None
        meant = replies.meaning(said, asked.options, self.concepts)
        if meant is None:
            return None
        about = asked.topic
        if meant.kind is Meant.OTHER and not asked.open_ended and asked.questions < MAX_QUESTIONS:
            self.asked = Asked(about, asked.options, asked.questions + 1, open_ended=True)
            return Step(term=about.phrase), asked.questions + 1
        if meant.kind in {Meant.GENERAL, Meant.OTHER}:
            self.answered[key(about.phrase)] = ""
            return Step(about.replaced(about.phrase), note=_in_general(about.phrase)), asked.questions
        name = meant.name if meant.kind is Meant.CHOSEN else self._whole(meant.name, about.phrase)
        self.answered[key(about.phrase)] = name
        question = about.replaced(name) if not meant.more else f"{about.replaced(name).rstrip(' ?.!')} {meant.more}"
        return Step(question, again=not meant.more), asked.questions

    def _whole(self, named: str, phrase: str) -> str:
        """A kind that was named by its adjective only: "polycystic" of kidney disease."""
        last = key(phrase).split()[-1:]
        known = self.concepts.find(named) is not None
        return named if known or key(named).split()[-1:] == last else f"{named} {phrase}"


def _in_general(phrase: str) -> str:
    return f"I assume you mean {phrase} in general; the kinds may differ."
