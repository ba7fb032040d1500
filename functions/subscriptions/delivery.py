"""An event on its way from the broker to a sink: signed, sent once, and the answer told to the broker.

The broker does the waiting and trying again; what is answered here decides which (facts of the Knative data plane).
"""

import time
from typing import TYPE_CHECKING
from uuid import UUID

from events.envelope import CloudEvent, encode_binary, encode_structured
from functions.subscriptions import domain, service, signature, store
from functions.subscriptions.domain import Subscription, Verdict
from functions.subscriptions.service import ROOM, Keeping
from voiceassist.core import clock
from voiceassist.core.errors import (
    DependencyTimeoutError,
    ExternalApiError,
    PermanentEventError,
    UnavailableError,
)
from voiceassist.core.identity import service as acting
from voiceassist.runtime import logging, metrics, routing
from voiceassist.runtime.egress import DetectorUnavailableError, PhiBlockedError
from voiceassist.runtime.egress.web import Answer, EgressRefusedError, NoAnswerError

if TYPE_CHECKING:
    from voiceassist.core.errors import VoiceAssistError

log = logging.get_logger(__name__)

# Below the Trigger's timeout of 15 s, so that we and not the broker say that the sink was too slow.
SINK_SECONDS = 10.0
AGENT = "VoiceAssist"


async def deliver(keeping: Keeping, subscription_id: UUID, event: CloudEvent) -> None:
    """Returns when the broker is to be told 204; raises what it is to be told otherwise."""
    found = await _subscription(keeping, subscription_id, event)
    if found is None:
        # Ended, deleted, or no longer its owner's to see, while the event was on its way. A refusal would turn every
        # such event into a dead letter that nobody waits for.
        metrics.WEBHOOKS.labels("skipped").inc()
        log.info("webhook.skipped", trigger=domain.name_of(subscription_id), event_type=event.type, event_id=event.id)
        await service.agreed(keeping)
        return
    subscription, secrets = found
    body = encode_structured(event)[1]
    started = time.perf_counter()
    try:
        answer = await _sent(keeping, subscription, secrets, event, body)
    except NoAnswerError as error:
        await _note(keeping, subscription, event, Verdict.FAILED, None, started)
        if error.reason == "TIMEOUT":
            raise DependencyTimeoutError("The sink did not answer in time.", code="SINK_TIMEOUT") from None
        raise ExternalApiError("The sink gave no answer.", code="SINK_UNREACHABLE") from None
    except EgressRefusedError:
        await _note(keeping, subscription, event, Verdict.REFUSED, None, started)
        raise PermanentEventError("The sink's address is not one we send to.", code="SINK_NOT_ALLOWED") from None
    except PhiBlockedError:
        await _note(keeping, subscription, event, Verdict.REFUSED, None, started)
        raise PermanentEventError("The event holds identifiers and is not sent.", code="PHI_BLOCKED") from None
    except DetectorUnavailableError:  # nobody could look: the broker tries again
        await _note(keeping, subscription, event, Verdict.FAILED, None, started)
        raise
    verdict = domain.verdict_of(answer.status)
    await _note(keeping, subscription, event, verdict, answer.status, started)
    if verdict is Verdict.GONE:
        await service.end(keeping, subscription, "GONE")
    if error_ := _told(verdict, answer):
        raise error_


async def _subscription(
    keeping: Keeping, subscription_id: UUID, event: CloudEvent
) -> tuple[Subscription, store.Secrets] | None:
    """The subscription, if the event may go to it. Read as its tenant, so that no other tenant's can be found."""
    try:
        tenant_id = UUID(str(event.extensions.get("tenantid")))
    except ValueError:
        return None
    async with keeping.database.transaction(acting(ROOM, tenant_id)) as connection:
        subscription = await store.whole(connection, subscription_id)
        secrets = await store.secrets(connection, subscription_id)
    if subscription is None or secrets is None or not subscription.wanted:
        return None
    return (subscription, secrets) if subscription.may_have(event.extensions) else None


async def _sent(
    keeping: Keeping, subscription: Subscription, secrets: store.Secrets, event: CloudEvent, body: bytes
) -> Answer:
    keys = await keeping.keyring.of(subscription.tenant_id)
    signing = [store.SECRET.open(keys, subscription.id, secrets.present)]
    if secrets.previous:
        signing.append(store.PREVIOUS_SECRET.open(keys, subscription.id, secrets.previous))
    # As a header the id must be ASCII; it is written as in binary mode, and signed as it is written.
    identifier = encode_binary(event)[0]["ce-id"]
    headers = signature.headers(identifier, body, signing=signing, seconds=int(time.time()))
    headers |= {"content-type": encode_structured(event)[0]["content-type"], "user-agent": AGENT}
    with routing.request(subscription.tenant_id):
        return await keeping.outside.tell(subscription.sink, event, body, headers=headers, limit=SINK_SECONDS)


async def _note(
    keeping: Keeping,
    subscription: Subscription,
    event: CloudEvent,
    verdict: Verdict,
    status: int | None,
    started: float,
) -> None:
    """The log of deliveries. Without it the delivery has happened all the same, and is not to be repeated."""
    milliseconds = round((time.perf_counter() - started) * 1000)
    metrics.WEBHOOKS.labels(verdict.value).inc()
    log.info(
        "webhook.answered",
        trigger=domain.name_of(subscription.id),
        event_type=event.type,
        event_id=event.id,
        state=verdict.value,
        status=status,
        duration_ms=milliseconds,
    )
    try:
        async with keeping.database.transaction(acting(ROOM, subscription.tenant_id)) as connection:
            await store.record(
                connection,
                subscription,
                event_id=event.id,
                event_type=event.type,
                outcome=verdict.value,
                status=status,
                duration_ms=milliseconds,
            )
    except UnavailableError:
        log.warning("webhook.not_recorded", trigger=domain.name_of(subscription.id))


def _told(verdict: Verdict, answer: Answer) -> "VoiceAssistError | None":
    """What the broker hears: 204 done, 422 never again, 503 at the sink's pace, 502 later."""
    if verdict is Verdict.DELIVERED:
        return None
    if verdict is Verdict.BUSY:
        pause = domain.pause_of(answer.headers.get("retry-after"), now=clock.now())
        return UnavailableError("The sink asks for patience.", code="SINK_BUSY", retry_after=pause)
    if verdict is Verdict.FAILED:
        return ExternalApiError("The sink failed.", code="SINK_FAILED")
    return PermanentEventError("The sink refuses this event for good.", code="SINK_REFUSED")
