"""Where a user's own words may stand."""

# Columns that hold what a user entered for themselves, under row-level security: not a leak but the product's purpose.
OWN_TEXTS = {
    "api_keys.name": "the owner's name for a key",
    "subscriptions.name": "the owner's name for a subscription",
    "subscriptions.sink": "where the owner wants events sent",
    "subscriptions.filters": "which of them",
}
