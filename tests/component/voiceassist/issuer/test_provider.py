"""The embedded provider over HTTP semantics: a whole flow, and a code that is used twice."""

import base64
import hashlib
import json
import re
import stat
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from voiceassist.adapters.issuer.app import Issuer
from voiceassist.adapters.issuer.protocol import Client
from voiceassist.adapters.issuer.seed import read, seed, seed_file, users_file

URL = "https://localhost:8443/issuer"
CLIENT = Client("voiceassist", "secret", "https://localhost:8443/api/v1/auth/callback")
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
QUERY = {
    "response_type": "code",
    "client_id": "voiceassist",
    "redirect_uri": CLIENT.redirect_uri,
    "scope": "openid profile",
    "state": "the-state",
    "nonce": "the-nonce",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


class Rig:
    def __init__(self, folder):
        self.people = {person.username: person for person in seed(folder)}
        self.reasons = []
        self.issuer = Issuer(issuer=URL, data_dir=folder, client=CLIENT, report=self.reasons.append)
        transport = httpx.ASGITransport(self.issuer.app(), client=("192.0.2.1", 1))
        self.http = httpx.AsyncClient(transport=transport, base_url="https://localhost:8443")

    async def transaction(self, **changes):
        page = await self.http.get("/authorize", params=QUERY | changes)
        return re.search(r'name="transaction" value="([^"]+)"', page.text)[1]

    async def login(self, transaction, username, password):
        form = {"transaction": transaction, "username": username, "password": password}
        return await self.http.post("/login", data=form)

    async def code(self):
        person = self.people["clinician"]
        answer = await self.login(await self.transaction(), person.username, person.password)
        return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

    async def redeem(self, code, auth=("voiceassist", "secret"), **changes):
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CLIENT.redirect_uri,
            "code_verifier": VERIFIER,
        }
        return await self.http.post("/token", data=form | changes, auth=auth)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Seeded once: each password costs an argon2id hash."""
    return tmp_path_factory.mktemp("issuer")


@pytest.fixture
async def rig(folder):
    made = Rig(folder)
    yield made
    await made.http.aclose()


async def test_the_flow_ends_in_a_signed_token_for_this_client(rig):
    person = rig.people["clinician"]
    answer = await rig.login(await rig.transaction(), person.username, person.password)
    assert answer.status_code == 303
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["state"] == ["the-state"]
    assert query["iss"] == [URL]
    tokens = (await rig.redeem(query["code"][0])).json()
    keys = KeySet.import_key_set((await rig.http.get("/jwks.json")).json())
    decoded = jwt.decode(tokens["id_token"], keys, algorithms=["ES256"])
    assert decoded.header["typ"] == "JWT"
    claims = decoded.claims
    assert claims["iss"] == URL
    assert claims["aud"] == "voiceassist"
    assert claims["nonce"] == "the-nonce"
    assert claims["amr"] == ["pwd"]
    assert claims["roles"] == ["user"]
    assert 0 < claims["exp"] - time.time() <= 300
    told = await rig.http.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})
    assert told.json()["sub"] == claims["sub"] == person.sub
    assert "d" not in (await rig.http.get("/jwks.json")).json()["keys"][0]


async def test_discovery_describes_what_is_there(rig):
    document = (await rig.http.get("/.well-known/openid-configuration")).json()
    assert document["issuer"] == URL
    assert document["code_challenge_methods_supported"] == ["S256"]
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"):
        path = document[name].removeprefix(URL)
        assert (await rig.http.get(path)).status_code != 404


async def test_a_code_used_twice_also_ends_what_the_first_use_got(rig):
    code = await rig.code()
    first = (await rig.redeem(code)).json()
    bearer = {"authorization": f"Bearer {first['access_token']}"}
    assert (await rig.http.get("/userinfo", headers=bearer)).status_code == 200
    second = await rig.redeem(code)
    assert second.status_code == 400
    assert second.json() == {"error": "invalid_grant"}
    assert (await rig.http.get("/userinfo", headers=bearer)).status_code == 401


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"code_verifier": "w" * 64}, 400, "invalid_grant"),
        ({"code_verifier": ""}, 400, "invalid_grant"),
        ({"redirect_uri": CLIENT.redirect_uri + "/x"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, 400, "unsupported_grant_type"),
        ({"code": "invented"}, 400, "invalid_grant"),
        ({"auth": ("voiceassist", "other")}, 401, "invalid_client"),
        ({"auth": ("other", "secret")}, 401, "invalid_client"),
    ],
)
async def test_wrong_token_requests_are_refused(rig, changes, status, error):
    code = changes.get("code") or await rig.code()
    answer = await rig.redeem(code, **{name: value for name, value in changes.items() if name != "code"})
    assert answer.status_code == status
    assert answer.json() == {"error": error}
    assert answer.headers["cache-control"] == "no-store"


async def test_a_failed_redemption_spends_the_code(rig):
    code = await rig.code()
    assert (await rig.redeem(code, code_verifier="w" * 64)).status_code == 400
    assert (await rig.redeem(code)).status_code == 400


async def test_weaker_requests_are_sent_back_with_the_error(rig):
    answer = await rig.http.get("/authorize", params=QUERY | {"code_challenge_method": "plain"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(CLIENT.redirect_uri + "?")
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["error"] == ["invalid_request"]
    assert query["state"] == ["the-state"]


async def test_an_unknown_redirect_address_is_told_to_the_person(rig):
    answer = await rig.http.get("/authorize", params=QUERY | {"redirect_uri": "https://evil.example/"})
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "evil" not in answer.text


@pytest.mark.req("P2.11")
async def test_after_six_failures_the_right_password_is_refused_in_the_same_words(rig):
    person = rig.people["viewer"]
    transaction = await rig.transaction()
    refused = [await rig.login(transaction, "viewer", "wrong") for _ in range(6)]
    blocked = await rig.login(transaction, "viewer", person.password)
    assert blocked.status_code == 401
    assert blocked.text == refused[0].text
    other = rig.people["admin"]
    assert (await rig.login(transaction, "admin", other.password)).status_code == 303


@pytest.mark.req("P2.11")
async def test_an_unknown_name_takes_as_long_as_a_wrong_password(rig):
    transaction = await rig.transaction()

    async def seconds(username):
        times = []
        for number in range(4):
            began = time.perf_counter()
            await rig.login(transaction, username.format(number), "wrong")
            times.append(time.perf_counter() - began)
        return min(times)

    known, unknown = await seconds("clinician"), await seconds("nobody{}")
    assert 0.4 < known / unknown < 2.5


async def test_names_are_shown_as_text(rig):
    answer = await rig.login(await rig.transaction(), "<script>alert(1)</script>", "x")
    assert "<script>" not in answer.text


def test_people_are_made_once_with_random_secrets(tmp_path):
    people = seed(tmp_path)
    assert [person.username for person in people] == ["clinician", "admin", "viewer"]
    assert len({person.password for person in people} | {person.totp_secret for person in people}) == 6
    assert seed(tmp_path) == people == read(tmp_path)
    assert stat.S_IMODE(seed_file(tmp_path).stat().st_mode) == 0o600
    assert stat.S_IMODE(users_file(tmp_path).stat().st_mode) == 0o600
    stored = users_file(tmp_path).read_text()
    for person in people:
        assert len(person.password) >= 12
        assert person.password not in stored
        assert person.totp_secret not in stored
    assert all(user["password_hash"].startswith("$argon2id$") for user in json.loads(stored)["users"])


def test_a_half_finished_first_start_is_mended(tmp_path):
    people = seed(tmp_path)
    users_file(tmp_path).unlink()
    assert seed(tmp_path) == people
    assert users_file(tmp_path).exists()


def test_another_installation_has_other_secrets(tmp_path):
    one, two = seed(tmp_path / "a"), seed(tmp_path / "b")
    assert not {person.password for person in one} & {person.password for person in two}
