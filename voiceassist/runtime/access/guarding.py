"""The guard of this process: a request for the policy, its decision, and the refusal that follows from it.

There is no way past it: an engine that fails, is slow, or makes no decision refuses, and what is logged of that are
constants and the revision, never what was asked. (An engine in this process cannot be interrupted; how long a bundle
takes is measured before it is published.)
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from voiceassist.core.errors import ForbiddenError, MfaRequiredError
from voiceassist.core.identity import Principal
from voiceassist.ports.policy import Bundle, Decision, PolicyEngine, PolicyError
from voiceassist.runtime import logging, metrics
from voiceassist.runtime.access import bundles
from voiceassist.runtime.settings import Access, Settings, load_settings

log = logging.get_logger(__name__)

# Why the caller looks, as HL7 names it (v3 PurposeOfUse: TREAT, HPAYMT, HOPERAT, HRESCH, ETREAT); optional.
PURPOSE = "x-purpose-of-use"
UNDECIDED = "undecided"
LOOK_EVERY = 1.0  # seconds
SENTENCES = {
    "second_factor_too_old": "Confirm your second factor at POST /api/v1/auth/mfa/step-up, then ask again.",
    "scope_missing": "This key does not have the scope for that.",
    "purpose_not_permitted": "Your role may not do this for that purpose.",
    UNDECIDED: "Access could not be decided and is refused.",
}
CODES = {UNDECIDED: "ACCESS_UNDECIDED"}


@dataclass(frozen=True, slots=True)
class Record:
    """What is looked at, where the caller knows. `until` is Unix time of a break-glass grant to the principal."""

    tenant_id: UUID | None = None
    owner_id: UUID | None = None
    shared: bool = False
    until: float | None = None


NO_RECORD = Record()


def asked(
    principal: Principal, action: str, *, purpose: str = "", record: Record = NO_RECORD, now: float
) -> dict[str, Any]:
    """The input of functions/policies/rego/authz.rego; `now` is Unix time. No name, no text, nothing of a patient."""
    owner = str(record.owner_id or "")
    grant = {"subject": principal.subject, "owner": owner, "until": record.until} if record.until else {}
    verified = principal.second_factor_at
    return {
        "action": action,
        "subject": {
            "id": principal.subject,
            "tenant": str(principal.tenant_id),
            "role": principal.role,
            "profile": principal.profile,
            "key": bool(principal.scopes),
            "scopes": sorted(principal.scopes),
            "mfa_age": max(0, int(now - verified)) if verified else None,
        },
        "resource": {
            "tenant": str(record.tenant_id or principal.tenant_id),
            "owner": owner,
            "shared": record.shared,
        },
        "purpose": purpose,
        "break_glass": grant,
        "now": int(now),
    }


class Guard:
    """Holds the engine in force. `newer` is asked once a second for the engine of a bundle published meanwhile.

    A bundle that cannot be loaded changes nothing: the last good one stays.
    """

    def __init__(
        self, engine: PolicyEngine, *, seconds: float, newer: Callable[[], PolicyEngine | None] | None = None
    ) -> None:
        self._engine = engine
        self._seconds = seconds
        self._newer = newer
        self._looked = 0.0

    @property
    def revision(self) -> str:
        return self._engine.revision

    def _refresh(self) -> None:
        if self._newer is None or time.monotonic() - self._looked < LOOK_EVERY:
            return
        self._looked = time.monotonic()
        try:
            engine = self._newer()
        except PolicyError as error:
            log.error("policy.refused", digest=self.revision, **logging.error_fields(error))
            return
        if engine is not None:
            self._engine = engine
            log.info("policy.loaded", digest=engine.revision)

    async def decide(self, request: dict[str, Any]) -> Decision:
        """The decision, or a refusal where there is none."""
        self._refresh()
        engine = self._engine
        try:
            async with asyncio.timeout(self._seconds):
                decision = await engine.decide(request)
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody may pass
            log.error("access.undecided", digest=engine.revision, **logging.error_fields(error))
            decision = Decision(allow=False, reasons=(UNDECIDED,), revision=engine.revision)
        metrics.ACCESS.labels("allowed" if decision.allow else decision.reasons[0]).inc()
        return decision


async def permit(
    principal: Principal, action: str, *, purpose: str = "", record: Record = NO_RECORD, by: Guard | None = None
) -> Decision:
    """Go on, or ForbiddenError whose code and sentence say no more than the reason; MfaRequiredError for a step-up."""
    request = asked(principal, action, purpose=purpose, record=record, now=time.time())
    decision = await (by or guard()).decide(request)
    if not decision.allow:
        reason = next((one for one in SENTENCES if one in decision.reasons), decision.reasons[0])
        log.warning("access.refused", action=action, reason=reason, digest=decision.revision)
        if decision.reasons == ("second_factor_too_old",):
            raise MfaRequiredError(SENTENCES[reason], code="STEP_UP_REQUIRED")
        raise ForbiddenError(SENTENCES.get(reason, ""), code=CODES.get(reason))
    return decision


@lru_cache(maxsize=1)
def guard() -> Guard:
    """Made with the first decision, so that a cold room does not wait for it earlier than it must."""
    settings = load_settings()
    chosen, path = settings.access, bundle_path(settings)
    newer = Newer(path, chosen) if path and chosen.engine != "opa" else None
    return Guard(engine_of(bundles.packaged(), chosen), seconds=chosen.seconds, newer=newer)


class Newer:
    """The engine of the published bundle, when the file has changed; numbers only grow."""

    def __init__(self, path: Path, chosen: Access) -> None:
        self._path, self._chosen = path, chosen
        self._key = chosen.public_key or bundles.public_of(chosen.signing_key)
        self._seen: tuple[int, int, int] | None = None
        self._number = 0

    def __call__(self) -> PolicyEngine | None:
        try:
            now = self._path.stat()
        except OSError:
            return None
        seen = (now.st_mtime_ns, now.st_size, now.st_ino)
        if seen == self._seen:
            return None
        self._seen = seen
        found = bundles.published(self._path, public_key=self._key)
        if found.number <= self._number:
            raise PolicyError("The published policy is older than the one in force.")
        engine = engine_of(found.bundle, self._chosen)
        self._number = found.number
        return engine


def bundle_path(settings: Settings) -> Path | None:
    """Where the published policy is; None where there is no folder for it."""
    if settings.access.bundle:
        return Path(settings.access.bundle)
    return Path(settings.data_dir) / "policies/bundle.json" if settings.data_dir else None


def engine_of(bundle: Bundle, chosen: Access) -> PolicyEngine:
    """The engine of the settings for a bundle; PolicyError where it cannot be loaded."""
    if chosen.engine == "opa":
        from voiceassist.adapters.rego.opa import OpaServer

        if not chosen.opa_url:
            raise PolicyError("VOICEASSIST_ACCESS__OPA_URL is missing.")
        return OpaServer(
            chosen.opa_url, token=chosen.opa_token, ca_file=load_settings().ca_file, seconds=chosen.seconds
        )
    if chosen.engine == "regopy":
        from voiceassist.adapters.rego.cpp import RegoCppEngine

        return RegoCppEngine(bundle)
    from voiceassist.adapters.rego.rust import RegorusEngine

    return RegorusEngine(bundle)
