"""What each route of this room is to the policy (docs/reference/access.md)."""

ACTIONS = {
    "POST /api/v1/search": "knowledge.search",
    "POST /api/v1/answers": "question.ask",
    "POST /api/v1/answers/stream": "question.ask",
    "GET /api/v1/library": "knowledge.read",
}
