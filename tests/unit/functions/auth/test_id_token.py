"""Forged and wrong ID tokens (SPEC N45); each must be refused."""

import base64
import hmac
import json

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from functions.auth.id_token import TokenRefusedError, half_hash, verify
from voiceassist.core.errors import UnavailableError
from voiceassist.runtime.key_sets import key_id, signing_keys

NOW = 1_800_000_000
ISSUER = "https://issuer.example"
EC = ECKey.generate_key("P-256", parameters={"kid": "ec", "use": "sig"})
RSA = RSAKey.generate_key(2048, parameters={"kid": "rsa", "use": "sig"})
OTHER = ECKey.generate_key("P-256", parameters={"kid": "ec"})
KEYS = signing_keys({"keys": [EC.as_dict(private=False), RSA.as_dict(private=False)]})
GOOD = {"iss": ISSUER, "sub": "s", "aud": "va", "iat": NOW, "exp": NOW + 300, "nonce": "n", "at_hash": half_hash("t")}


def signed(claims=None, *, header=None, key=EC, alg="ES256", **changes):
    told = {name: value for name, value in (GOOD | (claims or {}) | changes).items() if value is not ...}
    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    protected = {"alg": alg, "kid": key.kid, "typ": "JWT"} | (header or {})
    protected = {name: value for name, value in protected.items() if value is not ...}
    return jws.serialize_compact(protected, json.dumps(told).encode(), key, registry=registry)


def check(token, **changes):
    expected = {
        "issuer": ISSUER, "client_id": "va", "algorithms": ("ES256", "RS256"), "nonce": "n", "access_token": "t",
        "now": NOW,
    }  # fmt: skip
    return verify(token, changes.pop("keys", KEYS), **(expected | changes))


def b64(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_genuine_token_is_taken():
    assert check(signed())["sub"] == "s"
    assert check(signed(key=RSA, alg="RS256"))["sub"] == "s"
    assert check(signed(aud=["va"]))["sub"] == "s"
    assert check(signed(aud=["va", "other"], azp="va"))["sub"] == "s"


CLAIMS = {
    "expired": {"exp": NOW - 61},
    "no exp": {"exp": ...},
    "exp text": {"exp": str(NOW + 300)},
    "exp true": {"exp": True},
    "exp nan": {"exp": float("nan")},
    "exp infinite": {"exp": float("inf")},
    "exp null": {"exp": None},
    "nbf in the future": {"nbf": NOW + 120},
    "nbf text": {"nbf": "now"},
    "iat in the future": {"iat": NOW + 120},
    "iat long ago": {"iat": NOW - 3600},
    "no iat": {"iat": ...},
    "issuer with slash": {"iss": ISSUER + "/"},
    "look-alike issuer": {"iss": "https://issuer.example.evil.example"},
    "no issuer": {"iss": ...},
    "other audience": {"aud": "other"},
    "no audience": {"aud": ...},
    "audience list without us": {"aud": ["other"]},
    "several audiences without azp": {"aud": ["va", "other"]},
    "azp of another": {"aud": "va", "azp": "other"},
    "audience object": {"aud": {"va": 1}},
    "no subject": {"sub": ...},
    "empty subject": {"sub": ""},
    "subject number": {"sub": 7},
    "long subject": {"sub": "s" * 256},
    "other nonce": {"nonce": "m"},
    "no nonce": {"nonce": ...},
    "nonce list": {"nonce": ["n"]},
    "at_hash of another token": {"at_hash": half_hash("u")},
}


@pytest.mark.req("N45")
@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS.keys())
def test_wrong_claims_are_refused(claims):
    name, value = next(iter(claims.items()))
    no_json = isinstance(value, float)  # NaN and infinity are no JSON
    with pytest.raises(TokenRefusedError) as refused:
        check(signed(claims))
    assert refused.value.reason == ("shape" if no_json else name)


HEADERS = {
    "typ of an access token": ({"typ": "at+jwt"}, "type"),
    "typ of a logout token": ({"typ": "logout+jwt"}, "type"),
    "typ of a proof": ({"typ": "dpop+jwt"}, "type"),
    "embedded key": ({"jwk": OTHER.as_dict(private=False)}, "header"),
    "key address": ({"jku": "https://evil.example/keys"}, "header"),
    "certificate address": ({"x5u": "https://evil.example/cert"}, "header"),
    "certificate": ({"x5c": ["AAAA"]}, "header"),
    "nesting": ({"cty": "JWT"}, "header"),
    "compression": ({"zip": "DEF"}, "header"),
    "path as kid": ({"kid": "../../etc/passwd"}, "kid"),
    "kid with quote": ({"kid": "' or 1=1 --"}, "kid"),
    "long kid": ({"kid": "k" * 10_000}, "kid"),
    "unknown kid": ({"kid": "nobody"}, "signature"),
}


@pytest.mark.req("N45")
@pytest.mark.parametrize(("header", "reason"), HEADERS.values(), ids=HEADERS.keys())
def test_headers_that_ask_for_trust_are_refused(header, reason):
    with pytest.raises(TokenRefusedError) as refused:
        check(signed(header=header))
    assert refused.value.reason == reason


def forged():
    header, payload, signature = signed().split(".")
    public_pem = RSA.as_pem(private=False)
    public_jwk = json.dumps(RSA.as_dict(private=False)).encode()
    public_der = RSA.as_der(private=False)
    yield "none", f"{b64({'alg': 'none', 'kid': 'ec'})}.{payload}."
    yield "nOnE", f"{b64({'alg': 'nOnE', 'kid': 'ec'})}.{payload}."
    yield "alg list", f"{b64({'alg': ['ES256'], 'kid': 'ec'})}.{payload}.{signature}"
    for name, secret in (("pem", public_pem), ("jwk", public_jwk), ("der", public_der)):
        # By hand: joserfc refuses to build such a key.
        signing_input = f"{b64({'alg': 'HS256', 'kid': 'rsa', 'typ': 'JWT'})}.{payload}"
        mac = hmac.digest(secret, signing_input.encode(), "sha256")
        yield f"public key as secret, {name}", f"{signing_input}.{b64(mac)}"
    yield "other key, same kid", signed(key=OTHER)
    yield "PS256", signed(key=RSA, alg="PS256")
    yield "RS384", signed(key=RSA, alg="RS384")
    yield "zero signature", f"{header}.{payload}.{b64(bytes(64))}"
    yield "r and s out of range", f"{header}.{payload}.{b64(bytes([255] * 64))}"
    yield "cut signature", f"{header}.{payload}.{signature[:-2]}"
    yield "no signature", f"{header}.{payload}."
    yield "two parts", f"{header}.{payload}"
    yield "four parts", f"{header}.{payload}.{signature}.x"
    yield "five parts", f"{header}.{payload}.{signature}.x.y"
    yield "white space", f" {header}.{payload}.{signature}\n{signature}"
    yield "changed payload", f"{header}.{b64(GOOD | {'sub': 'admin'})}.{signature}"
    yield "payload list", jws.serialize_compact({"alg": "ES256", "kid": "ec"}, b"[1]", EC)
    yield "payload not JSON", jws.serialize_compact({"alg": "ES256", "kid": "ec"}, b"\xff\xfe", EC)
    yield "deep payload", jws.serialize_compact({"alg": "ES256", "kid": "ec"}, b"[" * 5_000, EC)
    yield "large", signed(claims={"padding": "x" * 20_000})
    yield "empty", ""
    yield "crit", f"{b64({'alg': 'ES256', 'kid': 'ec', 'crit': ['b64'], 'b64': False})}.{payload}.{signature}"


FORGED = dict(forged())


@pytest.mark.req("N45")
@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED.keys())
def test_forged_tokens_are_refused(token):
    with pytest.raises(TokenRefusedError):
        check(token)


def test_symmetric_and_encryption_keys_of_the_set_are_left_out():
    secret = OctKey.generate_key(256, parameters={"kid": "oct"})
    sealing = ECKey.generate_key("P-256", parameters={"kid": "enc", "use": "enc"})
    keys = signing_keys({"keys": [secret.as_dict(), sealing.as_dict(private=False), EC.as_dict(private=False), "x", 7]})
    assert [key.kid for key in keys.keys] == ["ec"]
    token = jwt.encode({"alg": "HS256", "kid": "oct"}, GOOD, secret, algorithms=["HS256"])
    with pytest.raises(TokenRefusedError):
        check(token, keys=keys)


@pytest.mark.parametrize("document", [{}, {"keys": 7}, {"keys": [{"kty": "EC", "crv": "P-256"}]}])
def test_unusable_key_sets_are_an_outage(document):
    with pytest.raises(UnavailableError):
        signing_keys(document)


@pytest.mark.parametrize("token", ["", "x", "....", b64([1]) + ".a.b", b64({"kid": 7}) + ".a.b", "é.a.b", "[" * 9_000])
def test_the_key_id_of_rubbish_is_none(token):
    assert key_id(token) is None
