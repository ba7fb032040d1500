"""Which engine a tenant's sessions have, and settings that name none or half of one."""

from types import SimpleNamespace
from uuid import UUID

import pytest

from realtime.engines import chosen
from realtime.engines.chosen import ChosenEngine, tenants
from voiceassist.core.errors import SettingsError
from voiceassist.runtime.settings import Bridge, Models, Settings, Voice

pytestmark = pytest.mark.req("P4.6")

TENANT = UUID("01900000-0000-7000-8000-0000000000aa")


def engine(name):
    return SimpleNamespace(name=name, hears_and_speaks=True, open=lambda _principal: name)


def test_a_tenant_has_its_own_engine_and_everybody_else_the_usual_one():
    several = ChosenEngine(engine("local"), {TENANT: engine("cascade")})
    assert several.open(SimpleNamespace(tenant_id=TENANT)) == "cascade"
    assert several.open(SimpleNamespace(tenant_id=UUID(int=1))) == "local"


def test_the_list_of_tenants():
    assert tenants(f"{TENANT}=cascade, {UUID(int=1)}=local") == {TENANT: "cascade", UUID(int=1): "local"}
    assert tenants("") == {}
    for told in ("x=cascade", f"{TENANT}=other", f"{TENANT}", "=local"):
        with pytest.raises(SettingsError):
            tenants(told)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(voice=Voice(engine="cascade")),  # without a language model
        Settings(voice=Voice(engine="openai")),  # without a key
        Settings(
            voice=Voice(engine="openai"),
            bridge=Bridge(api_key="k", url="https://x"),
            models=Models(remote_policy="scan"),
        ),
        Settings(voice=Voice(engine="openai"), bridge=Bridge(api_key="k")),  # nothing may leave
        Settings(voice=Voice(engines=f"{TENANT}=openai")),
    ],
)
def test_an_engine_that_is_half_configured_stops_the_service(settings):
    with pytest.raises(SettingsError):
        chosen.chosen(settings, SimpleNamespace())
