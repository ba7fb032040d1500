"""Signed deliveries by Standard Webhooks: a sink can tell that an event is ours, whole and fresh.

The body is the event in structured mode, so that the signature covers its attributes too.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import timedelta

PREFIX = "whsec_"
SECRET_BYTES = 32
# How long the secret before the present one signs too, so that a sink can change over without a gap.
OVERLAP = timedelta(hours=24)


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(identifier: str, body: bytes, *, signing: Sequence[str], seconds: int) -> dict[str, str]:
    """`webhook-*` of one delivery: `signing` are the secrets in force, newest first; `seconds` is Unix time."""
    signed = f"{identifier}.{seconds}.".encode() + body
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{_mac(secret, signed)}" for secret in signing),
    }


def _mac(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
