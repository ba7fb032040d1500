"""The directories of the settings: by tenant, and refused by name where they cannot be used."""

import json
from uuid import UUID

import pytest

from functions.users import directories
from functions.users.domain import Standing
from voiceassist.core.errors import SettingsError
from voiceassist.core.identity import DEFAULT_TENANT
from voiceassist.runtime import workloads
from voiceassist.runtime.settings import parse

GOOD = {
    "URL": "https://cloud.hospital.example/nextcloud/",
    "USERNAME": "sync",
    "PASSWORD": "hidden-word",
    "ISSUER": "https://cloud.hospital.example",
    "GROUPS": "doctors=user:physician, it staff=admin, a=b=viewer",
}
OTHER = UUID("01900000-0000-7000-8000-0000000000ff")


def of(**changes):
    told = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return directories.of(parse({f"VOICEASSIST_NEXTCLOUD__{name}": value for name, value in told.items()}))


def test_the_settings_name_the_directory_of_the_default_tenant():
    (one,) = of().values()
    assert (one.tenant_id, one.url) == (DEFAULT_TENANT, "https://cloud.hospital.example/nextcloud")
    assert one.groups == {
        "doctors": Standing("user", "physician"), "it staff": Standing("admin"), "a=b": Standing("viewer"),
    }  # fmt: skip
    assert (one.default, one.most_locked_percent) == (None, 20)
    assert "hidden-word" not in repr(one)
    assert of(URL=None) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("URL", "http://cloud.hospital.example"),
        ("URL", "https:///nothing"),
        ("URL", "https://cloud.hospital.example/?a=b"),
        ("PASSWORD", ""),
        ("ISSUER", ""),
        ("GROUPS", ""),
        ("GROUPS", "doctors=owner"),
        ("GROUPS", "doctors=user:Physician!"),
        ("GROUPS", "doctors=service"),
        ("MOST_LOCKED_PERCENT", "101"),
        ("PAGE", "0"),
        ("PAGE", "501"),
        ("FILE", "/nowhere/at/all.json"),
    ],
)
def test_what_cannot_be_used_is_named_without_its_value(name, value):
    with pytest.raises(SettingsError) as refused:
        of(**{name: value})
    assert f"VOICEASSIST_NEXTCLOUD__{name}" in refused.value.detail
    assert value == "" or value not in refused.value.detail or len(value) < 4


def test_without_tls_only_this_machine_is_asked_and_not_in_production():
    assert of(URL="http://127.0.0.1:8080")
    with pytest.raises(SettingsError):
        parse(
            {"VOICEASSIST_PROFILE": "production", "VOICEASSIST_WORKLOAD__KEYS": workloads.derived("s").keys,
             "VOICEASSIST_NEXTCLOUD__URL": "http://127.0.0.1:8080"}
        )  # fmt: skip


def in_file(tmp_path, *several):
    path = tmp_path / "directories.json"
    path.write_text(json.dumps(several))
    return directories.of(parse({"VOICEASSIST_NEXTCLOUD__FILE": str(path)}))


def one(tenant=DEFAULT_TENANT, **changes):
    return {
        "tenant": str(tenant), "url": "https://cloud.example", "issuer": f"https://{tenant}.example", "token": "t",
        "groups": {"a, b": "user"},
    } | changes  # fmt: skip


def test_a_file_names_the_directories_of_several_tenants(tmp_path):
    found = in_file(tmp_path, one(), one(OTHER, default_role="viewer", page=50))
    assert found.keys() == {DEFAULT_TENANT, OTHER}
    assert found[DEFAULT_TENANT].groups == {"a, b": Standing("user")}
    assert (found[OTHER].default, found[OTHER].page) == (Standing("viewer"), 50)


def test_a_file_with_doubles_or_strange_members_is_refused(tmp_path):
    for several in (
        (one(), one()),
        (one(), one(OTHER, issuer=one()["issuer"])),  # one uid would be two people
        (one(colour="red"),),
        ({"tenant": "nobody"},),
    ):
        with pytest.raises(SettingsError):
            in_file(tmp_path, *several)
