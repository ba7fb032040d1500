"""The catalogue over HTTP: what is said about each type, who may read it, and when nothing has to be sent again."""

import json

import jsonschema
import pytest

from events.catalog import EVENT_TYPES, DocumentUploaded, schema
from voiceassist.core.errors import ForbiddenError, MethodNotAllowedError, NotFoundError
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.runtime.host import event_log
from voiceassist.runtime.host.admission import CATALOGUE, Admission
from voiceassist.runtime.host.callers import Caller
from voiceassist.runtime.host.catalog import Catalog, openapi
from voiceassist.runtime.host.openapi import merge
from voiceassist.runtime.settings import Settings

BASE = "https://va.example"
UPLOADED = DocumentUploaded.TYPE
LISTINGS = ["/events/catalog", "/api/v1/events/catalog"]


class Welcoming:
    """Admits everybody and remembers for what."""

    def __init__(self):
        self.purposes = []

    async def admit(self, _scope, purpose):
        self.purposes.append(purpose)
        return Caller(Principal(subject="u", tenant_id=DEFAULT_TENANT, role="viewer"), "cookie")


async def get(path, method="GET", known="", admission=None):
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [(b"if-none-match", known.encode())]}
    await Catalog(admission or Welcoming(), BASE)(scope, None, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])


@pytest.mark.parametrize("path", LISTINGS)
async def test_the_list_tells_everything_about_each_type(path):
    status, headers, body = await get(path)
    assert (status, headers["content-type"]) == (200, "application/json")
    items = {item["type"]: item for item in json.loads(body)["items"]}
    assert list(items) == sorted(EVENT_TYPES)
    uploaded = items[UPLOADED]
    jsonschema.validate(uploaded.pop("example"), schema(UPLOADED))
    assert uploaded == {
        "type": UPLOADED,
        "title": "Document uploaded",
        "description": "A file is stored and waits to be indexed.",
        "schema": f"{BASE}/api/v1/events/schemas/{UPLOADED}",
        "says": ["documents"],
        "heard_by": ["ingestion"],
        "external": True,
    }


@pytest.mark.parametrize("prefix", ["/events/schemas/", "/api/v1/events/schemas/"])
@pytest.mark.parametrize("name", EVENT_TYPES)
async def test_each_schema_has_an_address(prefix, name):
    status, headers, body = await get(prefix + name)
    assert (status, headers["content-type"]) == (200, "application/schema+json")
    assert json.loads(body) == schema(name)


@pytest.mark.parametrize("path", [*LISTINGS, f"/events/schemas/{UPLOADED}"])
async def test_what_is_known_is_not_sent_again(path):
    _, headers, body = await get(path)
    tag = headers["etag"]
    assert body
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        status, again, body = await get(path, known=known)
        assert (status, body, again["etag"]) == (304, b"", tag)
    assert (await get(path, known='"other"'))[0] == 200


async def test_different_documents_have_different_tags():
    tags = [(await get(f"/events/schemas/{name}"))[1]["etag"] for name in EVENT_TYPES]
    assert len(set(tags)) == len(EVENT_TYPES)


@pytest.mark.parametrize("name", ["", "com.example.other", UPLOADED + "/x", "../catalog"])
async def test_a_type_that_is_not_ours_has_no_schema(name):
    with pytest.raises(NotFoundError):
        await get("/events/schemas/" + name)


async def test_it_is_read_only_and_everything_is_admitted_first():
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        with pytest.raises(MethodNotAllowedError):
            await get("/events/catalog", method=method)
    admission = Welcoming()
    for path in (*LISTINGS, f"/events/schemas/{UPLOADED}"):
        await get(path, admission=admission)
    with pytest.raises(NotFoundError):
        await get("/events/schemas/x", admission=admission)
    assert admission.purposes == [CATALOGUE] * 4


def caller(by, *scopes):
    return Caller(Principal("u", DEFAULT_TENANT, "user", scopes=frozenset(scopes)), by)


def test_a_key_needs_any_scope_of_events_and_a_person_none():
    admission = Admission(settings=Settings(), callers=None, limiter=None)
    scope = {"method": "GET", "path": "/events/catalog", "headers": []}
    for welcome in (caller("key", "events:publish"), caller("key", "kb:read", "events:read"), caller("cookie")):
        admission.authorise(welcome, scope, CATALOGUE)
    for other in (caller("key"), caller("key", "kb:read"), caller("key", "eventsx:read", CATALOGUE)):
        with pytest.raises(ForbiddenError):
            admission.authorise(other, scope, CATALOGUE)


def test_it_is_part_of_the_merged_description():
    merged = merge({"catalogue": openapi(), "events": event_log.description()})
    own = {"/api/v1/events/catalog", "/api/v1/events/schemas/{event_type}"}
    assert own <= merged["paths"].keys()
    assert own & event_log.description()["paths"].keys() == set()
    listing = merged["paths"]["/api/v1/events/catalog"]["get"]
    assert listing["tags"] == ["catalogue"]
    answer = listing["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/DescribedTypes"}
    assert {"DescribedType", "DescribedTypes"} <= merged["components"]["schemas"].keys()


async def test_the_list_is_what_the_description_says():
    described = openapi()["components"]["schemas"]
    whole = {"$ref": "#/components/schemas/DescribedTypes", "components": {"schemas": described}}
    jsonschema.validate(json.loads((await get("/events/catalog"))[2]), whole)
