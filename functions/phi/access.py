"""What each route of this room is to the policy (docs/reference/access.md)."""

ACTIONS = {
    "POST /api/v1/phi/detect": "phi.scan",
    "POST /api/v1/phi/redact": "phi.scan",
    "POST /api/v1/phi/entities": "phi.scan",
    "GET /api/v1/phi/entities": "phi.scan",
    "POST /api/v1/phi/classify": "phi.scan",
    "POST /api/v1/phi/pseudonymise": "phi.scan",
    "DELETE /api/v1/phi/sessions/{session}": "phi.scan",
    "POST /api/v1/phi/objects": "phi.store",
    "DELETE /api/v1/phi/objects/{object_id}": "phi.store",
    "POST /api/v1/phi/test": "phi.test",
}
