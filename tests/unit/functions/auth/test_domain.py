"""Sign-in rules: RFC 6238 vectors, replay, roles."""

import base64

import pytest

from functions.auth.domain import accepted_step, code_challenge, identity_of, roles_of

# RFC 6238, appendix B, SHA-1, cut to six digits.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


@pytest.mark.req("P2.9")
@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_codes_of_the_rfc_are_accepted(seconds, code):
    assert accepted_step(SECRET, code, seconds=seconds, last_step=0) == seconds // 30


@pytest.mark.req("P2.9")
def test_a_step_counts_once():
    step = accepted_step(SECRET, "287082", seconds=59, last_step=0)
    assert accepted_step(SECRET, "287082", seconds=59, last_step=step) is None


@pytest.mark.parametrize("seconds", [1111111109 - 30, 1111111109 + 30])
def test_one_step_before_and_after_is_in_the_window(seconds):
    assert accepted_step(SECRET, "081804", seconds=seconds, last_step=0) == 1111111109 // 30


@pytest.mark.parametrize("seconds", [59 + 61, 59 + 3600])
def test_outside_the_window_is_refused(seconds):
    assert accepted_step(SECRET, "287082", seconds=seconds, last_step=0) is None


@pytest.mark.parametrize("code", ["", "28708", "2870820", "287O82", "２８７０８２", "287082\n", " 287082", "٢٨٧٠٨٢"])
def test_only_six_ascii_digits_are_a_code(code):
    assert accepted_step(SECRET, code, seconds=59, last_step=0) is None


def test_the_challenge_of_rfc_7636():
    assert (
        code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"roles": ["admin", "viewer"]}, "admin"),
        ({"roles": ["clinician"]}, "user"),
        ({"realm_access": {"roles": ["user"]}}, "user"),
        ({"roles": ["owner"]}, "viewer"),
        ({"roles": "admin"}, "viewer"),
        ({"roles": [["admin"], 7, None]}, "viewer"),
        ({"realm_access": "admin"}, "viewer"),
        ({}, "viewer"),
    ],
)
def test_unknown_roles_only_look(claims, role):
    assert identity_of({"iss": "i", "sub": "s"} | claims).role == role


def test_roles_come_from_both_places():
    assert roles_of({"roles": ["a"], "realm_access": {"roles": ["b"]}}) == {"a", "b"}


GROUPS = "va-admins=admin,va-doctors=user:physician,va-wards=user:nurse"


@pytest.mark.parametrize(
    ("groups", "held", "standing"),
    [
        (GROUPS, ["va-doctors"], ("user", "physician", True)),
        (GROUPS, ["va-wards", "va-doctors"], ("user", "physician", True)),
        (GROUPS, ["va-doctors", "va-admins"], ("admin", "", True)),
        (GROUPS, ["admin", "va-admin", "VA-ADMINS"], ("viewer", "", False)),
        (GROUPS, "va-admins", ("viewer", "", False)),
        (GROUPS, [["va-admins"], 7, None], ("viewer", "", False)),
        (GROUPS, None, ("viewer", "", False)),
        ("", ["admin", "va-admins"], ("viewer", "", False)),
    ],
)
def test_only_groups_that_the_settings_name_are_roles(groups, held, standing):
    person = identity_of({"iss": "i", "sub": "s", "groups": held}, groups)
    assert (person.role, person.profile, person.known) == standing
