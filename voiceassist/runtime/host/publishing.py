"""An integrator's events on their way to a cluster's Broker.

Our own broker judges what integrators publish, and marks it with tenant and owner (events/publishers.py). The ingress
of Kafka or RabbitMQ takes whatever it is sent, and no batches: there the gateway judges and marks, and hands over one
event after another. What had arrived before one of a batch failed arrives again with the next try, under its id.
"""

import asyncio
from collections.abc import Sequence

from starlette.types import Receive

from events import publishers
from events.envelope import CloudEvent, encode_structured, is_batch
from voiceassist.core.errors import PayloadTooLargeError, UnavailableError
from voiceassist.core.identity import Principal
from voiceassist.runtime import http, providers, publisher, routing
from voiceassist.runtime.egress import screening
from voiceassist.runtime.posting import NoAnswerError
from voiceassist.runtime.settings import Settings

RawHeaders = Sequence[tuple[bytes, bytes]]

ISSUER = "gateway"
BODY_SECONDS = 15.0
ANSWER_SECONDS = 10.0
ACCEPTED = frozenset({200, 202})


async def read(receive: Receive, limit: int) -> bytes:
    """A body of at most `limit` bytes; raises PayloadTooLargeError, or UnavailableError where it does not come."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise UnavailableError("The caller went away.")
                body += message.get("body", b"")
                if len(body) > limit:
                    raise PayloadTooLargeError
                if not message.get("more_body"):
                    return bytes(body)
    except TimeoutError:
        raise UnavailableError("The body did not come in time.", retry_after=1) from None


async def publish(headers: RawHeaders, body: bytes, principal: Principal, settings: Settings) -> None:
    """Hand over all events of a request, or none that the rules refuse.

    Raises EnvelopeError, PayloadError, ForbiddenError or EventPhiError for what may not enter, UnavailableError where
    the Broker does not take what may, or nobody can tell.
    """
    admitted = [publishers.admitted(principal, event) for event in publishers.checked(headers, body)]
    with routing.request(principal.tenant_id, caller=principal):
        events = await screening.screened(providers.gate(), admitted, batch=is_batch(headers))
    identity = http.broker_headers(principal, issuer=ISSUER, settings=settings)
    for event in events:
        await _hand_over(event, identity, settings.broker_url)


async def _hand_over(event: CloudEvent, identity: dict[str, str], sink: str) -> None:
    headers, body = encode_structured(event)
    try:
        answer = await publisher.client().post(sink, identity | dict(headers), body, limit=ANSWER_SECONDS)
    except NoAnswerError:
        raise UnavailableError("The broker does not answer.", code="SERVICE_UNAVAILABLE", retry_after=1) from None
    if answer.status not in ACCEPTED:
        raise UnavailableError("The broker does not take events now.", code="SERVICE_UNAVAILABLE", retry_after=1)
