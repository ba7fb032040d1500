"""What each route of this room is to the policy (docs/reference/access.md)."""

ACTIONS = {
    "GET /api/v1/admin/policies": "policy.read",
    "GET /api/v1/admin/policies/current": "policy.read",
    "GET /api/v1/admin/policies/decisions": "policy.read",
    "GET /api/v1/admin/policies/{policy_id}": "policy.read",
    "POST /api/v1/admin/policies/validate": "policy.test",
    "POST /api/v1/admin/policies/dry-run": "policy.test",
    "POST /api/v1/admin/policies": "policy.propose",
    "POST /api/v1/admin/policies/{policy_id}/publish": "policy.approve",
    "POST /api/v1/admin/policies/{policy_id}/reject": "policy.approve",
    "POST /api/v1/admin/policies/{policy_id}/roll-back": "policy.roll_back",
    "POST /api/v1/break-glass": "break_glass.open",
    "GET /api/v1/break-glass": "break_glass.read",
    "POST /api/v1/break-glass/{grant_id}/close": "break_glass.read",
}
