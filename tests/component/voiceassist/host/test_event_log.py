"""Operations on events through the front door: who is let in, what is handed on, how it is described."""

import json
import os
import re
import subprocess
import sys
import time
from types import SimpleNamespace

import httpx
import jsonschema
import pytest
import yaml

from events.envelope import CloudEvent, encode_binary
from voiceassist.core.identity import service
from voiceassist.runtime import tokens

from .conftest import free_ports

EVENTS = "/api/v1/events"
LISTS = ("", "/deliveries", "/dead-letters", "/triggers", "/replays")
PURPOSE = {"name": "Operations", "expires_in_days": 1}


@pytest.fixture(scope="module")
def broker(host, tmp_path_factory):
    """A broker of its own with one event, of which nobody has heard."""
    folder = tmp_path_factory.mktemp("broker")
    objects = [{"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "metadata": {"name": "default"}}]
    (folder / "wiring.yaml").write_text(yaml.safe_dump_all(objects))
    (port,) = free_ports(1)
    own = {
        "VOICEASSIST_BROKER__PORT": str(port),
        "VOICEASSIST_BROKER__DATABASE": str(folder / "log" / "events.db"),
        "VOICEASSIST_BROKER__WIRING_DIR": str(folder),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "events.broker"], env=os.environ | host.environ | own, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    token = tokens.mint(service("operator"), issuer="operator", audience="broker", workload=host.settings.workload)
    headers, body = encode_binary(CloudEvent(id="one", source="/tests", type="com.example.done.v1", data=b"{}"))
    deadline = time.monotonic() + 20
    while True:
        assert process.poll() is None
        assert time.monotonic() < deadline
        try:
            if httpx.get(f"{url}/ready", trust_env=False).status_code == 200:
                break
        except httpx.TransportError:
            time.sleep(0.05)
    said = httpx.post(
        f"{url}/voiceassist/default",
        headers=headers | {"authorization": f"Bearer {token}"},
        content=body,
        trust_env=False,
    )
    assert said.status_code == 202
    yield url
    process.terminate()
    assert process.wait(20) == 0


@pytest.fixture(scope="module")
def with_log(start_host, broker):
    return start_host(BROKER__OPERATIONS_URL=broker)


@pytest.fixture(scope="module")
def admin(host, people, clinician):
    return type(clinician)(host, people["admin"]).sign_in()


@pytest.fixture(scope="module")
def keys(clinician, admin):
    """API keys by whose they are and what they may."""

    def made(person, *scopes):
        answer = person.post("/api/v1/auth/keys", json=PURPOSE | {"scopes": scopes})
        assert answer.status_code == 201, answer.text
        return {"authorization": f"Bearer {answer.json()['key']}"}

    return SimpleNamespace(
        operator=made(admin, "events:operate"),
        publisher=made(admin, "events:publish", "kb:read"),
        person=made(clinician, "events:publish"),
    )


def session(with_log, person):
    """The cookies of somebody signed in; every host reads the same session."""
    return with_log.client(cookies=person.http.cookies, headers={"x-csrf-token": person.csrf})


@pytest.mark.parametrize("path", LISTS)
def test_administrators_and_their_keys_read(with_log, admin, keys, path):
    with session(with_log, admin) as browser, with_log.client(headers=keys.operator) as client:
        for each in (browser, client):
            answer = each.get(EVENTS + path, params={"limit": 5} if path != "/triggers" else {})
            assert answer.status_code == 200, answer.text
            assert answer.headers["content-type"] == "application/json"
        found = browser.get(EVENTS, params={"id": "one", "type": "com.example.done.v1"}).json()["items"]
    assert [item["source"] for item in found] == ["/tests"]


def test_nobody_else_does(with_log, clinician, keys, problem):
    paths = [("GET", EVENTS + path) for path in LISTS] + [("POST", f"{EVENTS}/replay"), ("POST", f"{EVENTS}/discard")]
    for method, path in paths:
        wanted = {"json": {"ids": ["one"]}} if method == "POST" else {}
        with with_log.client() as stranger:
            problem(stranger.request(method, path, **wanted), 401, "UNAUTHENTICATED")
        with with_log.client(headers=keys.publisher) as client:
            problem(client.request(method, path, **wanted), 403, "FORBIDDEN")
        with with_log.client(headers=keys.person) as client:
            problem(client.request(method, path, **wanted), 403, "FORBIDDEN")
        with session(with_log, clinician) as browser:
            problem(browser.request(method, path, **wanted), 403, "FORBIDDEN")


def test_events_are_sent_again_by_whoever_is_told_in_the_record(with_log, admin, keys, problem):
    with session(with_log, admin) as browser:
        done = browser.post(f"{EVENTS}/replay", json={"ids": ["one"], "dry_run": True})
        assert (done.status_code, done.json()["dry_run"]) == (202, True)
        record = browser.get(f"{EVENTS}/replays").json()["items"][0]
        assert (record["id"], record["subject"]) == (
            done.json()["id"],
            admin.http.get("/api/v1/auth/me").json()["user"]["id"],
        )
        problem(browser.post(f"{EVENTS}/replay", json={}), 400, "VALIDATION_ERROR")
        problem(browser.get(EVENTS, params={"limit": "0"}), 400, "VALIDATION_ERROR")
        problem(browser.get(f"{EVENTS}/nothing"), 404, "NOT_FOUND")
        problem(browser.post(EVENTS, json={}), 405, "METHOD_NOT_ALLOWED")
        browser.headers.pop("x-csrf-token")
        problem(browser.post(f"{EVENTS}/replay", json={"ids": ["one"]}), 403, "CSRF")
    with with_log.client(headers=keys.operator) as client:
        assert client.post(f"{EVENTS}/replay", json={"ids": ["one"]}).status_code == 202
        problem(client.post(f"{EVENTS}/replay", content=b"<x/>"), 415, "UNSUPPORTED_FORMAT")


def test_without_an_event_log_it_is_said(start_host, admin, keys, problem):
    """In a cluster its own broker keeps the events."""
    without = start_host(BROKER__OPERATIONS_URL="")
    with session(without, admin) as browser:
        for path in LISTS:
            problem(browser.get(EVENTS + path), 503, "NO_EVENT_LOG")
        problem(browser.post(f"{EVENTS}/replay", json={"ids": ["one"]}), 503, "NO_EVENT_LOG")
        described = browser.get("/api/v1/openapi.json").json()["paths"]
    assert not {path for path in described if path in {EVENTS + each for each in LISTS}}
    with without.client(headers=keys.operator) as client:
        problem(client.get(EVENTS), 503, "NO_EVENT_LOG")
    with without.client() as stranger:
        problem(stranger.get(EVENTS), 401, "UNAUTHENTICATED")


def test_a_broker_that_is_away_is_503(start_host, admin, problem):
    (nobody,) = free_ports(1)
    away = start_host(BROKER__OPERATIONS_URL=f"http://127.0.0.1:{nobody}")
    with session(away, admin) as browser:
        answer = browser.get(EVENTS)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_one_description_tells_of_it_and_every_answer_keeps_to_it(with_log, admin):
    with session(with_log, admin) as browser:
        document = browser.get("/api/v1/openapi.json").json()
        answers = {path: browser.get(EVENTS + path).json() for path in LISTS}
        replayed = browser.post(f"{EVENTS}/replay", json={"ids": ["one"], "dry_run": True}).json()
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    own = {path: operations for path, operations in document["paths"].items() if path.removeprefix(EVENTS) in LISTS}
    own[f"{EVENTS}/replay"] = document["paths"][f"{EVENTS}/replay"]
    assert len(own) == len(LISTS) + 1
    for reference in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(own)):
        assert reference in schemas
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations if "operationId" in operation]
    assert len(names) == len(set(names))

    def check(instance, operation, status):
        schema = operation["responses"][status]["content"]["application/json"]["schema"]
        jsonschema.validate(instance, schema | {"components": {"schemas": schemas}})

    for path, answer in answers.items():
        check(answer, own[EVENTS + path]["get"], "200")
    check(replayed, own[f"{EVENTS}/replay"]["post"], "202")
    wanted = own[f"{EVENTS}/replay"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    whole = wanted | {"components": {"schemas": schemas}}
    jsonschema.validate({"ids": ["one"], "dry_run": True}, whole)
    for wrong in ({"ids": "one"}, {"everything": True}, {"limit": 0}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, whole)
