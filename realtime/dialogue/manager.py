"""One conversation: who is asked, what is still open, what was talked about."""

import re
from collections import deque
from dataclasses import dataclass, field, fields, replace

from realtime.dialogue import smalltalk, wording
from realtime.dialogue.clarify import amounts as doses
from realtime.dialogue.clarify import dosing, replies
from realtime.dialogue.clarify.amounts import Amounts
from realtime.dialogue.clarify.asking import Asking, Step
from realtime.dialogue.clarify.confirming import YES_NO, Confirming, Turn
from realtime.dialogue.clarify.drugs import Doubt
from realtime.dialogue.clarify.policy import SHOWN, Seen
from realtime.dialogue.clarify.rewording import Rewording
from realtime.dialogue.clarify.urgent import is_urgent, repeats
from realtime.dialogue.expecting import Expecting
from realtime.dialogue.intent import drug_in, intent_of
from realtime.dialogue.phrases import Phrasebook, Skill
from realtime.dialogue.reply import Ask, Reply
from realtime.dialogue.rooms import PHI_BLOCKED, Rooms
from voiceassist.contracts.answers import LIBRARY_STARTING, AnswerStatus
from voiceassist.contracts.calculations import Interpretation, MissingInput
from voiceassist.contracts.cases import CaseFact
from voiceassist.core.errors import ForbiddenError, NeedsInputError, UnavailableError, ValidationError
from voiceassist.runtime import logging, metrics

log = logging.get_logger(__name__)

# SPEC P4.13: no third question in a row.
MAX_QUESTIONS = 2
# Under this, a sentence is no request to a calculator (P4.11).
CONFIDENT = 0.5
CONTEXT_TERMS = 16

_QUESTION = re.compile(r"^(?:what|how|when|which|who|why|where|is|are|can|could|should|does|do|tell|give|explain)\b")
_CALCULATION = re.compile(
    r"\b(?:calculat\w*|comput\w*|scores?|clearance|e?gfr|bmi|body mass index|corrected|anion gap)\b"
)


@dataclass(frozen=True, slots=True)
class Open:
    """A calculation that lacks something: what is known, and what was asked last.

    `calculator_id` is None while it is not clear which of several calculators is meant; `said` then keeps
    the request, which the reply completes.
    """

    said: str
    interpretation: Interpretation
    asked: str | None
    questions: int

    @property
    def calculator_id(self) -> str | None:
        return self.interpretation.calculator_id

    @property
    def question(self) -> str:
        return self.interpretation.question or ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A function that asked back: it is asked again with `said` and the reply, for it keeps nothing itself."""

    skill: Skill
    said: str


@dataclass(slots=True)
class Dialogue:
    """`reply` is called for one turn at a time."""

    rooms: Rooms
    phrases: Phrasebook = field(default_factory=Phrasebook)
    asking: Asking = field(default_factory=Asking)
    rewording: Rewording | None = None
    confirming: Confirming = field(default_factory=Confirming)
    amounts: Amounts = field(default_factory=Amounts)
    heard: str = ""  # what was read from speech last: a dose in it is confirmed, one that was written is what it is
    rival: Doubt | None = None  # a word of `heard` beside which another one is nearly as likely by its sound
    expecting: Expecting | None = None
    open: Open | None = None
    waiting: Waiting | None = None
    dose: dosing.Open | None = None
    last: Reply | None = None
    case: tuple[CaseFact, ...] = ()  # what is known of the patient whom all this is about, newest first
    row: int = 0  # questions asked one after another, whatever about
    topics: deque[str] = field(default_factory=lambda: deque(maxlen=CONTEXT_TERMS))
    before: "Dialogue | None" = field(default=None, repr=False)

    def go_back(self) -> None:
        """To the mark: the last turn was only the beginning of one, and opened and remembered nothing."""
        if self.before:
            for kept in fields(self):
                setattr(self, kept.name, getattr(self.before, kept.name))
            self.mark()

    def mark(self) -> None:
        """Keep what is open and known now; the packs are shared."""
        self.before = replace(
            self,
            topics=deque(self.topics, CONTEXT_TERMS),
            asking=replace(self.asking, answered=dict(self.asking.answered)),
            confirming=replace(self.confirming, insisted=set(self.confirming.insisted)),
            amounts=replace(self.amounts, confirmed=set(self.amounts.confirmed)),
            before=None,
        )

    def forget(self) -> None:
        """All that was talked about, at once: the case that it was about is gone."""
        self.open = self.waiting = self.dose = self.last = self.before = None
        self.case, self.row = (), 0
        self.topics.clear()
        self.asking = replace(self.asking, asked=None, answered={})
        self.confirming = replace(self.confirming, open=None, insisted=set())
        self.amounts = Amounts()

    async def reply(self, text: str) -> Reply:
        """The answer to what was said or written; never raises for a room that fails, but says so."""
        said = " ".join(text.split())
        found = self._small(said) or await self._worded(await self._asked(said))
        self.heard, self.rival = "", None
        if said and smalltalk.kind_of(said) != "repeat":
            self.last = found
            self.row = self.row + 1 if found.ask else 0
        self._remember(found)
        return found

    async def first(self, text: str) -> Reply | None:
        """What is not left to a model: small talk, an emergency, the reply to a question of ours, a drug in doubt."""
        said = " ".join(text.split())
        waits = self.open or self.waiting or self.dose or self.asking.asked or self.confirming.open or self.amounts.open
        unconfirmed = self._was_heard(said) and self.amounts.unconfirmed(said)
        if (
            not said
            or unconfirmed
            or smalltalk.kind_of(said)
            or is_urgent(said)
            or waits
            or self._rival(said)
            or self.confirming.doubt(said)
        ):
            return await self.reply(text)
        return None

    def answered(self, reply: Reply) -> None:
        """A model has answered; what is asked for again, and what was talked about, is that."""
        self.last, self.row = reply, 0
        self._remember(reply)

    def terms(self) -> list[str]:
        """Words that are likely next, most likely first: what was asked for, then what was talked about."""
        expected: list[str] = []
        if self.open:
            # Never names of drugs: one that is expected is heard where another was said (docs/reference/dialogue.md).
            missing = self.open.interpretation.missing
            expected = [part for one in missing for part in (one.label, *(one.options if one.name != "drug" else ()))]
            expected += [self.open.interpretation.title or "", *self.open.interpretation.choices]
        if self.asking.asked:
            expected += self.asking.asked.options
        # A term is a few words; a whole question would fill the recogniser's list.
        usable = [term for term in (*expected, *reversed(self.topics)) if term and len(term) <= 40]
        return list(dict.fromkeys(usable))[:CONTEXT_TERMS]

    def _small(self, said: str) -> Reply | None:
        if not said:
            return Reply(smalltalk.NOTHING_HEARD)
        kind = smalltalk.kind_of(said)
        if kind == "repeat":
            return self.last or Reply(smalltalk.NOTHING_TO_REPEAT)
        if kind == "stop":
            self.confirming.open = self.amounts.open = None
        if kind == "stop" and (self.open or self.waiting):
            self.open = self.waiting = None
            return Reply(wording.DROPPED)
        if kind == "stop":
            self.asking.asked = self.dose = None
        if kind == "help":
            return Reply(smalltalk.HELP + wording.also(self.phrases.examples()))
        return Reply(smalltalk.REPLIES[kind]) if kind else None

    async def _worded(self, found: Reply) -> Reply:
        """A question in the words of a model where one is set; what was asked and its options stay."""
        if found.ask is None or self.rewording is None or found.text != found.ask.question:
            return found
        ask = await self.rewording.of(found.ask)
        return replace(found, text=ask.question, ask=ask)

    async def _asked(self, said: str) -> Reply:
        urgent = is_urgent(said) and not (self.open and repeats(said, self.open.question))
        if urgent:
            # Whatever is open waits no longer, and nothing new is asked.
            self.open = self.asking.asked = self.dose = self.waiting = None
            self.row = MAX_QUESTIONS
            self.confirming.open = self.amounts.open = None
        by_voice = self._was_heard(said)
        told = self.amounts.reply(said)
        if told and not told.said:
            return self._which_dose(told)
        rival = self._rival(said)
        turn = None if told else self.confirming.reply(said, sure=rival is None)
        if turn and not turn.said:
            return self._which_drug(turn)
        if rival and not (told or turn) and not (urgent and rival.kind == "word"):
            drug = Reply(wording.DRUG_UNCLEAR) if urgent else None  # as with any drug in doubt: nothing is asked
            return drug or self._which_drug(self.confirming.ask(said, rival, questions=self.row))
        said = self.confirming.joined(told.said if told else turn.said if turn else said)
        if doubted := await self._doubted(said, urgent=urgent):
            return doubted
        whole = self._asks_for_dose()
        unconfirmed = self.amounts.unconfirmed(said, whole=whole) if by_voice or told else ()
        if unconfirmed and not urgent:
            return self._which_dose(self.amounts.ask(said, whole=whole, questions=self.row))
        found = await self._replied(said) or await self._wished(said, urgent=urgent)
        # Nothing is asked in an emergency: what was heard is said back with the answer.
        back = wording.heard_dose([(one.shown, one.digits) for one in unconfirmed]) if unconfirmed else ""
        return replace(found, text=f"{back} {found.text}") if back else found

    def _asks_for_dose(self) -> bool:
        """Whether a bare number would now be taken for a dose."""
        missing = self.open.interpretation.missing if self.open else ()
        return bool(missing) and "dose" in missing[0].label.lower()

    def _was_heard(self, said: str) -> bool:
        return bool(self.heard) and self.heard in said

    def _rival(self, said: str) -> Doubt | None:
        """The word of this turn that was as good as another, at its place in `said`."""
        if self.rival is None or not self._was_heard(said):
            return None
        before = said.index(self.heard)
        return replace(self.rival, start=self.rival.start + before, end=self.rival.end + before)

    def _which_dose(self, turn: doses.Turn) -> Reply:
        """The question whether a dose was heard right; no answer uses one that nobody agreed to."""
        metrics.CLARIFICATIONS.labels("given_up" if turn.given_up else "asked").inc()
        if turn.given_up:
            return Reply(wording.DOSE_UNCLEAR)
        question = wording.which_dose([(one.shown, one.digits) for one in turn.amounts])
        return Reply(question, ask=Ask(question, doses.YES_NO if turn.amounts else (), "amount"))

    async def _doubted(self, said: str, *, urgent: bool) -> Reply | None:
        """The question which drug is meant, where its name was not understood; None where nothing is in doubt."""
        doubt = self.confirming.doubt(said, whole=self.open is not None and self.open.asked == "drug")
        if doubt is None or (not doubt.of_dose and (urgent or await self._is_written(doubt))):
            return None
        if urgent:  # nothing is asked, and no dose is given of what may be another drug
            return Reply(wording.DRUG_UNCLEAR)
        return self._which_drug(self.confirming.ask(said, doubt, questions=self.row))

    async def _is_written(self, doubt: Doubt) -> bool:
        """Whether the library has the word itself: a name that it knows, and no mishearing."""
        word = doubt.heard.lower()
        return any(word in f"{seen.title} {seen.text}".lower() for seen in await self._evidence(doubt.heard))

    def _which_drug(self, turn: Turn) -> Reply:
        metrics.CLARIFICATIONS.labels("given_up" if turn.given_up else "asked").inc()
        drug = turn.kind == "drug"
        if turn.given_up:
            return Reply(wording.DRUG_UNCLEAR if drug else wording.WORD_UNCLEAR)
        question = wording.which_drug(turn.options) if drug else wording.which_word(turn.options)
        chips = YES_NO if len(turn.options) == 1 else (*turn.options, replies.ELSE) if turn.options else ()
        return Reply(question, ask=Ask(question, chips, turn.kind))

    async def _replied(self, said: str) -> Reply | None:
        """What follows from the reply to an open question; None where it is none. Calculators read their own."""
        if furthered := await self._furthered(said):
            return furthered
        step = self.asking.reply(said)
        return await self._step(*step) if step else await self._dose_told(said)

    async def _wished(self, said: str, *, urgent: bool) -> Reply:
        try:
            calculation = await self._calculation(said, urgent=urgent)
        except UnavailableError as error:
            log.warning("calculators.unavailable", code=error.code)
            if self.open or _CALCULATION.search(said.lower()):
                return Reply(wording.CALCULATORS_DOWN)
            calculation = None
        if calculation:
            return calculation
        skill = self.phrases.find(said)
        if skill:
            return await self._function(skill, said)
        if dose := await self._dose(said, urgent=urgent):
            return dose
        # The library would answer "send this to cardiology" with something on cardiology.
        return Reply(wording.NO_DEED) if intent_of(said) == "action" and not urgent else await self._topic(said)

    async def _topic(self, said: str, questions: int = 0) -> Reply:
        """Answer out of the library, or ask first which kind of its topic is meant."""
        about = self.asking.wanted(said)
        if about is None:
            return await self._answer(said)
        step = self.asking.recalled(about)
        if step is None:
            found = await self._evidence(about.phrase)
            step = self.asking.decide(said, about, found, questions=max(questions, self.row))
        return await self._step(step, questions)

    async def _step(self, step: Step, questions: int) -> Reply:
        if step.asks:
            metrics.CLARIFICATIONS.labels("asked").inc()
            question = wording.which(step.term, step.options)
            return Reply(question, ask=Ask(question, step.options, step.term))
        if questions:
            metrics.CLARIFICATIONS.labels("general" if step.note else "answered").inc()
        if step.again:
            return await self._topic(step.question, questions)
        return await self._answer(step.question, step.note)

    async def _evidence(self, phrase: str) -> list[Seen]:
        """What the library holds on a topic; nothing where it cannot be searched, and the answer will say so.

        The topic alone: "how is it treated" would bring passages on treatments of anything.
        """
        try:
            passages = await self.rooms.search(phrase)
        except (UnavailableError, ValidationError, NeedsInputError, ForbiddenError) as error:
            log.warning("retrieval.unavailable", code=error.code)
            return []
        return [Seen(passage.title, passage.score, passage.text) for passage in passages]

    async def _dose(self, said: str, *, urgent: bool) -> Reply | None:
        """The dose for a patient: from the labels by kidney function, or asked for what it depends on."""
        if not dosing.of_patient(said):
            return None
        known = dosing.of_case(said, self.case)
        if by_label := await self._in_table(said, known, urgent=urgent):
            return by_label
        request, note = dosing.with_case(said, known), wording.of_case(known)
        drug = drug_in(said)
        found = await self._evidence(said) if drug else []
        if drug and dosing.not_for_children(request, drug, found):
            return await self._answer(request, f"{note} {wording.not_for_children(drug)}".strip())
        waiting = dosing.opened(request, found, known)
        if waiting is None:
            return await self._answer(request, note) if known else None
        if urgent or self.row >= MAX_QUESTIONS:
            return await self._answer(request, f"{note} {wording.dose_without(waiting.lacks)}".strip())
        return self._lacks(waiting)

    async def _in_table(self, said: str, known: tuple[str, ...] = (), *, urgent: bool = False) -> Reply | None:
        if not dosing.in_table(dosing.with_case(said, known)):
            return None
        try:
            found = await self.rooms.interpret(said, calculator=dosing.TABLE, assume=urgent)
        except UnavailableError as error:
            log.warning("calculators.unavailable", code=error.code)
            return None
        return await self._proceed(found, said, 0) if "drug" in found.inputs else None

    def _lacks(self, waiting: dosing.Open) -> Reply:
        self.dose = waiting
        metrics.CLARIFICATIONS.labels("asked").inc()
        question = wording.for_the_dose(waiting.drug, waiting.lacks)
        return Reply(question, ask=Ask(question, (), "dose"))

    async def _dose_told(self, said: str) -> Reply | None:
        """What the reply to a question about a dose leads to; None where it is none."""
        waiting, self.dose = self.dose, None
        if waiting is None:
            return None
        note = wording.of_case(waiting.known)
        if replies.wants_result(said) or dosing.declines(said):
            return await self._answer(waiting.request, f"{note} {wording.dose_without(waiting.lacks)}".strip())
        told = dosing.replied(waiting, said)
        if told is None:
            return None
        if told.lacks and self.row < MAX_QUESTIONS:
            return self._lacks(told)
        found = await self._in_table(told.request)
        return found or await self._answer(told.request, f"{note} {wording.dose_without(told.lacks)}".strip())

    async def _calculation(self, said: str, *, urgent: bool) -> Reply | None:
        """The reply of a calculator, or the question it needs; None when none is meant.

        In an emergency the criteria that nobody mentioned are taken as "no", and that is said with the result.
        """
        waiting = self.open
        if waiting:
            continued = await self._continue(waiting, said)
            if continued:
                return continued
            self.open = None
        found = await self.rooms.interpret(said, assume=urgent)
        if found.confidence < CONFIDENT:
            return None
        return await self._proceed(found, said, 0)

    async def _continue(self, waiting: Open, said: str) -> Reply | None:
        """Take `said` as the reply to our question; None if it is a new question instead."""
        if waiting.calculator_id is None:
            place = replies.counted(said, waiting.interpretation.choices)
            chosen = said if place is None else waiting.interpretation.choices[place]
            found = await self.rooms.interpret(f"{waiting.said} {chosen}")
        else:
            found = await self.rooms.interpret(
                said,
                calculator=waiting.calculator_id,
                known=waiting.interpretation.inputs,
                asked=waiting.asked,
                doubted=waiting.interpretation.doubted,
                assume=replies.wants_result(said),
            )
        if found.calculator_id != waiting.calculator_id and found.calculator_id:
            # The calculator was chosen now, or another one was named.
            return await self._proceed(found, said, waiting.questions if not waiting.calculator_id else 0)
        understood = found.calculator_id is not None and found.confidence >= CONFIDENT
        if not understood and (self.phrases.find(said) or _QUESTION.match(said.lower()) or len(said.split()) > 6):
            return None
        if replies.wants_result(said):  # what may not be assumed is said to be missing instead of asked for
            return await self._proceed(found if understood else waiting.interpretation, waiting.said, MAX_QUESTIONS)
        return await self._proceed(found if understood else waiting.interpretation, waiting.said, waiting.questions)

    async def _proceed(self, found: Interpretation, said: str, questions: int) -> Reply:
        if found.calculator_id is None or found.missing:
            return self._lacking(found, said, questions)
        try:
            computed = await self.rooms.compute(found.calculator_id, found)
        except (NeedsInputError, ValidationError) as error:
            log.warning("calculation.refused", code=error.code)
            self.open = None
            return Reply(wording.not_computed(error.errors))
        self.open = None
        if questions:
            metrics.CLARIFICATIONS.labels("answered").inc()
        return Reply(wording.result(computed), result=computed)

    def _lacking(self, found: Interpretation, said: str, questions: int) -> Reply:
        first = found.missing[0] if found.missing else None
        slot = first.name if first else "calculator"
        waiting = Open(said, found, slot, questions + 1)
        if max(questions, self.row) >= MAX_QUESTIONS:
            metrics.CLARIFICATIONS.labels("given_up").inc()
            self.open = replace(waiting, asked=None, questions=questions) if found.calculator_id else None
            return Reply(wording.still_missing(found.missing, found.title) if first else wording.NOT_COMPUTED)
        self.open = waiting
        question = found.question or (first.question if first else "") or wording.NOT_COMPUTED
        metrics.CLARIFICATIONS.labels("asked").inc()
        return Reply(question, ask=Ask(question, _chips(first) if first else found.choices, slot))

    async def _answer(self, said: str, note: str = "") -> Reply:
        """`note` is said before an answer that rests on sources."""
        try:
            answer = await self.rooms.answer(said)
        except (UnavailableError, ValidationError, NeedsInputError) as error:
            log.warning("retrieval.unavailable", code=error.code)
            return Reply(wording.LIBRARY_PREPARED if error.code == LIBRARY_STARTING else wording.LIBRARY_DOWN)
        except ForbiddenError as error:
            log.info("retrieval.refused", code=error.code)
            return Reply(wording.KEPT_HERE if error.code == PHI_BLOCKED else wording.FUNCTION_REFUSED)
        text = f"{note} {answer.text}" if note and answer.citations else answer.text
        return Reply(text, answer.citations, answer.status, answer.notice)

    async def _furthered(self, said: str) -> Reply | None:
        """What was said goes as the reply to the function that asked back; None if none did or it is a new question."""
        waiting, self.waiting = self.waiting, None
        asks = _QUESTION.match(said.lower()) or _CALCULATION.search(said.lower())
        if waiting is None or asks or self.phrases.find(said):
            return None
        return await self._function(waiting.skill, f"{waiting.said}. {said}")

    async def _function(self, skill: Skill, said: str) -> Reply:
        try:
            spoken = await self.rooms.ask(skill, said)
            if spoken.asks and self.row >= MAX_QUESTIONS:
                spoken = await self.rooms.ask(skill, f"{said}. Just answer.")
        except UnavailableError as error:
            log.warning("function.unavailable", room=skill.room, code=error.code)
            return Reply(wording.FUNCTION_DOWN)
        except ForbiddenError:
            return Reply(wording.FUNCTION_REFUSED)
        except (ValidationError, NeedsInputError) as error:
            log.warning("function.puzzled", room=skill.room, code=error.code)
            return Reply(wording.FUNCTION_PUZZLED)
        if spoken.asks and self.row < MAX_QUESTIONS:
            self.waiting = Waiting(skill, said)
            return Reply(spoken.text, ask=Ask(spoken.text, (), spoken.asks))
        status: AnswerStatus | None = "supported" if spoken.citations else None
        return Reply(spoken.text, spoken.citations, status, spoken.notice)

    def _remember(self, reply: Reply) -> None:
        """Titles, labels and passages are spelled right; what the recogniser wrote might not be."""
        if self.expecting and reply.citations:
            self.topics.extend(
                reversed(self.expecting.in_texts([reply.text, *(one.snippet for one in reply.citations)]))
            )
        if reply.result:
            self.topics.extend([reply.result.title, *(one.label for one in reply.result.inputs)])
        for citation in reply.citations:
            self.topics.extend(part for part in (citation.title, citation.section) if part)


def _chips(asked: MissingInput) -> tuple[str, ...]:
    """What may be tapped: of criteria that are asked for together only a few, and that none applies."""
    if not asked.members:
        return asked.options
    return (*(asked.options if len(asked.options) <= SHOWN else ()), replies.NONE_OF_THESE)
