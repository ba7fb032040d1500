"""Somebody between the two factors, and afterwards, at the auth room itself."""

import importlib.util
import socket
import time
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pyotp
import pytest
from msgspec import structs

from functions.auth import factor_store, store
from functions.auth.domain import fingerprint
from functions.auth.main import room
from functions.auth.pending import Challenge, Pending
from functions.auth.relying_party import RelyingParties
from functions.auth.routes import sign_in
from functions.auth.service import ACTING
from voiceassist.adapters.redis import connect
from voiceassist.core.identity import Principal, service
from voiceassist.runtime import http, providers, sessions
from voiceassist.runtime.host.admission import step_of
from voiceassist.runtime.settings import Oidc, load_settings


def _beside(name: str) -> Any:
    """A helper that lies here; this folder is no package."""
    spec = importlib.util.spec_from_file_location(f"auth_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


software = _beside("authenticator")
oidc_peers = _beside("oidc_peers")


@pytest.fixture
async def redis(settings):
    made = connect(settings.redis.url)
    yield made
    await made.aclose()
    connect.cache_clear()


@dataclass
class Client:
    """A browser at the room's door; `owner` is who sits at it."""

    http: httpx.AsyncClient
    owner: Principal
    pending: Pending
    csrf: str = ""
    secret: str = field(default_factory=pyotp.random_base32)
    agent: str = "component-test"
    shown_at: float = 0.0

    @property
    def origin(self) -> str:
        return load_settings().base_url

    async def first_factor(self) -> "Client":
        """What the callback does once the issuer's answer was believed."""
        about = {"profile": "", "name": "N", "email": "n@hospital.example", "client": fingerprint(self.agent)}
        user, tenant = str(self.owner.user_id), str(self.owner.tenant_id)
        value = await self.pending.challenge(
            Challenge(user_id=user, tenant_id=tenant, role=self.owner.role, **about)  # type: ignore[arg-type]
        )
        self.http.cookies.set(sessions.cookie_name(load_settings(), "va_challenge"), value)
        return self

    async def has_authenticator(self) -> "Client":
        keys = await providers.keyring().of(self.owner.tenant_id)
        async with providers.database().transaction(service("auth", self.owner.tenant_id)) as connection:
            assert self.owner.user_id is not None
            sealed = store.SECRET.seal(keys, self.owner.user_id, self.secret)
            await factor_store.write_totp(connection, self.owner.user_id, self.owner.tenant_id, sealed, 0)
        return self

    async def signed_in(self) -> "Client":
        await self.has_authenticator()
        await self.first_factor()
        return await self.verified(code=self.code())

    async def verified(self, **proof: Any) -> "Client":
        answer = await self.verify(**proof)
        assert answer.status_code == 200, answer.text
        self.csrf = answer.json()["csrf_token"]
        self.shown_at = time.time()
        return self

    async def aged(self, seconds: float) -> "Client":
        """As if the second factor had been shown so long ago."""
        kept = sessions.of(load_settings(), providers.redis())
        name = sessions.session_cookie(load_settings())
        (value,) = {cookie.value for cookie in self.http.cookies.jar if cookie.name == name}
        renewed = await kept.renew(value, mfa_at=time.time() - seconds)
        assert renewed is not None
        for cookie in self.http.cookies.jar:
            if cookie.name == name:
                cookie.value = renewed[0]
        self.csrf = renewed[1].csrf
        self.shown_at = time.time() - seconds
        return self

    async def verify(self, **proof: Any) -> httpx.Response:
        return await self.send("POST", "/mfa/verify", json=proof)

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(int(time.time()) + 30 * steps)

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        return await self.call(method, f"/api/v1/auth{path}", **options)

    async def users(self, method: str, path: str, **options: Any) -> httpx.Response:
        return await self.call(method, f"/api/v1/users{path}", **options)

    async def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """As the gateway forwards it: it vouches for who is signed in, but not at the steps of a sign-in."""
        headers = {"x-csrf-token": self.csrf} if self.csrf else {}
        step = step_of(method, path) is not None
        who = ACTING if step else replace(self.owner, second_factor_at=self.shown_at)
        self.http.auth.principal = who
        return await self.http.request(method, path, headers=headers, **options)

    async def add_passkey(self, key: Any, name: str = "Key", **changes: Any) -> httpx.Response:
        options = await self.send("POST", "/mfa/passkeys/options")
        assert options.status_code == 200, options.text
        return await self.send(
            "POST", "/mfa/passkeys", json={"name": name, "credential": key.make(options.json(), **changes)}
        )

    async def shown(self, key: Any, **changes: Any) -> dict[str, Any]:
        options = await self.send("POST", "/mfa/passkeys/challenge")
        assert options.status_code == 200, options.text
        return key.show(options.json(), **changes)


@pytest.fixture
async def client(caller, person, redis):
    """`await client()` gives a browser of a new person; `await client(owner)` one more of the same."""
    made = []

    async def make(owner: Principal | None = None, agent: str = "component-test") -> Client:
        http = caller(room, ACTING)
        # The product sets Secure cookies; this client speaks to the room without TLS.
        http.base_url = httpx.URL("https://room")
        http.headers["user-agent"] = agent
        made.append(http)
        return Client(http, owner or await person(), Pending(redis), agent=agent)

    yield make
    for one in made:
        await one.aclose()


@pytest.fixture
def authenticator(settings):
    """`authenticator(count=0)` is one more security key, at our own site."""
    return partial(software.Authenticator, settings.base_url)


@pytest.fixture
def key(authenticator):
    return authenticator()


@pytest.fixture(scope="session")
async def tell(caller):
    """A provider tells our door that somebody signed out there: the status of the answer."""

    async def deliver(logout_token: str) -> int:
        async with caller(room, ACTING) as http:
            answer = await http.post("/api/v1/auth/backchannel-logout", data={"logout_token": logout_token})
        return int(answer.status_code)

    return deliver


@pytest.fixture(scope="session")
async def peers(settings, tell, tmp_path_factory):
    """Each provider by name; the last behaves like the one in Nextcloud."""
    back = settings.base_url + "/api/v1/auth/callback"
    ports = []
    for _ in range(2):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            ports.append(probe.getsockname()[1])
    made = {
        "embedded": oidc_peers.Embedded(tmp_path_factory.mktemp("issuer"), back, tell),
        "oidc-provider": await oidc_peers.Npm(back, tell, ports[0]).start(),
        "like-nextcloud": await oidc_peers.Npm(f"{back}/cloud", tell, ports[1], like_nextcloud=True).start(),
    }
    yield made
    for peer in made.values():
        if isinstance(peer, oidc_peers.Npm):
            await peer.stop()


@dataclass
class Way:
    """The way of a browser through a provider and our room. `name` is the provider's in our settings."""

    here: Client
    peer: Any
    wire: Any
    name: str
    parties: Any

    async def start(self, **query: str) -> httpx.Response:
        return await self.here.send("GET", "/login", params=query or {"provider": self.name})

    async def there(self, sub: str) -> httpx.URL:
        """Sign in at the provider: where it sends the browser back to."""
        answer = await self.start()
        assert answer.status_code == 302, answer.text
        return httpx.URL(await self.peer.authorize(answer.headers["location"], sub))

    async def back(self, address: httpx.URL, **changes: Any) -> httpx.Response:
        told = {name: value for name, value in (dict(address.params) | changes).items() if value is not None}
        return await self.here.call("GET", address.path, params=told)

    async def first_factor(self, sub: str) -> httpx.Response:
        return await self.back(await self.there(sub))

    async def second_factor(self) -> httpx.Response:
        """By a code of an authenticator that has counted no step yet."""
        self.here.csrf = ""
        name = sessions.cookie_name(load_settings(), "va_challenge")
        (value,) = {cookie.value for cookie in self.here.http.cookies.jar if cookie.name == name}
        begun = await self.here.pending.challenged(value, fingerprint(self.here.agent))
        assert begun is not None
        user_id, tenant_id = UUID(begun.user_id), UUID(begun.tenant_id)
        keys = await providers.keyring().of(tenant_id)
        async with providers.database().transaction(service("auth", tenant_id)) as connection:
            sealed = store.SECRET.seal(keys, user_id, self.here.secret)
            await factor_store.write_totp(connection, user_id, tenant_id, sealed, 0)
        return await self.here.verify(code=self.here.code())

    async def sign_in(self, sub: str) -> sessions.Session:
        answer = await self.first_factor(sub)
        assert answer.status_code == 200, answer.text
        answer = await self.second_factor()
        assert answer.status_code == 200, answer.text
        found = await self.session()
        assert found is not None
        return found

    async def session(self) -> sessions.Session | None:
        name = sessions.session_cookie(load_settings())
        values = [cookie.value for cookie in self.here.http.cookies.jar if cookie.name == name]
        return await sessions.of(load_settings(), providers.redis()).read(values[0] if values else "")


@pytest.fixture
async def ways(caller, client, peers, monkeypatch):
    """`await ways("embedded", second=("mercy", "oidc-provider", {…}))`: settings with these providers, a way each.

    The first is the one without a name; changes are those of its settings.
    """

    async def make(first: str, *, clock=time.monotonic, first_changes=None, others=()) -> list[Way]:
        told = peers[first].provider(**(first_changes or {}))
        more = {name: peers[peer].provider(**changes) for name, peer, changes in others}
        oidc = Oidc(**structs.asdict(told), others=more)
        parties = RelyingParties(structs.replace(load_settings(), oidc=oidc), clock=clock)
        wire = oidc_peers.Wire(*(peers[name] for name in {first, *(one[1] for one in others)}))
        reaching = httpx.AsyncClient(transport=wire)
        monkeypatch.setattr(http, "client", lambda: reaching)
        monkeypatch.setattr(sign_in, "relying_parties", lambda: parties)
        named = [("", first), *((one[0], one[1]) for one in others)]
        return [Way(await client(replace(ACTING)), peers[peer], wire, name, parties) for name, peer in named]

    return make


@pytest.fixture
async def way(request, ways):
    """With one provider in the settings: each in turn, where a test says so by `each_provider`."""
    if request.param == "like-nextcloud":
        # The first door is another provider's; this one is asked by name.
        return (await ways("embedded", others=[("cloud", request.param, {})]))[1]
    return (await ways(request.param))[0]
