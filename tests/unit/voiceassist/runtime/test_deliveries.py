"""Who may deliver events: our own broker, a cluster's dispatcher by its token, or whom the operator lets in without."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from events.catalog import DocumentDeleted
from events.envelope import encode_structured
from voiceassist.core import ids
from voiceassist.core.errors import UnauthenticatedError
from voiceassist.core.identity import DEFAULT_TENANT, Principal, service
from voiceassist.runtime import deliveries, door, http, outbox, tokens, workloads
from voiceassist.runtime.settings import Broker, Delivery, Settings, SettingsError, parse

WORKLOAD = workloads.derived("s" * 40, more=["sample"])
ISSUER = "https://kubernetes.default.svc.cluster.local"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
RSA = RSAKey.generate_key(2048, {"kid": "cluster", "use": "sig", "alg": "RS256"})
EC = ECKey.generate_key("P-256", {"kid": "second", "use": "sig", "alg": "ES256"})
KEYS = json.dumps(KeySet([RSA, EC]).as_dict(private=False))
SETTINGS = Settings(workload=WORKLOAD, delivery=Delivery(issuer=ISSUER, keys=KEYS))
CLAIMS = {
    "iss": ISSUER,
    "aud": ["voiceassist-rooms"],
    "sub": "system:serviceaccount:voiceassist:ingestion-documents-oidc-1a2b",
    "iat": int(NOW.timestamp()),
    "nbf": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 3600,
}


def token(key=RSA, algorithm="RS256", kid="cluster", **changes):
    header = {"alg": algorithm, "kid": kid}
    return jwt.encode(header, CLAIMS | changes, key, algorithms=[algorithm])


def admit(presented, settings=SETTINGS, now=NOW):
    return deliveries.deliverer(f"Bearer {presented}" if presented else "", settings, "sample", now)


@pytest.mark.parametrize(
    "presented",
    [token(), token(EC, "ES256", "second"), token(aud="voiceassist-rooms"), token(aud=["x", CLAIMS["aud"][0]])],
)
def test_a_token_of_the_cluster_for_our_rooms_opens_the_event_door(presented):
    assert admit(presented) == service("broker")
    assert admit(presented, now=NOW + timedelta(minutes=59)) == service("broker")


@pytest.mark.parametrize(
    "presented",
    [
        token(iss="https://another.cluster"),
        token(aud=["another-audience"]),
        token(aud=None),
        token(sub="system:serviceaccount:default:anything"),
        token(sub=None),
        token(exp=int(NOW.timestamp()) - 60),
        token(exp=None),
        token(nbf=int(NOW.timestamp()) + 60),
        token(RSAKey.generate_key(2048, {"kid": "cluster"})),
        token(OctKey.import_key(KEYS), "HS256"),
        token()[:-8] + "AAAAAAAA",
        "x" * 20_000,
        "a.b.c",
    ],
)  # fmt: skip
def test_no_other_token_does(presented):
    with pytest.raises(UnauthenticatedError):
        admit(presented)


def test_without_an_issuer_the_internal_token_alone_opens_it():
    ours = tokens.mint(service("broker"), issuer="broker", audience="sample", workload=WORKLOAD, now=NOW)
    assert admit(ours) == admit(ours, Settings(workload=WORKLOAD)) == service("broker")
    for presented in (token(), ""):
        with pytest.raises(UnauthenticatedError):
            admit(presented, Settings(workload=WORKLOAD))
    with pytest.raises(UnauthenticatedError):
        admit("")


def test_where_the_network_is_trusted_no_token_is_needed_and_a_wrong_one_is_still_refused():
    trusting = Settings(workload=WORKLOAD, delivery=Delivery(unsigned=True))
    assert admit("", trusting) == service("broker")
    with pytest.raises(UnauthenticatedError):
        admit("a.b.c", trusting)


def test_keys_that_are_none_are_a_fault_of_the_settings_without_their_text():
    with pytest.raises(SettingsError) as refused:
        admit(token(), Settings(workload=WORKLOAD, delivery=Delivery(issuer=ISSUER, keys="Quackenbush")))
    assert "DELIVERY__KEYS" in str(refused.value)
    assert "Quackenbush" not in str(refused.value)


def test_production_starts_with_the_keys_of_its_issuer_only():
    with pytest.raises(SettingsError, match="DELIVERY__KEYS"):
        parse({"VOICEASSIST_PROFILE": "production", "VOICEASSIST_DELIVERY__ISSUER": ISSUER})


async def test_at_the_door_it_opens_the_way_of_events_and_nothing_else(monkeypatch):
    monkeypatch.setattr(door, "load_settings", lambda: SETTINGS)
    heard = []
    room = door.Room("sample")

    @room.on(DocumentDeleted.TYPE)
    async def deleted(event, _payload):
        heard.append(event.id)

    payload = DocumentDeleted(document_id=ids.new_id(), tenant_id=ids.new_id(), owner_id=ids.new_id())
    event = outbox.event_of("sample", DocumentDeleted.TYPE, payload, subject="x", key="x")
    headers, body = encode_structured(event)
    now = int(datetime.now(UTC).timestamp())
    bearer = {"authorization": f"Bearer {token(exp=now + 600, nbf=now)}"}
    person = Principal("p", DEFAULT_TENANT, "user", user_id=ids.new_id())
    theirs = tokens.mint(person, issuer="gateway", audience="sample", workload=WORKLOAD)
    personal = {"authorization": f"Bearer {theirs}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=room), base_url="http://room") as client:
        assert (await client.post("/", headers=dict(headers) | bearer, content=body)).status_code == 204
        assert (await client.post("/", headers=dict(headers), content=body)).status_code == 401
        assert (await client.post("/", headers=dict(headers) | personal, content=body)).status_code == 403
        assert (await client.get("/api/v1/sample", headers=bearer)).status_code == 401
        assert (await client.post("/api/v1/sample", headers=bearer)).status_code == 401
    assert heard == [event.id]


def test_a_broker_that_asks_for_a_token_gets_the_one_that_is_mounted(tmp_path):
    mounted = tmp_path / "token"
    settings = Settings(workload=WORKLOAD, broker=Broker(token_file=str(mounted)))
    ours = http.broker_headers(service("sample"), issuer="sample", settings=settings)["authorization"]
    assert tokens.verify(ours.removeprefix("Bearer "), audience="broker", workload=WORKLOAD) == service("sample")
    for content in ("first", "renewed\n"):
        mounted.write_text(content)
        sent = http.broker_headers(service("sample"), issuer="sample", settings=settings)
        assert sent["authorization"] == f"Bearer {content.strip()}"
