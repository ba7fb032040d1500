"""The signing key of the embedded issuer: one P-256 key, created once under `<data>/issuer`."""

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from voiceassist.core.files import write_whole

ALGORITHM = "ES256"


class SigningKey:
    def __init__(self, pem: bytes) -> None:
        self._key = ECKey.import_key(pem)

    @cached_property
    def kid(self) -> str:
        """RFC 7638 thumbprint: the same key always has the same name."""
        return str(self._key.thumbprint())

    def jwks(self) -> dict[str, Any]:
        public = self._key.as_dict(private=False)
        return {"keys": [public | {"kid": self.kid, "use": "sig", "alg": ALGORITHM}]}

    def sign(self, claims: dict[str, Any], typ: str = "JWT") -> str:
        header = {"alg": ALGORITHM, "kid": self.kid, "typ": typ}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])

    def signed(self, token: str) -> dict[str, Any] | None:
        """The claims of a token that this key signed, whenever that was; None for any other."""
        try:
            return dict(jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims)
        except (JoseError, ValueError):
            return None


def load_or_create(path: Path) -> SigningKey:
    """The key of the file; a new one (mode 0600) where there is none yet."""
    if not path.exists():
        key = ECKey.generate_key("P-256", private=True)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, key.as_pem(private=True))
    return SigningKey(path.read_bytes())


def half_hash(token: str) -> str:
    """`at_hash` of OpenID Connect Core, section 3.1.3.6: the left half of SHA-256, base64url."""
    import base64

    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).rstrip(b"=").decode()
