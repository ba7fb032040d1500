"""Two OpenID providers of different origin behind one face: our embedded one, and npm's oidc-provider in a process.

`Wire` is what our side speaks to them by; a test may take it down, or change what passes.
"""

import asyncio
import json
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from voiceassist.adapters.issuer import registration
from voiceassist.adapters.issuer.app import LOGGED_OUT, Issuer
from voiceassist.adapters.issuer.keys import SigningKey
from voiceassist.adapters.issuer.protocol import Client
from voiceassist.adapters.issuer.seed import seed
from voiceassist.runtime.settings import Provider

ROOT = Path(__file__).resolve().parents[4]
PROGRAM = ROOT / "tests/oidc_peer/peer.mjs"
INSTALLED = ROOT / ".make/oidc-peer"
ID, SECRET = "voice assist+1", "a secret: with & signs %" + "0123456789"
PASSWORD = "seven-green-kettles-sing"

Deliver = Callable[[str], Awaitable[int]]


def signed(key: Any, claims: dict[str, Any], header: dict[str, Any]) -> str:
    """A compact JWS, also of what no honest library would sign."""
    registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
    return jws.serialize_compact(header, json.dumps(claims).encode(), key, registry=registry)


class Peer:
    """A provider with its people. `deliver` takes a logout token to our door and answers the status."""

    issuer: str
    algorithm = "ES256"
    groups = ""
    scope = "openid profile email"
    client_auth = "client_secret_basic"
    says_issuer = True  # of its answers (RFC 9207)
    tells_in_userinfo = True
    key: Any
    deliver: Deliver

    def provider(self, **changes: Any) -> Provider:
        told: dict[str, Any] = {
            "issuer": self.issuer,
            "client_id": ID,
            "client_secret": SECRET,
            "algorithms": self.algorithm,
            "groups": self.groups,
            "scope": self.scope,
            "client_auth": self.client_auth,
        }
        return Provider(**(told | changes))

    def sign(self, claims: dict[str, Any], key: Any = None, **header: Any) -> str:
        """As the provider signs, or not; `...` leaves a member out."""
        told = {"alg": self.algorithm, "kid": self.kid, "typ": "JWT"} | header
        said = {name: value for name, value in claims.items() if value is not ...}
        return signed(key or self.key, said, {name: value for name, value in told.items() if value is not ...})

    def logout_claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        told = {"iss": self.issuer, "aud": ID, "iat": now, "exp": now + 120, "jti": secrets.token_hex(8)}
        return told | {"events": {LOGGED_OUT: {}}} | changes

    @property
    def kid(self) -> str:
        raise NotImplementedError

    async def person(self, **claims: Any) -> str:
        """A new person's subject."""
        raise NotImplementedError

    async def authorize(self, address: str, sub: str) -> str:
        """Where the browser is sent back to, once the person has signed in there."""
        raise NotImplementedError

    async def rotate(self) -> None:
        """Sign with another key, and publish only that."""
        raise NotImplementedError

    async def sign_out(self, id_token: str) -> None:
        """The person signs out at the provider."""
        raise NotImplementedError


class Embedded(Peer):
    issuer = "https://issuer.test"
    tells_in_userinfo = False

    def __init__(self, folder: Path, redirect_uri: str, deliver: Deliver) -> None:
        seed(folder)
        self._folder = folder
        self.deliver = deliver
        client = Client(ID, SECRET, redirect_uri)
        self.app = Issuer(issuer=self.issuer, data_dir=folder, client=client, tell=self._tell)
        self.transport: httpx.AsyncBaseTransport = httpx.ASGITransport(self.app.app())

    async def _tell(self, logout_token: str) -> bool:
        return await self.deliver(logout_token) == 200

    @property
    def key(self) -> Any:
        return self.app.key._key

    @property
    def kid(self) -> str:
        return self.app.key.kid

    async def person(self, **claims: Any) -> str:
        name = f"person-{secrets.token_hex(4)}"
        user = registration.new_user(
            name, PASSWORD, claims.get("name", name), f"{name}@hospital.example", claims.get("role", "user"), "nurse"
        )
        assert registration.add(self._folder, user)
        return user.sub

    async def authorize(self, address: str, sub: str) -> str:
        async with httpx.AsyncClient(transport=self.transport, base_url=self.issuer) as browser:
            page = await browser.get(address)
            found = re.search(r'name="transaction" value="([^"]+)"', page.text)
            assert found, page.text
            user = self.app.directory.user(sub)
            assert user
            form = {"transaction": found[1], "username": user.username, "password": PASSWORD}
            answer = await browser.post("/login", data=form)
        return str(answer.headers["location"])

    async def rotate(self) -> None:
        self.app.key = SigningKey(ECKey.generate_key("P-256", private=True).as_pem(private=True))

    async def sign_out(self, id_token: str) -> None:
        async with httpx.AsyncClient(transport=self.transport, base_url=self.issuer) as browser:
            answer = await browser.post("/logout", data={"id_token_hint": id_token})
        assert answer.status_code == 200, answer.text


class Npm(Peer):
    """`like_nextcloud`: as Nextcloud's own provider behaves: RS256, groups in UserInfo alone, no `iss` in its answers,
    the client's secret in the body.
    """

    def __init__(self, redirect_uri: str, deliver: Deliver, port: int, *, like_nextcloud: bool = False) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.deliver = deliver
        self._port = port
        self._redirect_uri = redirect_uri
        self._people: dict[str, dict[str, Any]] = {}
        self._like_nextcloud = like_nextcloud
        if like_nextcloud:
            self.algorithm, self.says_issuer, self.client_auth = "RS256", False, "client_secret_post"
            self.groups, self.scope = "va-nurses=user:nurse", "openid profile email groups"
        self._cookies: dict[str, httpx.Cookies] = {}
        self.transport: httpx.AsyncBaseTransport = httpx.AsyncHTTPTransport()
        self._new_key()

    def _new_key(self) -> None:
        parameters = {"kid": secrets.token_hex(4), "use": "sig", "alg": self.algorithm}
        if self.algorithm == "RS256":
            self.key = RSAKey.generate_key(2048, parameters=parameters, private=True)
        else:
            self.key = ECKey.generate_key("P-256", parameters=parameters, private=True)

    @property
    def kid(self) -> str:
        return str(self.key.kid)

    async def start(self) -> "Npm":
        assert shutil.which("node"), "node is needed to run the independent provider; install Node.js 20 or newer"
        assert (INSTALLED / "node_modules").is_dir(), "the independent provider is not installed: make install-dev"
        self._receiver = await asyncio.start_server(self._receive, "127.0.0.1", 0)
        self._process = await asyncio.create_subprocess_exec(
            "node", str(PROGRAM), str(INSTALLED),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        await self._tell()
        return self

    async def stop(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 5)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        self._receiver.close()
        await self.transport.aclose()

    async def _tell(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        logout_port = self._receiver.sockets[0].getsockname()[1]
        told = {
            "issuer": self.issuer,
            "port": self._port,
            "client": [ID, SECRET],
            "redirectUri": self._redirect_uri,
            "logoutUri": f"http://127.0.0.1:{logout_port}/logout",
            "keys": {"keys": [self.key.as_dict(private=True)]},
            "people": self._people,
            "likeNextcloud": self._like_nextcloud,
        }
        self._process.stdin.write(json.dumps(told).encode() + b"\n")
        async with asyncio.timeout(20):
            # It writes notices of its own, too.
            while (answer := await self._process.stdout.readline()) != b"ready\n":
                assert answer, "the independent provider has ended"

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One logout token by HTTP, as our gateway would take it."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        found = re.search(r"(?i)content-length: (\d+)", head)
        assert found
        form = dict(parse_qsl((await reader.readexactly(int(found[1]))).decode()))
        status = await self.deliver(form["logout_token"])
        writer.write(f"HTTP/1.1 {status} Told\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async def person(self, **claims: Any) -> str:
        sub = f"uid-{secrets.token_hex(4)}"
        role = claims.pop("role", "user")
        told = {"groups": ["admin", "va-nurses"]} if self._like_nextcloud else {"roles": [role], "va_profile": "nurse"}
        named = {"name": sub, "preferred_username": sub, "email": f"{sub}@hospital.example"}
        self._people[sub] = named | told | claims
        await self._tell()
        return sub

    async def authorize(self, address: str, sub: str) -> str:
        async with httpx.AsyncClient(headers={"x-person": sub}, cookies=self._cookies.get(sub)) as browser:
            for _ in range(6):
                answer = await browser.get(address)
                assert answer.status_code in {302, 303}, answer.text
                address = str(answer.url.join(answer.headers["location"]))
                if not address.startswith(self.issuer):
                    self._cookies[sub] = browser.cookies
                    return address
        raise AssertionError("the provider sends the browser round and round")

    async def rotate(self) -> None:
        self._new_key()
        await self._tell()

    async def sign_out(self, id_token: str) -> None:
        sub = json.loads(jws.extract_compact(id_token.encode()).payload)["sub"]
        async with httpx.AsyncClient(cookies=self._cookies[sub]) as browser:
            page = await browser.get(f"{self.issuer}/session/end", params={"id_token_hint": id_token})
            found = re.search(r'name="xsrf" value="([^"]+)"', page.text)
            assert found, page.text
            answer = await browser.post(f"{self.issuer}/session/end/confirm", data={"xsrf": found[1], "logout": "yes"})
        assert answer.status_code < 400, answer.text


class Wire(httpx.AsyncBaseTransport):
    """To providers, by their host. `down` are path ends that do not answer; `asking` and `answering` change what
    passes; `asked` are the paths.
    """

    def __init__(self, *peers: Peer) -> None:
        self._peers = {urlsplit(peer.issuer).netloc: peer for peer in peers}
        self.down: tuple[str, ...] = ()
        self.asking: Callable[[httpx.Request], httpx.Request] = lambda request: request
        self.answering: Callable[[str, httpx.Response], httpx.Response] = lambda _path, answer: answer
        self.asked: list[str] = []
        self.requests: list[httpx.Request] = []
        self.id_token = ""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        if path.endswith(self.down):
            raise httpx.ConnectError("down", request=request)
        request = self.asking(request)
        await request.aread()
        self.requests.append(request)
        peer = self._peers[request.url.netloc.decode()]
        answer = await peer.transport.handle_async_request(request)  # type: ignore[attr-defined]
        whole = httpx.Response(answer.status_code, headers=answer.headers, content=await _read(answer))
        if path.endswith("/token") and whole.status_code == 200:
            self.id_token = whole.json()["id_token"]
        return self.answering(path, whole)


async def _read(answer: httpx.Response) -> bytes:
    content = b"".join([part async for part in answer.stream])  # type: ignore[union-attr]
    await answer.aclose()
    answer.headers.pop("content-encoding", None)
    answer.headers.pop("transfer-encoding", None)
    return content
