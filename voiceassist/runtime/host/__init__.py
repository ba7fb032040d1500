"""The local host: gateway and rooms in one process (facts/serverless.md §11, DESIGN §6)."""
