"""The gate's decisions in the audit: kinds, counts and versions, without the text and without a digest of it.

A decision is an act `text.decided` of whoever asked, else of the part that sends. Digests of policy and rules stand in
letters (0 to 9 as g to p), because an act holds no long numbers.
"""

import asyncio
import re
import threading
from collections.abc import Callable, Sequence

from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import DEFAULT_TENANT, service
from voiceassist.ports.auditing import Act, Auditor, Outcome
from voiceassist.runtime import routing
from voiceassist.runtime.egress.decisions import Decision

MOST_KINDS = 9
WAIT_SECONDS = 10.0
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


class Audit:
    """`part` is who sends where nobody asked; `apart` makes an auditor for threads, used on a loop of its own, since a
    pool of connections belongs to one loop. Raises UnavailableError where a decision is not on record."""

    def __init__(self, auditor: Auditor, *, apart: Callable[[], Auditor], part: str = "gate") -> None:
        self._auditor = auditor
        self._make_apart = apart
        self._part = part
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._aside: Auditor = auditor

    async def record(self, decisions: Sequence[Decision]) -> None:
        for one in decisions:
            await self._auditor.record(self._act(one))

    def now(self, decisions: Sequence[Decision]) -> None:
        """For threads; never on an event loop."""
        loop = self._apart()
        acts = [self._act(one) for one in decisions]

        async def record() -> None:
            for act in acts:
                await self._aside.record(act)

        try:
            asyncio.run_coroutine_threadsafe(record(), loop).result(WAIT_SECONDS)
        except TimeoutError:
            raise UnavailableError("The act could not be put on record.", code="AUDIT_UNAVAILABLE") from None

    def _apart(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._aside = self._make_apart()
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="gate-audit", daemon=True).start()
            return self._loop

    def _act(self, one: Decision) -> Act:
        principal = routing.caller() or service(self._part, routing.tenant() or DEFAULT_TENANT)
        objects = (f"text:{one.document_id}",) if _UUID.fullmatch(one.document_id) else ()
        return Act(principal, "text.decided", outcome=_outcome(one), objects=objects, facts=facts(one))


def facts(one: Decision) -> dict[str, int | str]:
    kinds = sorted(one.labels.items(), key=lambda item: -item[1])
    told: dict[str, int | str] = {
        "sink": one.sink,
        "action": one.action,
        "reason": one.reason,
        "policy": one.policy,
        "policy_digest": one.digest.translate(_LETTERS),
        "rules": one.rules.translate(_LETTERS),
        "length": one.length,
        "milliseconds": round(one.seconds * 1000),
        "layers": "+".join(one.layers)[:80],
        "least_score": round(one.least * 100),
    }
    told |= dict(kinds[:MOST_KINDS])
    if len(kinds) > MOST_KINDS:
        told["other_kinds"] = sum(count for _, count in kinds[MOST_KINDS:])
    return told


def _outcome(one: Decision) -> Outcome:
    if one.action == "refuse" and one.reason != "NOT_ALLOWED":
        return "failed"
    return "refused" if one.reason else "success"
