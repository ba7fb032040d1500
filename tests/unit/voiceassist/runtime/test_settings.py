import secrets

import msgspec
import pytest

from voiceassist.core.errors import SettingsError
from voiceassist.core.identity import DEFAULT_TENANT
from voiceassist.runtime import workloads
from voiceassist.runtime.settings import knative_port, parse


def test_names_nest_and_values_are_typed():
    settings = parse(
        {
            "VOICEASSIST_POSTGRES__DSN": "postgresql://x",
            "VOICEASSIST_HOST__PORT": "9443",
            "VOICEASSIST_HOST__ISOLATED": "true",
            "PATH": "/bin",
            "K_SINK": "http://broker/ns/default",
            "VOICEASSIST_DATA": "/somewhere",
        }
    )
    assert settings.postgres.dsn == "postgresql://x"
    assert (settings.host.port, settings.host.isolated) == (9443, True)
    assert settings.broker_url == "http://broker/ns/default"


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"VOICEASSIST_HOST__PORT": "secret-value"}, "VOICEASSIST_HOST__PORT"),
        ({"VOICEASSIST_PROFILE": "secret-value"}, "VOICEASSIST_PROFILE"),
        ({"VOICEASSIST_TELEMETRY__LOG_LEVEL": "secret-value"}, "VOICEASSIST_TELEMETRY__LOG_LEVEL"),
        ({"VOICEASSIST_HOST__PROT": "1"}, "VOICEASSIST_HOST__PROT"),
        ({"VOICEASSIST_NOPE": "1"}, "VOICEASSIST_NOPE"),
        ({"VOICEASSIST_POSTGRES": "secret-value"}, "VOICEASSIST_POSTGRES"),
        ({"VOICEASSIST_POSTGRES__DSN": "x", "VOICEASSIST_POSTGRES": "secret-value"}, "VOICEASSIST_POSTGRES"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(environ, named):
    with pytest.raises(SettingsError) as caught:
        parse(environ)
    assert named in caught.value.detail
    assert "secret-value" not in caught.value.detail


@pytest.mark.parametrize("port", ["", "http", "-1", "65536", "8080 "])
def test_a_port_that_is_none_is_one_sentence(monkeypatch, port):
    monkeypatch.setenv("PORT", port)
    with pytest.raises(SettingsError):
        knative_port()


def test_settings_are_frozen():
    with pytest.raises(AttributeError):
        parse({}).profile = "production"


def test_production_refuses_embedded_defaults_and_names_them_all():
    with pytest.raises(SettingsError) as caught:
        parse({"VOICEASSIST_PROFILE": "production", "VOICEASSIST_OIDC__EMBEDDED": "true"})
    for name in ("OIDC__EMBEDDED", "WORKLOAD__KEYS", "KMS__PROVIDER"):
        assert name in caught.value.detail


REAL = {
    "PROFILE": "production",
    "BASE_URL": "https://va.example",
    "WORKLOAD__KEYS": workloads.derived("s").keys,
    "KMS__PROVIDER": "file",
    "KMS__FILE": "/run/kms/kek.json",
    "KMS__PASSPHRASE_FILE": "/run/kms/passphrase",
    "OIDC__ISSUER": "https://id.example/realms/va",
    "OIDC__CLIENT_SECRET": secrets.token_hex(16),
    "REDIS__URL": "rediss://va:a-password@cache:6379/0",
    "QDRANT__URL": "https://qdrant:6333",
    "QDRANT__API_KEY": secrets.token_hex(16),
    "S3__ENDPOINT": "https://s3.example",
    "S3__SECRET_KEY": secrets.token_hex(16),
}


def production(**changes):
    return parse({f"VOICEASSIST_{name}": value for name, value in (REAL | changes).items()})


def test_production_starts_with_real_values():
    assert msgspec.structs.asdict(production())["profile"] == "production"


def test_production_asks_nothing_about_engines_it_is_not_told_of():
    untold = dict.fromkeys(
        ("OIDC__ISSUER", "OIDC__CLIENT_SECRET", "REDIS__URL", "QDRANT__URL", "QDRANT__API_KEY"), ""
    ) | {"S3__ENDPOINT": "", "S3__SECRET_KEY": ""}
    assert production(**untold).profile == "production"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC__EMBEDDED", "true"),
        ("BASE_URL", "http://va.example"),
        ("WORKLOAD__KEYS", ""),
        ("KMS__PROVIDER", "embedded"),
        ("KMS__FILE", ""),
        ("KEK", "0" * 64),
        ("KEK", "0123456789abcdeg" * 4),
        ("OIDC__CLIENT_SECRET", ""),
        ("OIDC__CLIENT_SECRET", "secret"),
        ("OIDC__ISSUER", "http://id.example/realms/va"),
        ("OIDC__ISSUER", "http://localhost.evil.example/realms/va"),
        ("REDIS__URL", "redis://cache:6379/0"),
        ("QDRANT__API_KEY", ""),
        ("S3__SECRET_KEY", "any"),
    ],
)
def test_production_refuses_what_is_weak_missing_or_embedded(name, value):
    with pytest.raises(SettingsError) as caught:
        production(**{name: value})
    assert caught.value.detail == f"The production profile refuses these settings: VOICEASSIST_{name}"


MERCY = {
    "OIDC__OTHERS__MERCY__ISSUER": "https://cloud.mercy.example",
    "OIDC__OTHERS__MERCY__CLIENT_SECRET": secrets.token_hex(16),
    "OIDC__OTHERS__MERCY__TENANT": "0192f0c4-7c1e-7b30-9f5e-2f6f0a4c5d11",
    "OIDC__OTHERS__MERCY__ALGORITHMS": "RS256",
}


@pytest.mark.req("P2.2")
def test_further_providers_have_a_name_and_a_tenant_each():
    found = production(**MERCY).oidc.by_name()
    assert [*found] == ["", "mercy"]
    assert found[""].tenant == DEFAULT_TENANT
    assert (str(found["mercy"].tenant), found["mercy"].algorithms) == (MERCY["OIDC__OTHERS__MERCY__TENANT"], "RS256")


@pytest.mark.req("P2.2")
@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("ISSUER", "", "OTHERS__MERCY needs an ISSUER and a CLIENT_SECRET."),
        ("CLIENT_SECRET", "", "OTHERS__MERCY needs an ISSUER and a CLIENT_SECRET."),
        ("ISSUER", "https://id.example/realms/va/", "OTHERS names an issuer twice."),
        ("ALGORITHMS", "none", "OTHERS__MERCY__ALGORITHMS may name ES256 and RS256."),
        ("ALGORITHMS", "RS256,HS256", "OTHERS__MERCY__ALGORITHMS may name ES256 and RS256."),
        ("SCOPE", "profile email", "OTHERS__MERCY__SCOPE lacks openid."),
        ("GROUPS", "va-admins", "OTHERS__MERCY__GROUPS is no list of group=role."),
        ("GROUPS", "va-admins=owner", "OTHERS__MERCY__GROUPS is no list of group=role."),
        ("TENANT", "mercy", "OTHERS has a value that cannot be used."),
        ("ISSUER", "http://cloud.mercy.example", "refuses these settings: VOICEASSIST_OIDC__OTHERS__MERCY__ISSUER"),
        ("CLIENT_SECRET", "secret", "refuses these settings: VOICEASSIST_OIDC__OTHERS__MERCY__CLIENT_SECRET"),
    ],
)
def test_a_provider_that_cannot_be_trusted_stops_the_start(name, value, sentence):
    with pytest.raises(SettingsError) as caught:
        production(**(MERCY | {f"OIDC__OTHERS__MERCY__{name}": value}))
    assert caught.value.detail.endswith(sentence)


AWS = {"KMS__PROVIDER": "aws", "KMS__KEY": "alias/voiceassist", "KMS__REGION": "eu-central-1"}
VAULT = {
    "KMS__PROVIDER": "vault",
    "KMS__KEY": "voiceassist",
    "KMS__URL": "https://vault.example",
    "KMS__TOKEN_FILE": "/vault/token",
}


@pytest.mark.req("P11.2")
@pytest.mark.parametrize("kms", [AWS, VAULT, {"KMS__PASSPHRASE_FILE": "", "KMS__PASSPHRASE": secrets.token_hex(16)}])
def test_production_starts_with_each_keeper_of_keys(kms):
    assert production(**kms).profile == "production"


@pytest.mark.req("P11.2")
@pytest.mark.parametrize(
    ("kms", "name"),
    [
        ({"KMS__PASSPHRASE_FILE": ""}, "KMS__PASSPHRASE"),
        ({"KMS__PASSPHRASE_FILE": "", "KMS__PASSPHRASE": "k" * 40}, "KMS__PASSPHRASE"),
        (AWS | {"KMS__KEY": ""}, "KMS__KEY"),
        (AWS | {"KMS__URL": "http://kms.example"}, "KMS__URL"),
        (VAULT | {"KMS__URL": ""}, "KMS__URL"),
        (VAULT | {"KMS__URL": "http://vault.example"}, "KMS__URL"),
        (VAULT | {"KMS__TOKEN_FILE": ""}, "KMS__TOKEN_FILE"),
    ],
)
def test_production_refuses_a_keeper_that_keeps_nothing(kms, name):
    with pytest.raises(SettingsError) as caught:
        production(**kms)
    assert caught.value.detail == f"The production profile refuses these settings: VOICEASSIST_{name}"


def test_a_room_is_reached_by_its_name():
    assert parse({"VOICEASSIST_ROOM_URL": "http://127.0.0.1:1/{room}"}).room("calculators") == (
        "http://127.0.0.1:1/calculators"
    )


@pytest.mark.req("P11.8")
def test_no_process_starts_with_a_policy_that_it_cannot_follow(tmp_path):
    told = parse({"VOICEASSIST_EGRESS__POLICY": "cloud_llm.*=pseudonymise"})
    assert told.egress.policy == "cloud_llm.*=pseudonymise"
    for name, value in (("POLICY", "log.NAME=allow"), ("POLICY_FILE", str(tmp_path / "absent.json"))):
        with pytest.raises(SettingsError):
            parse({f"VOICEASSIST_EGRESS__{name}": value})
