"""What each route of this room is to the policy (docs/reference/access.md)."""

ACTIONS = {
    "GET /api/v1/notifications": "notification.read",
    "POST /api/v1/notifications/{notification_id}/read": "notification.mark",
}
