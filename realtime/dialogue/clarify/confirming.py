"""Which drug was meant: a name that was misheard or mistyped is asked about, and the question goes on with the reply.

Only a known name takes the place of what was heard, and only one that the speaker agreed to or said himself. "Just
answer" is no agreement: there is no dose of a drug that nobody confirmed (SPEC P4.16).
"""

import re
from dataclasses import dataclass, field, replace

from realtime.dialogue.clarify import drugs as names
from realtime.dialogue.clarify import replies
from realtime.dialogue.clarify.drugs import Doubt, Drugs
from realtime.dialogue.clarify.urgent import is_urgent
from voiceassist.core.text import folded

MAX_QUESTIONS = 2  # in a row (P4.13)
LONGEST_REPLY = 6  # words; more than that is a question of its own
YES_NO = ("yes", "no")

_YES = re.compile(
    r"^(?:yes|yeah|yep|yup|correct|right|exactly|sure|okay|ok|please|that (?:one|is (?:it|right|correct))"
    r"|i (?:do|did))\b"
)
_NO = re.compile(r"^(?:no|nope|nah|not|wrong|neither|none|something else|another|other)\b")
_ASKS = re.compile(r"^(?:what|how|when|which|who|why|where|is|are|can|could|should|does|tell|give|calculate|show)\b")
_LEADS = re.compile(r"^(?:(?:no|yes|i (?:mean|meant|said)|it is|it s|its|the drug is|um|uh|well|sorry) )*")
_LETTERS = re.compile(r"\b[a-z](?: [a-z]){4,}\b")


@dataclass(frozen=True, slots=True)
class Open:
    """A question that waits for the name of the drug in `said`; `options` are what was offered last."""

    said: str
    doubt: Doubt
    options: tuple[str, ...]
    questions: int


@dataclass(frozen=True, slots=True)
class Turn:
    """Go on with `said`; where that is empty, ask which is meant with `options`, or, `given_up`, ask no more."""

    said: str = ""
    options: tuple[str, ...] = ()
    given_up: bool = False
    kind: str = "drug"


@dataclass(slots=True)
class Confirming:
    drugs: Drugs = field(default_factory=Drugs)
    open: Open | None = None
    insisted: set[str] = field(default_factory=set)  # said again when asked: a name that we do not know

    def doubt(self, said: str, *, whole: bool = False) -> Doubt | None:
        """What has to be asked about; `whole`: all that was said answers "which drug?"."""
        found = names.doubt(said, self.drugs, whole=whole)
        return None if found is None or folded(found.heard) in self.insisted else found

    def joined(self, said: str) -> str:
        return names.joined(said, self.drugs)

    def ask(self, said: str, doubt: Doubt, *, questions: int = 0) -> Turn:
        """The question which drug is meant; never one beyond MAX_QUESTIONS in a row."""
        return self._ask(Open(said, doubt, doubt.near, questions))

    def reply(self, said: str, *, sure: bool = True) -> Turn | None:
        """What a reply to the open question leads to; None where nothing is open or it is no reply.

        Where one is not `sure` of a word of it (rivals.py), only counting ("the second one") and spelling count.
        """
        asked, self.open = self.open, None
        if asked is None or is_urgent(said):
            return None
        plain = _plain(said)
        if not replies.wants_result(said) and _is_other(plain):
            return None
        if name := self._name(said, plain, asked, sure=sure):
            return Turn(_with(asked, name))
        # Only behind a "no": by voice the same mishearing comes twice.
        if _NO.match(plain) and _LEADS.sub("", plain) == _plain(asked.doubt.heard):
            self.insisted.add(folded(asked.doubt.heard))
            return Turn(asked.said)
        return self._ask(replace(asked, options=self._options(said, plain, asked) if sure else asked.options))

    def _options(self, said: str, plain: str, asked: Open) -> tuple[str, ...]:
        """What to offer next: the same again, what the reply is near to, or nothing: then the name is asked for."""
        if _YES.match(plain) or replies.wants_result(said) or asked.doubt.kind == "word":
            return asked.options
        near = names.doubt(said, self.drugs, whole=True)
        return near.near if near else ()

    def _name(self, said: str, plain: str, asked: Open, *, sure: bool) -> str | None:
        """The known name, or the word offered, that the reply confirms, counts, spells or says."""
        if spelt := self.drugs.exactly("".join(_letters(plain))):
            return spelt
        words = [one for one in asked.options if one in plain.split()] if asked.doubt.kind == "word" else []
        if sure and len(words) == 1:
            return words[0]
        named = tuple(dict.fromkeys(names.named(said, self.drugs))) if sure else ()
        if len(named) == 1 and not names.doubt(said, self.drugs, whole=True):
            # "No, enoxaparin", where enoxaparin was asked for, says both.
            return None if _NO.match(plain) and named[0] in asked.options else named[0]
        if named:
            return None
        if len(asked.options) == 1:
            return asked.options[0] if _YES.match(plain) else None
        place = replies.counted(said, asked.options)
        return None if place is None else asked.options[place]

    def _ask(self, asked: Open) -> Turn:
        """Ask with the options of `asked`; after the last question a name that is said still goes into its place."""
        if asked.questions >= MAX_QUESTIONS:
            self.open = replace(asked, options=())
            return Turn(given_up=True, kind=asked.doubt.kind)
        self.open = replace(asked, questions=asked.questions + 1)
        return Turn(options=asked.options, kind=asked.doubt.kind)


def _with(asked: Open, name: str) -> str:
    return f"{asked.said[: asked.doubt.start]}{name}{asked.said[asked.doubt.end :]}"


def _is_other(plain: str) -> bool:
    """A question of its own instead of a reply."""
    return _ASKS.match(plain) is not None or len(plain.split()) > max(LONGEST_REPLY, len(_letters(plain)))


def _plain(said: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", folded(said).replace("'", "").replace("’", "")))


def _letters(plain: str) -> list[str]:
    """The letters of a name that is spelt: "e n o x a p a r i n"."""
    found = _LETTERS.search(plain)
    return found[0].split() if found else []
