import secrets

import msgspec
import pytest

from voiceassist.core.errors import SettingsError
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
    for name in ("OIDC__EMBEDDED", "INTERNAL_SECRET", "KEK"):
        assert name in caught.value.detail


REAL = {
    "PROFILE": "production",
    "BASE_URL": "https://va.example",
    "INTERNAL_SECRET": secrets.token_hex(16),
    "KEK": secrets.token_hex(32),
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
        ("INTERNAL_SECRET", ""),
        ("INTERNAL_SECRET", "0123456789abcdef0123456789abcde"),
        ("INTERNAL_SECRET", "s" * 64),
        ("KEK", ""),
        ("KEK", "0" * 64),
        ("KEK", "0123456789abcdeg" * 4),
        ("OIDC__CLIENT_SECRET", ""),
        ("OIDC__CLIENT_SECRET", "secret"),
        ("REDIS__URL", "redis://cache:6379/0"),
        ("QDRANT__API_KEY", ""),
        ("S3__SECRET_KEY", "any"),
    ],
)
def test_production_refuses_what_is_weak_missing_or_embedded(name, value):
    with pytest.raises(SettingsError) as caught:
        production(**{name: value})
    assert caught.value.detail == f"The production profile refuses these settings: VOICEASSIST_{name}"


def test_a_room_is_reached_by_its_name():
    assert parse({"VOICEASSIST_ROOM_URL": "http://127.0.0.1:1/{room}"}).room("calculators") == (
        "http://127.0.0.1:1/calculators"
    )
