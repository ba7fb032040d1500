"""What each route of this room is to the policy (docs/reference/access.md)."""

ACTIONS = {
    "GET /api/v1/calculators": "calculator.read",
    "POST /api/v1/calculators/interpret": "calculator.run",
    "GET /api/v1/calculators/{calculator_id}": "calculator.read",
    "POST /api/v1/calculators/{calculator_id}/compute": "calculator.run",
}
