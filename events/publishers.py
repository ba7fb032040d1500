"""Whose events are taken, besides those of our own parts: keys of integrators with `events:publish`.

They publish types of their own freely, and of the house's types only those the catalogue marks external. Nobody speaks
as one of our rooms, about another tenant, or (unless an admin) about another person's things. Who published is written
into the extensions `tenantid` and `ownerid` here, whatever the event came with: the Triggers of subscriptions filter by
them. Pure: no network, no clock.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from events.catalog import EVENT_TYPES, PayloadError, check, read
from events.envelope import CloudEvent, decode, decode_batch, is_batch
from voiceassist.core.errors import FieldError, ForbiddenError
from voiceassist.core.identity import Principal

SCOPE = "events:publish"
OUR_TYPES = "org.voiceassist."
# What Knative's own sources say is external too, but not theirs: a made-up tick would start a nightly job.
PLATFORM_TYPES = "dev.knative."
OUR_SOURCE = "/voiceassist"
OWN = ("tenantid", "ownerid")
# In a payload of the catalogue these name the person it is about.
OWNER_FIELDS = ("owner_id", "user_id")


def checked(headers: Sequence[tuple[bytes, bytes]], body: bytes) -> tuple[CloudEvent, ...]:
    """The events of a request, one or a batch, with data that fits their schemas; EnvelopeError, PayloadError."""
    batch = is_batch(headers)
    events = decode_batch(headers, body, legacy=True) if batch else (decode(headers, body, legacy=True),)
    for index, event in enumerate(events):
        try:
            check(event.type, event.data)
        except PayloadError as error:
            raise error.at(index) if batch else error from None
    return events


def admitted(principal: Principal, event: CloudEvent) -> CloudEvent:
    """The event as it may enter; ForbiddenError with a pointer to the attribute or field at fault.

    Its data was checked against the schema before (`catalog.check`), else a PayloadError may surface here.
    """
    if principal.is_service:
        return event
    if SCOPE not in principal.scopes or principal.role == "viewer" or principal.user_id is None:
        raise ForbiddenError("This key may not publish events.")
    _check_source(event)
    if event.type.casefold().startswith((OUR_TYPES, PLATFORM_TYPES)):
        _check_reserved(principal, event)
    own = {"tenantid": str(principal.tenant_id), "ownerid": str(principal.user_id)}
    return msgspec.structs.replace(event, extensions=event.extensions | own)


def admitted_reply(event: CloudEvent, *, to: CloudEvent, ours: bool) -> CloudEvent:
    """A reply as it may enter: checked against its schema, and from a sink that is none of `ours` nothing in our name
    and about nobody but those whom the event was about that it replies `to`."""
    check(event.type, event.data)
    if ours:
        return event
    _check_source(event)
    if event.type.casefold().startswith((OUR_TYPES, PLATFORM_TYPES)):
        raise _forbidden("/type", "RESERVED", "Events of this type are published by the installation only.")
    rest = {name: value for name, value in event.extensions.items() if name not in OWN}
    own = {name: to.extensions[name] for name in OWN if name in to.extensions}
    return msgspec.structs.replace(event, extensions=rest | own)


def _check_source(event: CloudEvent) -> None:
    if event.source.casefold() == OUR_SOURCE or event.source.casefold().startswith(f"{OUR_SOURCE}/"):
        raise _forbidden("/source", "RESERVED", "This source belongs to the installation.")


def _check_reserved(principal: Principal, event: CloudEvent) -> None:
    entry = EVENT_TYPES.get(event.type)
    if entry is None or not entry.external or not event.type.startswith(OUR_TYPES):
        raise _forbidden("/type", "RESERVED", "Events of this type are published by the installation only.")
    payload: Any = read(entry.payload, event.data)
    if getattr(payload, "tenant_id", principal.tenant_id) != principal.tenant_id:
        raise _forbidden("/tenant_id", "FOREIGN", "The event is about another tenant.")
    if principal.role == "admin":
        return
    for field in OWNER_FIELDS:
        if getattr(payload, field, principal.user_id) not in {principal.user_id, None}:
            raise _forbidden(f"/{field}", "FOREIGN", "The event is about another person.")


def _forbidden(pointer: str, code: str, detail: str) -> ForbiddenError:
    return ForbiddenError(detail, errors=(FieldError(pointer, code),))
