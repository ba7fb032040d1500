"""Subscriptions of integrators."""

from uuid import UUID

from events.catalog.payload import OTHER, OWNER, TENANT, EventType, Payload


class SubscriptionTested(Payload, frozen=True, kw_only=True):
    """Somebody wants to see that events reach the sink of a subscription; it alone is told."""

    TYPE = "org.voiceassist.subscription.tested.v1"
    subscription_id: UUID
    tenant_id: UUID
    owner_id: UUID


EVENTS = (
    EventType(
        payload=SubscriptionTested,
        says=("subscriptions",),
        heard_by=(),
        example=SubscriptionTested(subscription_id=OTHER, tenant_id=TENANT, owner_id=OWNER),
    ),
)
