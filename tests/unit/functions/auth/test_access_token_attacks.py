"""Forged, stolen and bent access tokens (SPEC N45): each is refused, and for the reason that is meant.

The table of docs/compliance/token-attacks.md names each of these by its id.
"""

import base64
import hmac
import json

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.runtime import access_tokens, jose
from voiceassist.runtime.jose import TokenRefusedError
from voiceassist.runtime.key_sets import signing_keys

NOW = 1_800_000_000
ISSUER = "https://va.hospital.example"
USER = DEFAULT_TENANT
KEY = ECKey.generate_key("P-256", parameters={"kid": "now"})
NEXT = ECKey.generate_key("P-256", parameters={"kid": "next"})
SEALING = ECKey.generate_key("P-256", parameters={"kid": "sealing"})
OTHER = ECKey.generate_key("P-256", parameters={"kid": "now"})
WRONG_CURVE = ECKey.generate_key("P-384", parameters={"kid": "curve"})
RSA = RSAKey.generate_key(2048, parameters={"kid": "rsa"})


def public(key, **more):
    return key.as_dict(private=False) | {"use": "sig"} | more


KEYS = signing_keys(
    {
        "keys": [
            public(KEY, alg="ES256"),
            public(NEXT, alg="ES256"),
            public(SEALING, use="enc"),
            public(WRONG_CURVE),
            public(RSA, alg="RS256"),
            {"kty": "oct", "kid": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"},
        ]
    }
)
SID = "app-0199a3c2-8e2f-7b51-8c7f-4e2d3b5c6a78"
WHO = Principal(str(USER), DEFAULT_TENANT, "user", user_id=USER, scopes=frozenset({"calc:run"}), session_id=SID)
GOOD = access_tokens.claims_of(
    WHO,
    issuer=ISSUER,
    audience="calculators",
    client="c",
    jti="j",
    now=NOW,
    auth_time=NOW - 60,
    amr=("pwd", "otp", "mfa"),
)


PLAIN = b'{"alg":"ES256","typ":"at+jwt","kid":"now"}'


def b64(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(claims=None, *, header=None, key=KEY, alg="ES256", payload=None):
    told = {name: value for name, value in (GOOD | (claims or {})).items() if value is not ...}
    protected = {"alg": alg, "kid": key.kid, "typ": "at+jwt"} | (header or {})
    protected = {name: value for name, value in protected.items() if value is not ...}
    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    return jws.serialize_compact(
        protected, json.dumps(told).encode() if payload is None else payload, key, registry=registry
    )


def spelled(header, payload, key=KEY):
    """Signed by hand over any bytes: what no library would write."""
    first, second = (b64(part) if isinstance(part, bytes) else part for part in (header, payload))
    signing_input = f"{first}.{second}".encode()
    signature = jws.JWSRegistry(algorithms=["ES256"]).get_alg("ES256").sign(signing_input, key)
    return f"{first}.{second}.{b64(signature)}"


def mac(header, payload, secret):
    signing_input = f"{b64(header)}.{payload}"
    return f"{signing_input}.{b64(hmac.digest(secret, signing_input.encode(), 'sha256'))}"


@pytest.fixture(scope="module")
def verifier():
    return access_tokens.Verifier(KEYS, issuer=ISSUER)


def check(verifier, token, *, audience="calculators", now=NOW):
    return verifier.verify(token, audience=audience, now=now)


def test_a_genuine_token_is_taken(verifier):
    access = check(verifier, signed())
    assert access.principal == WHO
    assert (access.jkt, access.issued_at, access.expires_at) == ("", NOW, NOW + 300)
    assert check(verifier, signed(key=NEXT)).principal == WHO
    assert check(verifier, signed({"cnf": {"jkt": "x" * 43}})).jkt == "x" * 43


def algorithms():
    header, payload, signature = signed().split(".")
    for spelling in ("none", "None", "NONE", "nOnE"):
        yield f"alg {spelling}", f"{b64({'alg': spelling, 'typ': 'at+jwt'})}.{payload}.{signature}", "algorithm"
    yield "alg none without signature", f"{b64({'alg': 'none', 'typ': 'at+jwt'})}.{payload}.", "shape"
    yield "alg missing", f"{b64({'typ': 'at+jwt', 'kid': 'now'})}.{payload}.{signature}", "algorithm"
    yield "alg list", f"{b64({'alg': ['ES256'], 'typ': 'at+jwt'})}.{payload}.{signature}", "algorithm"
    told = {"alg": "HS256", "typ": "at+jwt", "kid": "rsa"}
    for name, secret in (
        ("PEM", RSA.as_pem(private=False)),
        ("DER", RSA.as_der(private=False)),
        ("JWK", json.dumps(RSA.as_dict(private=False)).encode()),
    ):
        yield f"public key as HMAC secret, {name}", mac(told, payload, secret), "algorithm"
    yield "symmetric key of the set", mac({**told, "kid": "oct"}, payload, b"secret-secret-secret-secret"), "algorithm"
    yield "RS256 where ES256 is pinned", signed(key=RSA, alg="RS256"), "algorithm"
    yield "PS256", signed(key=RSA, alg="PS256"), "algorithm"
    yield "RS384", signed(key=RSA, alg="RS384"), "algorithm"
    yield "ES384", signed(key=WRONG_CURVE, alg="ES384"), "algorithm"
    yield (
        "key of the wrong curve",
        f"{b64({'alg': 'ES256', 'typ': 'at+jwt', 'kid': 'curve'})}.{payload}.{signature}",
        "signature",
    )
    yield (
        "key of the wrong kind",
        f"{b64({'alg': 'ES256', 'typ': 'at+jwt', 'kid': 'rsa'})}.{payload}.{signature}",
        "signature",
    )
    yield "signature of zeros", f"{header}.{payload}.{b64(bytes(64))}", "signature"
    yield "r and s out of range", f"{header}.{payload}.{b64(bytes([255] * 64))}", "signature"
    yield "signature in DER", f"{header}.{payload}.{b64(bytes([0x30, 0x06, 2, 1, 1, 2, 1, 1]))}", "signature"
    yield "signed by another with our kid", signed(key=OTHER), "signature"


HEADERS = {
    "embedded key": ({"jwk": OTHER.as_dict(private=False)}, "header"),
    "key address": ({"jku": "https://evil.example/jwks.json"}, "header"),
    "certificate address": ({"x5u": "https://evil.example/cert.pem"}, "header"),
    "certificate": ({"x5c": ["AAAA"]}, "header"),
    "unknown crit": ({"crit": ["exp"]}, "header"),
    "crit naming b64": ({"crit": ["b64"], "b64": False}, "header"),
    "b64 false": ({"b64": False}, "header"),
    "compressed": ({"zip": "DEF"}, "header"),
    "nested": ({"cty": "JWT"}, "header"),
    "typ missing": ({"typ": ...}, "type"),
    "typ of an ID token": ({"typ": "JWT"}, "type"),
    "typ of a proof": ({"typ": "dpop+jwt"}, "type"),
    "typ of a logout token": ({"typ": "logout+jwt"}, "type"),
    "typ of an internal token": ({"typ": "va-int+jwt"}, "type"),
    "typ in capitals": ({"typ": "AT+JWT"}, "type"),
    "kid missing": ({"kid": ...}, "kid"),
    "kid as a path": ({"kid": "../../../../dev/null"}, "kid"),
    "kid as SQL": ({"kid": "x' union select 'secret'--"}, "kid"),
    "kid with NUL": ({"kid": "now\x00"}, "kid"),
    "kid as a list": ({"kid": ["now"]}, "kid"),
    "kid as an object": ({"kid": {"kid": "now"}}, "kid"),
    "kid as a number": ({"kid": 7}, "kid"),
    "kid of 10 kB": ({"kid": "k" * 10_000}, "kid"),
    "kid of an encryption key": ({"kid": "sealing"}, "signature"),
    "kid of another issuer": ({"kid": "issuer-key"}, "signature"),
}


def shapes():
    header, payload, signature = signed().split(".")
    yield "signature stripped", f"{header}.{payload}.", "shape"
    yield "two parts", f"{header}.{payload}", "shape"
    yield "four parts", f"{header}.{payload}.{signature}.{signature}", "shape"
    yield "five parts", f"{header}.{payload}.{signature}.a.b", "shape"
    yield "padding", f"{header}=.{payload}.{signature}", "shape"
    yield "white space", f"{header}.{payload} .{signature}", "shape"
    yield "line end", f"{header}.{payload}.{signature}\n", "shape"
    yield "standard base64", f"{header}.{payload}.{signature[:-1]}+", "shape"
    yield "changed last character", f"{header}.{payload}.{twin(signature)}", "shape"
    yield "cut signature", f"{header}.{payload}.{b64(jose.raw(signature)[:-4])}", "signature"
    yield "changed payload", f"{header}.{b64(GOOD | {'role': 'admin'})}.{signature}", "signature"
    yield "header of 100 kB", f"{b64({'alg': 'ES256', 'pad': 'x' * 100_000})}.{payload}.{signature}", "size"
    yield "payload 4,000 deep", spelled(PLAIN, b'{"a":' + b"[" * 4_000), "shape"
    yield "header told twice", spelled(b'{"alg":"ES256","typ":"JWT","typ":"at+jwt","kid":"now"}', payload), "shape"
    twice = json.dumps(GOOD)[:-1] + ', "role": "admin"}'
    yield "claim told twice", spelled(PLAIN, twice.encode()), "shape"
    yield "invalid UTF-8", spelled(PLAIN, b'{"sub":"\xff\xfe"}'), "shape"
    yield "payload is a list", signed(payload=b"[1]"), "shape"
    yield "payload is a text", signed(payload=b'"admin"'), "shape"
    yield (
        "payload is empty",
        spelled(PLAIN, b"x")[:0] + f"{header}..{signature}",
        "shape",
    )
    yield "JSON serialization", json.dumps({"payload": payload, "protected": header, "signature": signature}), "shape"
    yield "nothing", "", "shape"


def twin(signature):
    """Another spelling of the same bytes: 64 bytes leave four bits of the last sign unused."""
    letters = jose.SIGNS
    return signature[:-1] + letters[letters.index(signature[-1]) ^ 1]


CLAIMS = {
    "no exp": ({"exp": ...}, "exp"),
    "exp as text": ({"exp": str(NOW + 300)}, "exp"),
    "exp true": ({"exp": True}, "exp"),
    "exp as fraction": ({"exp": NOW + 299.5}, "exp"),
    "exp NaN": ({"exp": float("nan")}, "shape"),
    "exp infinite": ({"exp": float("inf")}, "shape"),
    "exp of next year": ({"exp": NOW + 31_536_000}, "iat"),
    "no iat": ({"iat": ...}, "iat"),
    "iat in the future": ({"iat": NOW + 60, "exp": NOW + 360}, "iat"),
    "nbf in the future": ({"nbf": NOW + 60}, "nbf"),
    "no audience": ({"aud": ...}, "aud"),
    "audience of another part": ({"aud": "documents"}, "aud"),
    "audience list with ours in it": ({"aud": ["documents", "calculators"]}, "aud"),
    "audience with another case": ({"aud": "Calculators"}, "aud"),
    "issuer with a slash": ({"iss": ISSUER + "/"}, "iss"),
    "look-alike issuer": ({"iss": "https://va.hospital.example.evil.example"}, "iss"),
    "no issuer": ({"iss": ...}, "iss"),
    "no subject": ({"sub": ...}, "sub"),
    "empty subject": ({"sub": ""}, "sub"),
    "subject that is no id": ({"sub": "admin"}, "claims"),
    "no jti": ({"jti": ...}, "jti"),
    "no sid": ({"sid": ...}, "sid"),
    "sid of a browser session": ({"sid": "0" * 32}, "sid"),
    "role of a service": ({"role": "service"}, "role"),
    "unknown role": ({"role": "root"}, "role"),
    "amr too weak": ({"amr": ["pwd"]}, "amr"),
    "no amr": ({"amr": ...}, "amr"),
    "auth_time too old": ({"auth_time": NOW - 31 * 86_400}, "auth_time"),
    "auth_time in the future": ({"auth_time": NOW + 3_600}, "auth_time"),
    "no tenant": ({"tenant": ...}, "claims"),
    "cnf without a thumbprint": ({"cnf": {}}, "claims"),
    "cnf with an empty thumbprint": ({"cnf": {"jkt": ""}}, "cnf"),
}
ALGORITHMS = {name: (token, reason) for name, token, reason in algorithms()}
SHAPES = {name: (token, reason) for name, token, reason in shapes()}


def refused(verifier, token, reason):
    with pytest.raises(TokenRefusedError) as error:
        check(verifier, token)
    assert error.value.reason == reason
    assert error.value.detail == "The credentials are not valid."  # the caller learns nothing of the reason


@pytest.mark.req("N45")
@pytest.mark.parametrize(("token", "reason"), ALGORITHMS.values(), ids=ALGORITHMS.keys())
def test_another_algorithm_or_signer(verifier, token, reason):
    refused(verifier, token, reason)


@pytest.mark.req("N45")
@pytest.mark.parametrize(("header", "reason"), HEADERS.values(), ids=HEADERS.keys())
def test_a_header_that_asks_for_trust(verifier, header, reason):
    told = {"alg": "ES256", "kid": "now", "typ": "at+jwt"} | header
    protected = json.dumps({name: value for name, value in told.items() if value is not ...}).encode()
    refused(verifier, spelled(protected, json.dumps(GOOD).encode()), reason)


@pytest.mark.req("N45")
@pytest.mark.parametrize(("token", "reason"), SHAPES.values(), ids=SHAPES.keys())
def test_another_shape(verifier, token, reason):
    refused(verifier, token, reason)


@pytest.mark.req("N45")
@pytest.mark.parametrize(("claims", "reason"), CLAIMS.values(), ids=CLAIMS.keys())
def test_other_claims(verifier, claims, reason):
    refused(verifier, signed(claims), reason)


@pytest.mark.req("N45")
@pytest.mark.parametrize(("now", "reason"), [(NOW + 306, "exp"), (NOW - 6, "iat")], ids=["expired", "before its time"])
def test_another_time_also_where_the_signature_is_remembered(verifier, now, reason):
    token = signed()
    check(verifier, token)
    with pytest.raises(TokenRefusedError) as error:
        check(verifier, token, now=now)
    assert error.value.reason == reason
    assert check(verifier, token, now=NOW + 305)


@pytest.mark.req("N45")
def test_another_part_also_where_the_signature_is_remembered(verifier):
    token = signed()
    check(verifier, token)
    with pytest.raises(TokenRefusedError) as error:
        check(verifier, token, audience="documents")
    assert error.value.reason == "aud"


@pytest.mark.req("N45")
def test_a_retired_key(verifier):
    later = access_tokens.Verifier(signing_keys({"keys": [public(NEXT)]}), issuer=ISSUER)
    with pytest.raises(TokenRefusedError) as error:
        check(later, signed())
    assert error.value.reason == "signature"


def test_what_every_token_must_be_is_read_once_for_all_kinds():
    assert {"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "cty"} <= jose.FORBIDDEN_HEADERS
