import msgspec
import pytest

from voiceassist.core.errors import SettingsError
from voiceassist.runtime.settings import parse


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
    "environ", [{"VOICEASSIST_HOST__PORT": "secret-value"}, {"VOICEASSIST_HOST__PROT": "1"}, {"VOICEASSIST_NOPE": "1"}]
)
def test_a_wrong_setting_is_named_without_its_value(environ):
    with pytest.raises(SettingsError) as caught:
        parse(environ)
    assert "secret-value" not in caught.value.detail


def test_settings_are_frozen():
    with pytest.raises(AttributeError):
        parse({}).profile = "production"


def test_production_refuses_embedded_defaults_and_names_them_all():
    with pytest.raises(SettingsError) as caught:
        parse({"VOICEASSIST_PROFILE": "production", "VOICEASSIST_OIDC__EMBEDDED": "true"})
    for name in ("OIDC__EMBEDDED", "INTERNAL_SECRET", "KEK"):
        assert name in caught.value.detail


def test_production_starts_with_real_values():
    environ = {"PROFILE": "production", "INTERNAL_SECRET": "s" * 32, "KEK": "0" * 64, "BASE_URL": "https://va.example"}
    settings = parse({f"VOICEASSIST_{name}": value for name, value in environ.items()})
    assert msgspec.structs.asdict(settings)["profile"] == "production"


def test_a_room_is_reached_by_its_name():
    assert parse({"VOICEASSIST_ROOM_URL": "http://127.0.0.1:1/{room}"}).room("calculators") == (
        "http://127.0.0.1:1/calculators"
    )
