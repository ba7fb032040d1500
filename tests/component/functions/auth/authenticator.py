"""A WebAuthn authenticator in software, faithful and, where a test asks for it, not."""

import hashlib
import json
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator:
    """One credential on a P-256 key. `count` is what it will say next; attributes are changed to misbehave."""

    def __init__(self, origin: str, *, verified: bool = True, count: int = 1) -> None:
        self.origin = origin
        self.verified = verified
        self.count = count
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(32)

    def make(self, options: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """`navigator.credentials.create(options)`."""
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(cose)
        rp = changes.get("rp_id", options["rp"]["id"])
        data = self._data(rp, ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": changes.get("fmt", "none"), "attStmt": {}, "authData": data})
        client = self._client({"type": "webauthn.create", "challenge": options["challenge"]} | changes)
        return self._credential(clientDataJSON=client, attestationObject=attestation)

    def show(self, options: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """`navigator.credentials.get(options)`."""
        data = self._data(changes.get("rp_id", options["rpId"]), 0)
        client = self._client({"type": "webauthn.get", "challenge": options["challenge"]} | changes)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential(clientDataJSON=client, authenticatorData=data, signature=signature)

    def _data(self, rp_id: str, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verified else 0)
        count, self.count = self.count, self.count + (1 if self.count else 0)
        return hashlib.sha256(rp_id.encode()).digest() + struct.pack(">BI", flags, count)

    def _client(self, told: dict[str, Any]) -> bytes:
        client = {"type": told["type"], "challenge": told["challenge"], "origin": told.get("origin", self.origin)}
        return json.dumps(client | {"crossOrigin": False}).encode()

    def _credential(self, **response: bytes) -> dict[str, Any]:
        return {
            "id": encoded(self.id),
            "rawId": encoded(self.id),
            "type": "public-key",
            "response": {name: encoded(value) for name, value in response.items()},
            "clientExtensionResults": {},
        }
