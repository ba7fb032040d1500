"""The realm that Keycloak imports (knative/identity/realm.json): what it must say, and what it must not (SPEC P2.2).

Keycloak itself is not at hand here. Each rule answers with its faults; the tests run them on the real file, and on
copies with one thing changed, which must be found.
"""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from jsonschema import Draft202012Validator

from functions.auth.domain import identity_of
from voiceassist.runtime.host.__main__ import LOGOUT
from voiceassist.runtime.host.admission import CALLBACK

ROOT = Path(__file__).resolve().parents[2]
PLACE = "knative/identity/realm.json"
PLACEHOLDER = re.compile(r"\$\{([A-Z_]+)\}")
OURS = ("admin", "user", "viewer")

TEXT, YES_NO, SECONDS = {"type": "string"}, {"type": "boolean"}, {"type": "integer", "minimum": 0}
TEXTS = {"type": "array", "items": TEXT, "uniqueItems": True}
CONFIG = {"type": "object", "additionalProperties": TEXT}


def closed(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object of these members and no others: a misspelt one is dropped by Keycloak without a word."""
    properties = required | (optional or {})
    return {"type": "object", "properties": properties, "required": sorted(required), "additionalProperties": False}


def many(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


EXECUTION = closed(
    {
        "requirement": {"enum": ["REQUIRED", "ALTERNATIVE", "CONDITIONAL", "DISABLED"]},
        "priority": SECONDS,
        "authenticatorFlow": YES_NO,
        "userSetupAllowed": YES_NO,
    },
    {"authenticator": TEXT, "flowAlias": TEXT},
)
FLOW = closed(
    {
        "alias": TEXT,
        "description": TEXT,
        "providerId": {"enum": ["basic-flow", "client-flow", "form-flow"]},
        "topLevel": YES_NO,
        "builtIn": YES_NO,
        "authenticationExecutions": many(EXECUTION) | {"minItems": 1},
    }
)
MAPPER = closed({"name": TEXT, "protocol": {"const": "openid-connect"}, "protocolMapper": TEXT, "config": CONFIG})
# Of ClientRepresentation, IdentityProviderRepresentation and RealmRepresentation what is used here.
CLIENT = closed(
    {
        **dict.fromkeys(
            (
                "enabled publicClient bearerOnly standardFlowEnabled implicitFlowEnabled directAccessGrantsEnabled"
                " serviceAccountsEnabled authorizationServicesEnabled frontchannelLogout consentRequired"
                " fullScopeAllowed"
            ).split(),
            YES_NO,
        ),
        **dict.fromkeys("clientId name protocol clientAuthenticatorType secret baseUrl".split(), TEXT),
        **dict.fromkeys("redirectUris webOrigins defaultClientScopes optionalClientScopes".split(), TEXTS),
        "attributes": CONFIG,
        "protocolMappers": many(MAPPER),
    }
)
PROVIDER = closed(
    {
        **dict.fromkeys("enabled trustEmail storeToken linkOnly addReadTokenRoleOnCreate".split(), YES_NO),
        **dict.fromkeys(
            "alias displayName providerId firstBrokerLoginFlowAlias postBrokerLoginFlowAlias".split(), TEXT
        ),
        "config": CONFIG,
    }
)
REALM = closed(
    {
        **dict.fromkeys(
            (
                "enabled registrationAllowed resetPasswordAllowed rememberMe editUsernameAllowed loginWithEmailAllowed"
                " duplicateEmailsAllowed verifyEmail bruteForceProtected permanentLockout revokeRefreshToken"
                " offlineSessionMaxLifespanEnabled otpPolicyCodeReusable eventsEnabled adminEventsEnabled"
                " adminEventsDetailsEnabled"
            ).split(),
            YES_NO,
        ),
        **dict.fromkeys(
            (
                "failureFactor maxDeltaTimeSeconds waitIncrementSeconds maxFailureWaitSeconds"
                " minimumQuickLoginWaitSeconds quickLoginCheckMilliSeconds refreshTokenMaxReuse accessTokenLifespan"
                " accessTokenLifespanForImplicitFlow ssoSessionIdleTimeout ssoSessionMaxLifespan"
                " offlineSessionIdleTimeout offlineSessionMaxLifespan accessCodeLifespan accessCodeLifespanUserAction"
                " accessCodeLifespanLogin actionTokenGeneratedByUserLifespan actionTokenGeneratedByAdminLifespan"
                " otpPolicyDigits otpPolicyPeriod otpPolicyLookAheadWindow eventsExpiration"
            ).split(),
            SECONDS,
        ),
        **dict.fromkeys(
            (
                "realm displayName sslRequired passwordPolicy defaultSignatureAlgorithm otpPolicyType"
                " otpPolicyAlgorithm browserFlow directGrantFlow registrationFlow"
            ).split(),
            TEXT,
        ),
        "browserSecurityHeaders": CONFIG,
        "requiredActions": many(
            closed(
                {
                    **dict.fromkeys(("alias", "name", "providerId"), TEXT),
                    **dict.fromkeys(("enabled", "defaultAction"), YES_NO),
                    "priority": SECONDS,
                    "config": CONFIG,
                }
            )
        ),
        "roles": closed({"realm": many(closed({"name": TEXT, "description": TEXT}))}),
        "groups": many(
            closed(
                {
                    **dict.fromkeys(("name", "path"), TEXT),
                    "attributes": {"type": "object", "additionalProperties": TEXTS},
                    "realmRoles": TEXTS,
                    "subGroups": {"maxItems": 0},
                }
            )
        ),
        "scopeMappings": many(closed({"client": TEXT, "roles": TEXTS})),
        "clients": many(CLIENT),
        "identityProviders": many(PROVIDER),
        "identityProviderMappers": many(
            closed({"name": TEXT, "identityProviderAlias": TEXT, "identityProviderMapper": TEXT, "config": CONFIG})
        ),
        "authenticatorConfig": {"maxItems": 0},
        "authenticationFlows": many(FLOW),
        "components": {"type": "object"},
    }
)


def realm_faults(realm: dict[str, Any]) -> Iterator[str]:
    yield from (
        f"schema: {error.json_path} {error.message}" for error in Draft202012Validator(REALM).iter_errors(realm)
    )
    if "users" in realm:
        yield "it brings people"
    for name in ("registrationAllowed", "resetPasswordAllowed", "rememberMe", "loginWithEmailAllowed"):
        if realm.get(name) is not False:
            yield f"{name} is not off"
    yield from guessing_faults(realm)
    yield from lifetime_faults(realm)
    yield from second_factor_faults(realm)
    for client in realm.get("clients", ()):
        yield from client_faults(client)
    for provider in realm.get("identityProviders", ()):
        yield from provider_faults(provider, realm)
    yield from secret_faults(realm)


def guessing_faults(realm: dict[str, Any]) -> Iterator[str]:
    """N43: more than five failures in 15 minutes wait up to an hour, and nobody is locked out for good by others."""
    if not realm.get("bruteForceProtected") or realm.get("failureFactor", 99) > 5 or realm.get("permanentLockout"):
        yield "guessing is not held back"
    if realm.get("maxDeltaTimeSeconds", 0) < 900 or realm.get("maxFailureWaitSeconds", 0) < 3_600:
        yield "guessing does not have to wait"
    if "length(12)" not in realm.get("passwordPolicy", ""):
        yield "short passwords are taken"


MOST_SECONDS = {
    "accessTokenLifespan": 300,
    "ssoSessionIdleTimeout": 900,
    "ssoSessionMaxLifespan": 43_200,
    "offlineSessionMaxLifespan": 43_200,
    "accessCodeLifespan": 60,
    "accessCodeLifespanLogin": 600,
}


def lifetime_faults(realm: dict[str, Any]) -> Iterator[str]:
    for name, most in MOST_SECONDS.items():
        if not 0 < realm.get(name, 0) <= most:
            yield f"{name} is not within {most} s"
    if not realm.get("revokeRefreshToken") or realm.get("refreshTokenMaxReuse") != 0:
        yield "refresh tokens may be used again"
    if realm.get("defaultSignatureAlgorithm") != "ES256":
        yield "tokens are not signed with ES256"
    keys = realm.get("components", {}).get("org.keycloak.keys.KeyProvider", ())
    if not any(one.get("config", {}).get("ecdsaEllipticCurveKey") == ["P-256"] for one in keys):
        yield "there is no key for ES256"


def second_factor_faults(realm: dict[str, Any]) -> Iterator[str]:
    actions = {one["alias"]: one for one in realm.get("requiredActions", ())}
    if not actions.get("CONFIGURE_TOTP", {}).get("defaultAction"):
        yield "new people need not set up a second factor"
    wanted = (
        "otpPolicyType",
        "otpPolicyDigits",
        "otpPolicyPeriod",
        "otpPolicyLookAheadWindow",
        "otpPolicyCodeReusable",
    )
    if [realm.get(name) for name in wanted] != ["totp", 6, 30, 1, False]:
        yield "codes are not those of RFC 6238 in 30 s and one step, once"
    flows = {one["alias"]: one for one in realm.get("authenticationFlows", ())}
    named = [realm.get("browserFlow"), realm.get("directGrantFlow"), realm.get("registrationFlow")]
    named += [step["flowAlias"] for flow in flows.values() for step in steps(flow) if "flowAlias" in step]
    yield from (f"there is no flow {name}" for name in named if name not in flows)
    for flow in flows.values():
        doors = {step.get("authenticator"): step["requirement"] for step in steps(flow)}
        if "auth-username-password-form" in doors and doors.get("auth-otp-form") != "REQUIRED":
            yield "a password alone signs in"
    if "deny-access-authenticator" not in {one.get("authenticator") for one in steps(flows.get(named[1], {}))}:
        yield "direct grants are not denied"


def steps(flow: dict[str, Any]) -> list[dict[str, Any]]:
    return flow.get("authenticationExecutions", [])


OFF = ("publicClient", "implicitFlowEnabled", "directAccessGrantsEnabled", "serviceAccountsEnabled", "fullScopeAllowed")


def client_faults(client: dict[str, Any]) -> Iterator[str]:
    attributes = client.get("attributes", {})
    yield from (f"client: {name} is not off" for name in OFF if client.get(name) is not False)
    if not client.get("standardFlowEnabled"):
        yield "client: no code flow"
    if client.get("redirectUris") != ["${VOICEASSIST_URL}" + CALLBACK] or client.get("webOrigins") != []:
        yield "client: redirects elsewhere than to the one callback"
    if attributes.get("pkce.code.challenge.method") != "S256":
        yield "client: PKCE is not enforced"
    if attributes.get("id.token.signed.response.alg") != "ES256":
        yield "client: ID tokens are not signed with ES256"
    if attributes.get("exclude.issuer.from.auth.response") != "false":
        yield "client: answers do not say whose they are"
    if attributes.get("backchannel.logout.url") != "${VOICEASSIST_LOGOUT_URL}":
        yield "client: is not told of logouts"
    if attributes.get("backchannel.logout.session.required") != "true":
        yield "client: is not told which session ended"
    for name in ("oauth2.device.authorization.grant.enabled", "oidc.ciba.grant.enabled", "use.refresh.tokens"):
        if attributes.get(name) != "false":
            yield f"client: {name} is not off"


def provider_faults(provider: dict[str, Any], realm: dict[str, Any]) -> Iterator[str]:
    config = provider.get("config", {})
    flows = {one["alias"]: one for one in realm.get("authenticationFlows", ())}
    for name in ("pkceEnabled", "validateSignature", "useJwksUrl"):
        if config.get(name) != "true":
            yield f"provider: {name} is not on"
    if config.get("pkceMethod") != "S256" or config.get("disableNonce") == "true":
        yield "provider: answers are not bound to the attempt"
    if provider.get("trustEmail") is not False:
        yield "provider: its mail addresses are believed"
    if config.get("issuer") != "${NEXTCLOUD_URL}":
        yield "provider: its issuer is not pinned"
    after = steps(flows.get(provider.get("postBrokerLoginFlowAlias", ""), {}))
    if not any((one.get("authenticator"), one["requirement"]) == ("auth-otp-form", "REQUIRED") for one in after):
        yield "provider: no second factor afterwards"
    first = {one.get("authenticator") for one in steps(flows.get(provider.get("firstBrokerLoginFlowAlias", ""), {}))}
    if first != {"idp-create-user-if-unique"}:
        yield "provider: people are joined to accounts that are there"


def secret_faults(realm: dict[str, Any]) -> Iterator[str]:
    """No secret, and no address of anybody's, stands in the file."""
    for path, value in leaves(realm):
        if re.search(r"(?i)(?:secret|password)$", path) and not PLACEHOLDER.fullmatch(value):
            yield f"{path} is written down"
        addressed = re.search(r"(?:[uU]r[il]s?(?:\.\d+)?|issuer)$", path) and value != "true"
        if addressed and not value.startswith("${"):
            yield f"{path} is somebody's address"
        if "*" in value:
            yield f"{path} has a wildcard"


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict | list):
        for name, inner in node.items() if isinstance(node, dict) else enumerate(node):
            yield from leaves(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(node, str):
        yield path, node


@pytest.fixture(scope="module")
def realm():
    return json.loads((ROOT / PLACE).read_text())


@pytest.fixture(scope="module")
def keycloak():
    return yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["keycloak"]


@pytest.mark.req("P2.2")
def test_the_realm_says_what_it_must(realm):
    assert list(realm_faults(realm)) == []


PLANTED = {
    "clients.0.redirectUris.0": ("${VOICEASSIST_URL}/*", "wildcard"),
    "clients.0.redirectUris": (["${VOICEASSIST_URL}/api/v1/auth/callback", "https://evil.example/"], "redirects"),
    "clients.0.webOrigins": (["*"], "redirects"),
    "clients.0.directAccessGrantsEnabled": (True, "directAccessGrantsEnabled is not off"),
    "clients.0.implicitFlowEnabled": (True, "implicitFlowEnabled is not off"),
    "clients.0.serviceAccountsEnabled": (True, "serviceAccountsEnabled is not off"),
    "clients.0.publicClient": (True, "publicClient is not off"),
    "clients.0.fullScopeAllowed": (True, "fullScopeAllowed is not off"),
    "clients.0.standardFlowEnabled": (False, "no code flow"),
    "clients.0.secret": ("voiceassist", "written down"),
    "clients.0.attributes.pkce~code~challenge~method": ("plain", "PKCE is not enforced"),
    "clients.0.attributes.id~token~signed~response~alg": ("RS256", "not signed with ES256"),
    "clients.0.attributes.backchannel~logout~url": ("", "not told of logouts"),
    "clients.0.attributes.backchannel~logout~session~required": ("false", "which session"),
    "clients.0.attributes.exclude~issuer~from~auth~response": ("true", "whose they are"),
    "clients.0.attributes.oauth2~device~authorization~grant~enabled": ("true", "is not off"),
    "clients.0.directAccesGrantsEnabled": (False, "schema"),
    "bruteForceProtected": (False, "guessing is not held back"),
    "failureFactor": (30, "guessing is not held back"),
    "permanentLockout": (True, "guessing is not held back"),
    "maxFailureWaitSeconds": (60, "does not have to wait"),
    "passwordPolicy": ("length(8)", "short passwords"),
    "accessTokenLifespan": (3_600, "accessTokenLifespan"),
    "ssoSessionIdleTimeout": (36_000, "ssoSessionIdleTimeout"),
    "ssoSessionMaxLifespan": (0, "ssoSessionMaxLifespan"),
    "accessCodeLifespan": (600, "accessCodeLifespan"),
    "revokeRefreshToken": (False, "used again"),
    "defaultSignatureAlgorithm": ("RS256", "not signed with ES256"),
    "components": ({}, "no key for ES256"),
    "requiredActions.0.defaultAction": (False, "need not set up"),
    "otpPolicyCodeReusable": (True, "RFC 6238"),
    "authenticationFlows.1.authenticationExecutions.1.requirement": ("ALTERNATIVE", "a password alone"),
    "authenticationFlows.4.authenticationExecutions.0.authenticator": ("direct-grant-validate-password", "not denied"),
    "browserFlow": ("browser", "there is no flow browser"),
    "identityProviders.0.trustEmail": (True, "are believed"),
    "identityProviders.0.postBrokerLoginFlowAlias": ("", "no second factor afterwards"),
    "identityProviders.0.firstBrokerLoginFlowAlias": ("first broker login", "joined to accounts"),
    "identityProviders.0.config.pkceEnabled": ("false", "pkceEnabled is not on"),
    "identityProviders.0.config.validateSignature": ("false", "validateSignature is not on"),
    "identityProviders.0.config.disableNonce": ("true", "not bound to the attempt"),
    "identityProviders.0.config.clientSecret": ("secret", "written down"),
    "identityProviders.0.config.tokenUrl": ("https://evil.example/token", "somebody's address"),
    "registrationAllowed": (True, "registrationAllowed is not off"),
    "users": ([{"username": "admin"}], "brings people"),
}


def changed(realm, path, value):
    """A copy with one thing changed; `~` is a dot inside a name."""
    made = copy.deepcopy(realm)
    *way, last = [part.replace("~", ".") for part in path.split(".")]
    node = made
    for part in way:
        node = node[int(part) if isinstance(node, list) else part]
    node[int(last) if isinstance(node, list) else last] = value
    return made


@pytest.mark.req("P2.2")
@pytest.mark.parametrize(("path", "planted"), PLANTED.items(), ids=PLANTED.keys())
def test_a_planted_weakness_is_found(realm, path, planted):
    value, sentence = planted
    assert any(sentence in fault for fault in realm_faults(changed(realm, path, value)))


def test_its_groups_mean_our_roles_and_come_from_nextcloud(realm):
    assert {one["name"] for one in realm["roles"]["realm"]} == set(OURS)
    assert realm["scopeMappings"] == [{"client": realm["clients"][0]["clientId"], "roles": list(OURS)}]
    brought = {one["config"]["group"]: one["config"] for one in realm["identityProviderMappers"]}
    for group in realm["groups"]:
        (role,) = group["realmRoles"]
        claims = {"iss": "i", "sub": "s", "roles": [role], "va_profile": group["attributes"]["va_profile"][0]}
        person = identity_of(claims)
        assert (person.role, person.known) == (role, True)
        config = brought.pop(group["path"])
        assert json.loads(config["claims"]) == [{"key": "groups", "value": group["name"]}]
        assert (config["syncMode"], config["are.claim.values.regex"]) == ("FORCE", "false")
    assert brought == {}
    # Nextcloud's own administrators are in its group admin.
    assert "admin" not in {group["name"] for group in realm["groups"]}


def test_the_token_says_what_our_side_reads(realm):
    mappers = {one["config"]["claim.name"]: one for one in realm["clients"][0]["protocolMappers"]}
    assert mappers["roles"]["protocolMapper"] == "oidc-usermodel-realm-role-mapper"
    assert mappers["va_profile"]["config"]["user.attribute"] == "va_profile"
    assert all(one["config"]["id.token.claim"] == "true" for one in mappers.values())


def test_compose_imports_it_and_fills_in_what_it_leaves_open(realm, keycloak):
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    assert compose["configs"]["keycloak-realm"] == {"file": f"./{PLACE}"}
    asked = {name for _, value in leaves(realm) for name in PLACEHOLDER.findall(value)}
    told = {name for name in keycloak["environment"] if not name.startswith("KC_")}
    assert asked == told
    assert keycloak["environment"]["OIDC_CLIENT_SECRET"].startswith("${OIDC_CLIENT_SECRET:?")
    place = urlsplit(keycloak["environment"]["VOICEASSIST_LOGOUT_URL"])
    assert (place.scheme, place.hostname, place.path) == ("https", "gateway", LOGOUT)
