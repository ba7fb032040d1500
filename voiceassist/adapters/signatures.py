"""Ed25519 (RFC 8032): whoever holds the seed signs, whoever holds the public key sees that it was them."""

import hashlib
from typing import TYPE_CHECKING

from voiceassist.core.errors import VoiceAssistError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY_BYTES = 32


class Signer:
    """`seed` is 32 bytes; `key_id` is the start of the SHA-256 of the public key."""

    def __init__(self, seed: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        if len(seed) != KEY_BYTES:
            raise VoiceAssistError("The signing key is not set.")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()
        self.key_id = key_id(self.public)

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(message)


class Verifier:
    """Trusts the given public keys and no other."""

    def __init__(self, *public: bytes) -> None:
        self._keys: dict[str, Ed25519PublicKey] = {key_id(key): _loaded(key) for key in public}

    def verify(self, name: str, message: bytes, signature: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature

        key = self._keys.get(name)
        if key is None:
            return False
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def key_id(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:16]


def _loaded(public: bytes) -> "Ed25519PublicKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(public)
