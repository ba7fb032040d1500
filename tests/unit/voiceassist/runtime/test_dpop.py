"""Proofs of possession that prove nothing, each refused for its reason (RFC 9449, section 4.3; SPEC N45)."""

import hashlib
import json

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from voiceassist.runtime import dpop, jose
from voiceassist.runtime.jose import TokenRefusedError

NOW = 1_800_000_000
PLACE = "https://va.hospital.example/api/v1/calculators"
CREDENTIAL = "va_key"
PAIR = ECKey.generate_key("P-256")
OKP = OKPKey.generate_key("Ed25519")
OTHER = ECKey.generate_key("P-256")
CURVE = ECKey.generate_key("P-384")
RSA = RSAKey.generate_key(2048)
GOOD = {
    "jti": "once",
    "htm": "GET",
    "htu": PLACE,
    "iat": NOW,
    "ath": jose.encoded(hashlib.sha256(CREDENTIAL.encode()).digest()),
}


def proof(pair=PAIR, *, alg="ES256", header=None, **claims):
    told = {name: value for name, value in (GOOD | claims).items() if value is not ...}
    protected = {"alg": alg, "typ": "dpop+jwt", "jwk": pair.as_dict(private=False)} | (header or {})
    protected = {name: value for name, value in protected.items() if value is not ...}
    # By hand: joserfc does not write most of these headers.
    signing_input = f"{jose.encoded(json.dumps(protected).encode())}.{jose.encoded(json.dumps(told).encode())}"
    signature = jws.JWSRegistry(algorithms=[alg]).get_alg(alg).sign(signing_input.encode(), pair)
    return f"{signing_input}.{jose.encoded(signature)}"


def check(evidence, *, jkt=None, credential=CREDENTIAL):
    thumbprint = str(PAIR.thumbprint()) if jkt is None else jkt
    return dpop.check(evidence, method="GET", addresses={PLACE}, credential=credential, jkt=thumbprint, now=NOW)


def test_a_genuine_proof_is_taken():
    assert check(proof()) == "once"
    assert check(proof(htu=PLACE + "?page=2#top")) == "once"
    assert check(proof(OKP, alg="Ed25519"), jkt=str(OKP.thumbprint())) == "once"
    assert dpop.thumbprint(proof()) == str(PAIR.thumbprint())
    assert check(proof(ath=...), credential="", jkt="") == "once"


ATTACKS = {
    "another key pair": (proof(OTHER), "dpop_key"),
    "another's signature, our key": (proof(OTHER, header={"jwk": PAIR.as_dict(private=False)}), "signature"),
    "no key": (proof(header={"jwk": ...}), "dpop_key"),
    "key as text": (proof(header={"jwk": "key"}), "dpop_key"),
    "private key sent along": (proof(header={"jwk": PAIR.as_dict(private=True)}), "dpop_key"),
    "key of another curve": (proof(CURVE, alg="ES384"), "dpop_key"),
    "RSA": (proof(RSA, alg="RS256"), "dpop_key"),
    "key address": (proof(header={"jku": "https://evil.example"}), "header"),
    "crit": (proof(header={"cty": "JWT"}), "header"),
    "typ of an access token": (proof(header={"typ": "at+jwt"}), "type"),
    "typ missing": (proof(header={"typ": ...}), "type"),
    "another method": (proof(htm="POST"), "dpop_htm"),
    "method in small letters": (proof(htm="get"), "dpop_htm"),
    "another address": (proof(htu=PLACE + "/map"), "dpop_htu"),
    "another site": (proof(htu="https://evil.example/api/v1/calculators"), "dpop_htu"),
    "another scheme": (proof(htu=PLACE.replace("https", "http")), "dpop_htu"),
    "address with user information": (proof(htu=PLACE.replace("//", "//a@")), "dpop_htu"),
    "no address": (proof(htu=...), "dpop_htu"),
    "old": (proof(iat=NOW - 61), "dpop_iat"),
    "of the future": (proof(iat=NOW + 6), "dpop_iat"),
    "time as text": (proof(iat=str(NOW)), "dpop_iat"),
    "another credential": (proof(ath=jose.half_hash(CREDENTIAL)), "dpop_ath"),
    "no credential": (proof(ath=...), "dpop_ath"),
    "no jti": (proof(jti=...), "dpop_jti"),
    "jti of 10 kB": (proof(jti="j" * 10_000), "dpop_jti"),
    "nothing": ("", "shape"),
}


@pytest.mark.req("N45")
@pytest.mark.parametrize(("evidence", "reason"), ATTACKS.values(), ids=ATTACKS.keys())
def test_a_proof_that_proves_nothing(evidence, reason):
    with pytest.raises(TokenRefusedError) as refused:
        check(evidence)
    assert refused.value.reason == reason
