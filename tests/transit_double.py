"""HashiCorp Vault's transit engine over HTTP, as far as a keeper of data keys uses it.

Written from Vault's API documentation (secrets engine "transit", key type aes256-gcm96): versions of a key, ciphertexts
`vault:v<n>:<base64>`, associated data, `{"errors": […]}` with 400, 403, 404 and 503.
"""

import base64
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "hvs.transit-double-token"


class Transit(ThreadingHTTPServer):
    """`sealed`: it answers 503 to everything. `requests`: method, path and headers of each that came."""

    daemon_threads = True

    def __init__(self, key="voiceassist"):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.versions = {key: [AESGCM(os.urandom(32))]}
        self.sealed = False
        self.requests = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def stop(self):
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self._answer("GET")

    def do_POST(self):
        self._answer("POST")

    def _answer(self, method):
        length = int(self.headers.get("content-length", 0))
        body = json.loads(self.rfile.read(length)) if length else {}
        self.server.requests.append((method, self.path, dict(self.headers)))
        status, told = self._status(method, body)
        data = json.dumps({"data": told} if status == 200 else {"errors": [told]}).encode() if status != 204 else b""
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _status(self, method, body):  # noqa: PLR0911 - a line a status
        if self.server.sealed:
            return 503, "Vault is sealed"
        if self.headers.get("x-vault-token") != TOKEN:
            return 403, "permission denied"
        _, _, mount, operation, name, *rest = self.path.split("/")
        versions = self.server.versions.get(name)
        if mount != "transit" or versions is None:
            return 404, "no handler for route"
        if (method, operation, rest) == ("GET", "keys", []):
            return 200, {"latest_version": len(versions), "type": "aes256-gcm96"}
        if (method, operation, rest) == ("POST", "keys", ["rotate"]):
            versions.append(AESGCM(os.urandom(32)))
            return 204, None
        aad = base64.b64decode(body.get("associated_data", ""))
        if operation == "encrypt":
            nonce = os.urandom(12)
            sealed = nonce + versions[-1].encrypt(nonce, base64.b64decode(body["plaintext"]), aad)
            return 200, {"ciphertext": f"vault:v{len(versions)}:{base64.b64encode(sealed).decode()}"}
        try:
            _, version, data = body["ciphertext"].split(":")
            sealed = base64.b64decode(data, validate=True)
            plain = versions[int(version[1:]) - 1].decrypt(sealed[:12], sealed[12:], aad)
        except (ValueError, IndexError, InvalidTag):
            return 400, "cipher: message authentication failed"
        return 200, {"plaintext": base64.b64encode(plain).decode()}

    def log_message(self, *_args):
        pass
