"""What each route of this room is to the policy (docs/reference/access.md)."""

ACTIONS = {
    "POST /api/v1/audit/search": "audit.search",
    "POST /api/v1/audit/disclosures": "audit.disclose",
    "GET /api/v1/audit/verification": "audit.read",
    "POST /api/v1/audit/verification": "audit.verify",
}
