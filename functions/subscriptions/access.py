"""What each route of this room is to the policy (docs/reference/access.md)."""

ACTIONS = {
    "POST /api/v1/events/subscriptions": "subscription.write",
    "GET /api/v1/events/subscriptions": "subscription.read",
    "GET /api/v1/events/subscriptions/{subscription_id}": "subscription.read",
    "PATCH /api/v1/events/subscriptions/{subscription_id}": "subscription.write",
    "DELETE /api/v1/events/subscriptions/{subscription_id}": "subscription.write",
    "POST /api/v1/events/subscriptions/{subscription_id}/secret/rotate": "subscription.write",
    "POST /api/v1/events/subscriptions/{subscription_id}/test": "subscription.write",
    "GET /api/v1/events/subscriptions/{subscription_id}/deliveries": "subscription.read",
    "POST /deliver/{subscription_id}": "delivery.receive",
}
