"""Keepers of key-encryption keys (port: voiceassist/ports/kms.py)."""

import json

from voiceassist.ports.kms import Context


def associated(context: Context) -> bytes:
    """The context as the bytes that are authenticated with a wrapped key."""
    return json.dumps(dict(context), sort_keys=True, separators=(",", ":")).encode()
