"""Key-encryption keys in the transit engine of HashiCorp Vault or OpenBao, over HTTP.

A transit key has versions and a ciphertext names its own (`vault:v3:…`). The context of a data key is passed as
associated data, which the key types aes256-gcm96 and chacha20-poly1305 authenticate.
"""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voiceassist.adapters.kms import associated
from voiceassist.ports.kms import Context, KmsUnavailableError, Wrapped, WrappedKeyBrokenError

if TYPE_CHECKING:
    import httpx

SECONDS = 5.0
BAD_REQUEST = 400  # of a ciphertext: it does not open


class VaultKms:
    """`token` is asked for with every call: an agent renews the file it stands in."""

    def __init__(
        self,
        url: str,
        key: str,
        token: Callable[[], str],
        *,
        mount: str = "transit",
        namespace: str = "",
        ca_file: str = "",
    ) -> None:
        self._url = f"{url.rstrip('/')}/v1/{mount.strip('/')}"
        self._key = key
        self._token = token
        self._namespace = namespace
        self._ca_file = ca_file
        self._client: httpx.Client | None = None

    def current(self) -> str:
        return self._named(int(self._call("GET", f"keys/{self._key}")["latest_version"]))

    def wrap(self, key: bytes, context: Context) -> Wrapped:
        body = {"plaintext": _told(key), "associated_data": _told(associated(context))}
        ciphertext = str(self._call("POST", f"encrypt/{self._key}", body)["ciphertext"])
        return Wrapped(self._named(int(ciphertext.split(":")[1].removeprefix("v"))), ciphertext.encode())

    def unwrap(self, wrapped: Wrapped, context: Context) -> bytes:
        body = {"ciphertext": wrapped.data.decode(), "associated_data": _told(associated(context))}
        return base64.b64decode(self._call("POST", f"decrypt/{self._key}", body)["plaintext"])

    def rotate(self) -> str:
        self._call("POST", f"keys/{self._key}/rotate", {})
        return self.current()

    def _named(self, version: int) -> str:
        return f"vault:{self._key}:v{version}"

    def _call(self, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        import httpx

        if self._client is None:
            verify = _trusting(self._ca_file) if self._ca_file else True
            self._client = httpx.Client(timeout=SECONDS, verify=verify, trust_env=False, follow_redirects=False)
        headers = {"x-vault-token": self._token(), "x-vault-request": "true"}
        if self._namespace:
            headers["x-vault-namespace"] = self._namespace
        try:
            answer = self._client.request(method, f"{self._url}/{path}", json=body, headers=headers)
            if answer.status_code == BAD_REQUEST and path.startswith("decrypt/"):
                raise WrappedKeyBrokenError("Vault does not open a wrapped data key.")
            answer.raise_for_status()
            return dict(answer.json().get("data") or {}) if answer.content else {}
        except (httpx.HTTPError, ValueError):
            raise KmsUnavailableError("Vault refuses, is sealed, or is not available.") from None


def token_in(path: Path) -> Callable[[], str]:
    def token() -> str:
        try:
            return path.read_text().strip()
        except OSError:
            raise KmsUnavailableError("The token for Vault cannot be read.") from None

    return token


def _told(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _trusting(ca_file: str) -> Any:
    import ssl

    return ssl.create_default_context(cafile=ca_file)
