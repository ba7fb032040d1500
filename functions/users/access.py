"""What each route of this room is to the policy (docs/reference/access.md)."""

ACTIONS = {
    "GET /api/v1/users/directory": "directory.read",
    "POST /api/v1/users/directory/dry-run": "directory.read",
    "POST /api/v1/users/directory/sync": "directory.sync",
    "POST /api/v1/users/directory/changed": "directory.notify",
}
