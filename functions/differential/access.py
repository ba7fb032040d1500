"""What each route of this room is to the policy (docs/reference/access.md)."""

ACTIONS = {
    "GET /api/v1/differential/presentations": "differential.read",
    "POST /api/v1/differential": "differential.run",
    "POST /api/v1/differential/ask": "differential.run",
}
