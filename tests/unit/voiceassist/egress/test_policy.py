"""The table of what may go where: safe without being told anything, and nothing that weakens it by mistake."""

import json
from uuid import UUID

import pytest

from voiceassist.core.errors import SettingsError
from voiceassist.runtime.egress import policy

pytestmark = pytest.mark.req("P11.8")

TENANT = "01900000-0000-7000-8000-0000000000aa"


def test_by_default_nothing_that_identifies_leaves():
    table = policy.default()
    for label in (*policy.LABELS, "SOMETHING_NEW"):
        for sink in ("cloud_llm", "embeddings"):
            assert table.action(sink, label) == "keep_local"
        for sink in ("literature", "search", "webhook", "mail"):
            assert table.action(sink, label) == "block"
        own = label in {"OTHER_ID", "DATE", "URL", "FACILITY"}  # what events of integrators consist of
        assert table.action("event", label) == ("allow" if own else "block")
        for sink in ("log", "trace", "metric", "export"):
            assert table.action(sink, label) == "redact"
    assert table.action("rag_index", "NAME") == "block"
    assert table.action("rag_index", "SOMETHING_NEW") == "block"
    assert table.action("rag_index", "PHONE") == "allow"
    assert set(table.table) == set(policy.SINKS)


def test_exceptions_change_what_they_name_and_the_digest():
    told = policy.load(None, "cloud_llm.*=pseudonymise, cloud_llm.SSN=block,literature.DATE=allow")
    assert told.action("cloud_llm", "NAME") == "pseudonymise"
    assert told.action("cloud_llm", "SSN") == "block"
    assert told.action("literature", "DATE") == "allow"
    assert told.action("literature", "NAME") == "block"
    assert told.action("embeddings", "NAME") == "keep_local"
    assert told.digest != policy.default().digest
    assert policy.load().digest == policy.default().digest
    assert policy.load(None, "rag_index.*=block").action("rag_index", "PHONE") == "block"


def test_a_file_with_a_tenant_of_its_own(tmp_path):
    path = tmp_path / "policy.json"
    path.write_text(
        json.dumps(
            {
                "version": "hospital-3",
                "dates": "year",
                "sinks": {"cloud_llm": {"*": "pseudonymise"}},
                "tenants": {TENANT: {"sinks": {"cloud_llm": {"*": "block"}}, "style": "realistic", "dates": "shift"}},
            }
        )
    )
    told = policy.load(path)
    theirs = told.of(UUID(TENANT))
    assert (told.version, told.dates, told.style) == ("hospital-3", "year", "tokens")
    assert (theirs.version, theirs.dates, theirs.style) == ("hospital-3", "shift", "realistic")
    assert (told.action("cloud_llm", "NAME"), theirs.action("cloud_llm", "NAME")) == ("pseudonymise", "block")
    assert told.of(None) is told.of(UUID(int=0)) is told
    assert theirs.digest != told.digest


@pytest.mark.parametrize(
    "exceptions",
    [
        "cloud_llm",
        "cloud_llm=block",
        "nowhere.NAME=block",
        "cloud_llm.FIRSTNAME=block",
        "cloud_llm.NAME=ignore",
        "log.NAME=allow",
        "trace.*=allow",
        "metric.*=pseudonymise",
        "event.SSN=keep_local",
        "search.NAME=pseudonymise",
    ],
)
def test_what_cannot_be_is_refused_without_repeating_it(exceptions):
    with pytest.raises(SettingsError) as refused:
        policy.load(None, exceptions)
    assert "FIRSTNAME" not in refused.value.detail


@pytest.mark.parametrize(
    "told",
    [
        [],
        {"sinks": {}},
        {"version": 7},
        {"version": "John Smith 4419820"},
        {"version": "v1", "rules": {}},
        {"version": "v1", "dates": "never"},
        {"version": "v1", "style": "loud"},
        {"version": "v1", "sinks": []},
        {"version": "v1", "sinks": {"log": "redact"}},
        {"version": "v1", "tenants": []},
        {"version": "v1", "tenants": {"us": {}}},
        {"version": "v1", "tenants": {TENANT: {"tenants": {}}}},
        {"version": "v1", "tenants": {TENANT: []}},
    ],
)
def test_a_file_that_says_something_else_is_refused(tmp_path, told):
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(told))
    with pytest.raises(SettingsError):
        policy.load(path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "broken.json").write_text("{")
    for name in ("broken.json", "absent.json"):
        with pytest.raises(SettingsError):
            policy.load(tmp_path / name)


def test_the_strictest_counts():
    assert policy.strictest([]) == "allow"
    assert policy.strictest(["allow", "pseudonymise", "redact"]) == "pseudonymise"
    assert policy.strictest(["keep_local", "block", "allow"]) == "block"


@pytest.mark.req("P11.8")
def test_an_agreement_is_each_tenant_s_own_and_off_by_default(tmp_path):
    file = tmp_path / "policy.json"
    with_one, without = "01900000-0000-7000-8000-0000000000aa", "01900000-0000-7000-8000-0000000000bb"
    file.write_text(json.dumps({"version": "h-1", "tenants": {with_one: {"baa": True}, without: {}}}))
    loaded = policy.load(file)
    assert [loaded.baa, loaded.of(UUID(with_one)).baa, loaded.of(UUID(without)).baa] == [False, True, False]
    file.write_text(json.dumps({"version": "h-1", "baa": True, "tenants": {without: {}}}))
    every = policy.load(file, "cloud_llm.NAME=allow")
    assert [every.baa, every.of(UUID(with_one)).baa, every.of(UUID(without)).baa] == [True, True, False]
    assert every.digest != loaded.digest
    file.write_text(json.dumps({"version": "h-1", "baa": "yes"}))
    with pytest.raises(SettingsError):
        policy.load(file)
