"""One text, one answer: what each route says of it. The routes themselves only read and write."""

from collections.abc import Awaitable, Callable
from datetime import date

from functions.phi import schema
from functions.phi.domain.model import Entity, redacted
from functions.phi.scanning import counted, scanned
from voiceassist.core.identity import Principal
from voiceassist.runtime.egress.policy import SINKS, Action, Policy, strictest
from voiceassist.runtime.pseudonyms.book import Book
from voiceassist.runtime.pseudonyms.vault import Conversation, Vault, of_caller

# (text, what the request says beside it) -> answer.
Answer = Callable[[str, schema.Scan], Awaitable[schema.Item]]
STAYS = frozenset({"keep_local", "block"})


async def _found(text: str, scan: schema.Scan) -> tuple[Entity, ...]:
    return await scanned(text, known=scan.known, kind=scan.kind)


async def detect(text: str, scan: schema.Scan) -> schema.Findings:
    return schema.Findings(entities=schema.entities_of(await _found(text, scan)))


async def redact(text: str, scan: schema.Scan) -> schema.Redaction:
    found = await _found(text, scan)
    return schema.Redaction(text=redacted(text, found), entities=schema.entities_of(found))


async def count(text: str, scan: schema.Scan) -> schema.Counts:
    found = await _found(text, scan)
    return schema.Counts(entities=schema.entities_of(found), counts=counted(found))


def classify(policy: Policy) -> Answer:
    """Yes or no, kinds and counts, and by the policy where a model may be asked; no places."""

    async def of(text: str, scan: schema.Scan) -> schema.Class:
        counts = counted(await _found(text, scan))
        stays = any(policy.action("cloud_llm", label) in STAYS for label in counts)
        return schema.Class(phi=bool(counts), categories=counts, route="local" if stays else "cloud")

    return of


def pseudonymise(vault: Callable[[], Vault], caller: Principal, policy: Policy, today: date) -> Answer:
    """Random stand-ins, the same again within a session of the same caller; kept sealed, never put back here."""
    alone = Book()

    async def of(text: str, scan: schema.Scan) -> schema.Pseudonyms:
        assert isinstance(scan, schema.Pseudonymise)  # noqa: S101 - what the route reads
        found = await _found(text, scan)

        def work(book: Book) -> schema.Pseudonyms:
            return replaced(text, found, book, policy, today)

        if not scan.session:
            return work(alone)
        return await vault().use(conversation(caller, scan.session), work)

    return of


def conversation(caller: Principal, session: str) -> Conversation:
    return of_caller(caller, f"api/{session}")


def replaced(text: str, found: tuple[Entity, ...], book: Book, policy: Policy, today: date) -> schema.Pseudonyms:
    parts: list[str] = []
    entities: list[schema.StandIn] = []
    at = 0
    for one in found:
        value = text[one.start : one.end]
        shown = book.shown(
            one.label, value, style=policy.style, dates_as=policy.dates, this_year=today.year, avoid=text
        )
        parts += [text[at : one.start], shown]
        at = one.end
        entities.append(
            schema.StandIn(
                start=one.start, end=one.end, label=one.label, score=one.score, source=one.source, pseudonym=shown
            )
        )
    return schema.Pseudonyms(text="".join([*parts, text[at:]]), entities=tuple(entities))


def outcomes(text: str, found: tuple[Entity, ...], policy: Policy, today: date) -> tuple[schema.Outcome, ...]:
    """What a policy would have done with a text at every sink."""
    told = []
    for sink in SINKS:
        labels = {one.label: policy.action(sink, one.label) for one in found}
        action = strictest(list(labels.values()))
        taken = tuple(one for one in found if labels[one.label] != "allow")
        leaves = leaving(text, taken, action, policy, today)
        told.append(schema.Outcome(sink=sink, action=action, labels=dict(labels), text=leaves))
    return tuple(told)


def leaving(text: str, taken: tuple[Entity, ...], action: Action, policy: Policy, today: date) -> str | None:
    if action in STAYS:
        return None
    return replaced(text, taken, Book(), policy, today).text if action == "pseudonymise" else redacted(text, taken)
