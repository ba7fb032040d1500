"""The gate: texts in, what may leave of them out, or an error and nothing leaves.

Each text is looked through first, whatever the policy says; then the strictest action of the findings is taken. An
error, a deadline or too much to do is a no. Every decision is recorded without the text, and where there is an audit
nothing leaves before it is on record. What was pseudonymised comes back through `Passed.restoring`, here and nowhere
else.
"""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NoReturn
from uuid import UUID

from voiceassist.core.errors import UnavailableError
from voiceassist.runtime import routing
from voiceassist.runtime.egress import decisions
from voiceassist.runtime.egress.decisions import (
    Decision,
    NothingLeavesError,
    PhiBlockedError,
    PhiViolationError,
    Record,
)
from voiceassist.runtime.egress.policy import ASKED, Action, Policy, Sink, strictest
from voiceassist.runtime.egress.recording import Audit
from voiceassist.runtime.egress.rewording import is_sure, reworded
from voiceassist.runtime.egress.scanning import DetectorUnavailableError, Found, Scanner
from voiceassist.runtime.pseudonyms.book import Book
from voiceassist.runtime.pseudonyms.restoring import Restoring
from voiceassist.runtime.pseudonyms.vault import Conversation, Vault, of_caller

MODELS: frozenset[Sink] = frozenset({"cloud_llm", "embeddings"})


@dataclass(frozen=True, slots=True)
class Passed:
    """What may leave, in the order of what came; `labels` how many findings of each kind were in it."""

    texts: tuple[str, ...]
    public: tuple[str, ...] = ()
    labels: dict[str, int] = field(default_factory=dict)
    restoring: Restoring = field(default_factory=lambda: Restoring({}))


@dataclass(frozen=True, slots=True)
class Findings:
    """What a text holds: labels with counts. `known` is False where nobody could look: treat it as identifying."""

    labels: dict[str, int]
    known: bool = True

    @property
    def identifies(self) -> bool:
        return bool(self.labels) or not self.known


class Gate:
    """`models`: whether anything at all may go to models outside. `vault` keeps what a conversation needs later."""

    def __init__(
        self,
        policy: Policy,
        scanner: Scanner,
        *,
        models: bool = False,
        vault: Vault | None = None,
        record: Record = decisions.record,
        audit: Audit | None = None,
    ) -> None:
        self.policy = policy
        self.scanner = scanner
        self._models = models
        self._vault = vault
        self._record = record
        self._audit = audit

    async def outgoing(
        self,
        sink: Sink,
        texts: Sequence[str],
        *,
        public: Sequence[str] = (),
        conversation: Conversation | None = None,
        known: Sequence[str] = (),
        kind: str | None = None,
        document_id: str = "",
    ) -> Passed:
        """What of the texts may go to `sink`; `public` are texts that belong to nobody, which nothing keeps here.

        A conversation has its stand-ins in the vault; without one they are good for this one call. Raises
        PhiBlockedError (PhiViolationError for questions to the world) or DetectorUnavailableError.
        """
        work = _Work(self, sink, texts, public, conversation or _current(), document_id)
        async with self._on_record(work):
            return await self._outgoing(work, known, kind)

    async def _outgoing(self, work: "_Work", known: Sequence[str], kind: str | None) -> Passed:
        sink, texts, public, conversation = work.sink, work.texts, work.public, work.conversation
        work.admit()
        try:
            known = (*known, *await self._known(conversation))
            found = [await self.scanner.find(text, known=known, kind=kind) for text in (*texts, *public)]
        except UnavailableError as error:
            work.refuse(error)
        if work.decide(found) == "block" and sink in ASKED:
            text, ones = next((text, ones) for text, ones in zip(texts, found, strict=False) if ones)
            raise PhiViolationError(sink, await self._suggestion(text, ones))
        work.insist()
        if not work.needs_book:
            return work.passed(Book())
        if self._vault is None or conversation is None:
            return work.passed(Book())
        try:
            return await self._vault.use(conversation, work.passed)
        except UnavailableError as error:
            work.refuse(error)

    def outgoing_now(self, sink: Sink, texts: Sequence[str]) -> Passed:
        """As `outgoing`, for threads; stand-ins are good for this one call."""
        work = _Work(self, sink, texts, (), None, "")
        try:
            work.admit()
            try:
                found = [self.scanner.find_now(text) for text in texts]
            except DetectorUnavailableError as error:
                work.refuse(error)
            work.decide(found)
            work.insist()
            passed = work.passed(Book())
        finally:
            if self._audit:
                self._audit.now(work.decisions)
        return passed

    async def look(self, text: str, *, known: Sequence[str] = (), kind: str | None = None) -> Findings:
        """What a text holds, told apart from where it goes; never raises."""
        try:
            found = await self.scanner.find(text, known=known, kind=kind)
        except DetectorUnavailableError:
            return Findings({}, known=False)
        return Findings(decisions.counted([label for one in found for label in one.labels]))

    async def inspect(self, sink: Sink, text: str, *, document_id: str = "") -> tuple[Action, tuple[Found, ...]]:
        """The strictest action and what is not allowed, where the caller does what policy says; a decision like any.

        Raises DetectorUnavailableError.
        """
        work = _Work(self, sink, [text], (), None, document_id)
        async with self._on_record(work):
            try:
                found = await self.scanner.find(text)
            except DetectorUnavailableError as error:
                work.refuse(error)
            return work.decide([found]), work.held(found)

    async def remember(self, conversation: Conversation, known: Sequence[str]) -> None:
        """What the caller knows of the patient, for every text of the conversation; sealed with the stand-ins."""
        if self._vault is None:
            raise UnavailableError("Pseudonyms cannot be kept here.", code="PSEUDONYMS_UNAVAILABLE")
        await self._vault.use(conversation, lambda book: setattr(book, "known", list(known)))

    async def forget(self, conversation: Conversation) -> None:
        if self._vault:
            await self._vault.forget(conversation)

    async def _known(self, conversation: Conversation | None) -> tuple[str, ...]:
        if self._vault is None or conversation is None:
            return ()
        return await self._vault.use(conversation, lambda book: book.identifiers)

    @asynccontextmanager
    async def _on_record(self, work: "_Work") -> AsyncIterator[None]:
        """What cannot be put on record does not leave: its error takes the place of what was decided."""
        try:
            yield
        finally:
            if self._audit and work.has_text:
                await self._audit.record(work.decisions)

    async def without(self, text: str) -> str | None:
        """The same question about "the patient", for who finds nothing under a name.

        None where it would not surely be the same question, and where nobody can look.
        """
        try:
            found = await self.scanner.find(text)
        except DetectorUnavailableError:
            return None
        return reworded(text, found) if is_sure(text, found) else None

    def keeps_local(self, findings: Findings, tenant_id: UUID | None) -> bool:
        """Whether what was found keeps a text from models outside."""
        policy = self.policy.of(tenant_id)
        actions = [policy.action("cloud_llm", label) for label in findings.labels]
        return not findings.known or strictest(actions) in {"keep_local", "block"}

    def allows_models(self) -> bool:
        return self._models and not routing.is_local()

    async def _suggestion(self, text: str, found: Sequence[Found]) -> str:
        """Empty where the rewording would still name somebody, or nobody can tell."""
        told = reworded(text, found)
        return "" if (await self.look(told)).identifies else told


class _Work:
    """One call of the gate."""

    def __init__(
        self,
        gate: Gate,
        sink: Sink,
        texts: Sequence[str],
        public: Sequence[str],
        conversation: Conversation | None,
        document_id: str,
    ) -> None:
        self._gate = gate
        self.sink = sink
        self.texts, self.public = tuple(texts), tuple(public)
        self.conversation = conversation
        self.decisions: list[Decision] = []
        self._policy = gate.policy.of(conversation.tenant_id if conversation else routing.tenant())
        self._document_id = document_id
        self._began = time.perf_counter()
        self._found: Sequence[tuple[Found, ...]] = ()
        self._action: Action = "allow"

    def held(self, found: Sequence[Found]) -> tuple[Found, ...]:
        return tuple(one for one in found if self._of(one) != "allow")

    @property
    def has_text(self) -> bool:
        return any(self.texts) or any(self.public)

    def admit(self) -> None:
        if self.sink in MODELS and not self._gate.allows_models():
            self._tell("refuse", {}, "NOT_ALLOWED")
            raise NothingLeavesError(self.sink)

    def refuse(self, error: UnavailableError) -> NoReturn:
        self._tell("refuse", {}, getattr(error, "reason", error.code))
        raise error

    def decide(self, found: Sequence[tuple[Found, ...]]) -> Action:
        self._found = found
        of_texts = [self._of(one) for ones in found[: len(self.texts)] for one in ones]
        of_public = [self._of_public(one) for ones in found[len(self.texts) :] for one in ones]
        self._action = strictest(of_texts)
        reason = {"block": "BLOCKED", "keep_local": "KEEP_LOCAL"}.get(self._action, "")
        self._tell(strictest([*of_texts, *of_public]), self.labels, reason)
        return self._action

    def insist(self) -> None:
        if self._action in {"block", "keep_local"}:
            raise PhiBlockedError("BLOCKED" if self._action == "block" else "KEEP_LOCAL", self.sink)

    @property
    def labels(self) -> dict[str, int]:
        return decisions.counted([label for ones in self._found for one in ones for label in one.labels])

    @property
    def needs_book(self) -> bool:
        texts = len(self.texts)
        return any(
            (self._of(one) if number < texts else self._of_public(one)) == "pseudonymise"
            for number, ones in enumerate(self._found)
            for one in ones
        )

    def passed(self, book: Book) -> Passed:
        said = "\n".join((*self.texts, *self.public))
        count = len(self.texts)
        if self.sink in MODELS:
            routing.went_out()
        texts = [
            self._replaced(text, ones, self._of, book, said)
            for text, ones in zip(self.texts, self._found[:count], strict=True)
        ]
        public = [
            self._replaced(text, ones, self._of_public, book, said)
            for text, ones in zip(self.public, self._found[count:], strict=True)
        ]
        return Passed(tuple(texts), tuple(public), self.labels, Restoring(book.values))

    def _replaced(
        self, text: str, found: Sequence[Found], action: Callable[[Found], Action], book: Book, said: str
    ) -> str:
        return replaced(text, found, lambda one, value: self._put(book, action(one), one, value, said))

    def _put(self, book: Book, action: Action, one: Found, value: str, said: str) -> str:
        if action == "allow":
            return value
        if action == "redact":
            return f"[{one.label}]"
        return book.shown(
            one.label,
            value,
            style=self._policy.style,
            dates_as=self._policy.dates,
            patient=self.conversation.patient if self.conversation else "",
            this_year=datetime.now(UTC).year,
            avoid=said,
        )

    def _of(self, one: Found) -> Action:
        return strictest([self._policy.action(self.sink, label) for label in one.labels])

    def _of_public(self, one: Found) -> Action:
        """What was published is no secret that keeps a text here; it goes out as a stand-in and comes back."""
        action = self._of(one)
        return "pseudonymise" if action in {"block", "keep_local"} else action

    def _tell(self, action: Action | str, labels: dict[str, int], reason: str) -> None:
        every = [one for ones in self._found for one in ones]
        self.decisions.append(
            Decision(
                self.sink,
                action,
                labels,
                self._policy.version,
                self._policy.digest,
                self._gate.scanner.version,
                decisions.length_class(sum(map(len, (*self.texts, *self.public)))),
                time.perf_counter() - self._began,
                self._document_id,
                reason,
                tuple(sorted({source for one in every for source in one.sources})),
                min((one.score for one in every), default=0.0),
            )
        )
        self._gate._record(self.decisions[-1])  # noqa: SLF001 - a part of the gate


def _current() -> Conversation | None:
    """The conversation of this request, where its caller named one."""
    caller, name = routing.caller(), routing.conversation()
    return of_caller(caller, name) if caller and name else None


def replaced(text: str, found: Sequence[Found], put: Callable[[Found, str], str]) -> str:
    """The text with something put in the place of each finding."""
    told: list[str] = []
    position = 0
    for one in found:
        told += (text[position : one.start], put(one, text[one.start : one.end]))
        position = one.end
    return "".join((*told, text[position:]))
