"""Journey I1: an integrator's way from a key to a signed event, past duplicates, a sink that is down, and bad data."""

import json
import re
import uuid
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest

from events.envelope import CloudEvent, decode, encode_binary, encode_structured
from voiceassist.core.identity import DEFAULT_TENANT

from .conftest import discard, new_product, until

ROOT = Path(__file__).resolve().parents[2]
UPLOADED = "org.voiceassist.document.uploaded.v1"
INDEXED = "org.voiceassist.document.indexed.v1"
SUBSCRIPTIONS = "/api/v1/events/subscriptions"
RETRIES = 2
IDLE_SECONDS = 3

pytestmark = [pytest.mark.req("P3.10"), pytest.mark.timeout(300)]


def snippet():
    """`verified` as the guide for integrators prints it."""
    guide = (ROOT / "docs/guides/integrators.md").read_text()
    namespace = {}
    exec(re.search(r"```python\n(.*?)```", guide, re.DOTALL)[1], namespace)  # noqa: S102 - our own guide
    return namespace["verified"]


@pytest.fixture(scope="module")
def product():
    """Each room its own process, soon stopped; the broker tries a sink again quickly."""
    running = new_product(
        "--isolated",
        VOICEASSIST_EGRESS__ALLOW_PRIVATE="true",  # the sink stands on this machine
        VOICEASSIST_WEBHOOKS__RETRY=str(RETRIES),
        VOICEASSIST_WEBHOOKS__BACKOFF="PT0.1S",
        VOICEASSIST_HOST__IDLE_SECONDS=str(IDLE_SECONDS),
    )
    running.start()
    yield running
    discard(running)


@pytest.fixture
def sink(product, sinks):
    """The integrator's own server, with a certificate of an authority the product trusts."""
    tls = product.data / "tls"
    with sinks.Sink((str(tls / "localhost.pem"), str(tls / "localhost-key.pem"))) as running:
        yield running


def key(product, user, *scopes):
    """I1.1: a scoped key, as the operator of the machine gives it."""
    arguments = [argument for scope in scopes for argument in ("--scope", scope)]
    made = product.cli("keys", "create", "--user", user, "--name", "journey I1", *arguments, "--json")
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)


@pytest.fixture(scope="module")
def integrator(product):
    made = key(product, "clinician", "kb:read", "documents:write", "events:publish", "events:subscribe")
    with product.client(authorization=f"Bearer {made['key']}") as client:
        yield SimpleNamespace(http=client, owner_id=made["owner_id"], key_id=made["id"])


@pytest.fixture(scope="module")
def operator(product):
    with product.client(authorization=f"Bearer {key(product, 'admin', 'events:operate')['key']}") as client:
        yield client


@pytest.fixture
def subscribed(integrator, sink):
    """A subscription of the sink to indexed documents, and what of a document has come by now."""
    wanted = {"name": "Archive", "sink": f"{sink.url}/hook", "filters": [{"exact": {"type": INDEXED}}]}
    answer = integrator.http.post(SUBSCRIPTIONS, json=wanted)
    assert answer.status_code == 201, answer.text
    made = answer.json()

    def about(document_id):
        events = [decode(request.headers, request.body) for request in sink.received]
        return [event for event in events if event.subject == document_id]

    yield SimpleNamespace(**made, about=about)
    assert integrator.http.delete(f"{SUBSCRIPTIONS}/{made['id']}").status_code == 204


def upload(integrator, folder):
    """A document of the integrator's, indexed."""
    path = folder / f"{uuid.uuid4()}.md"
    path.write_text(f"# Gout\n\nColchicine is given early. {path.stem}\n")
    with path.open("rb") as file:
        accepted = integrator.http.post("/api/v1/documents", files={"file": (path.name, file, "text/markdown")})
    assert accepted.status_code == 202, accepted.text
    job = f"/api/v1/jobs/{accepted.json()['job_id']}"
    until(lambda: integrator.http.get(job).json()["state"] == "completed")
    return integrator.http.get(f"/api/v1/documents/{accepted.json()['id']}").json()


def again(integrator, document, tenant, **changes):
    """The event that asks for a document to be indexed again."""
    data = {
        "document_id": document["id"],
        "tenant_id": tenant,
        "owner_id": integrator.owner_id,
        "content_hash": "0" * 64,
        "size_bytes": document["size_bytes"],
        "format": document["format"],
    }
    return CloudEvent(
        id=str(uuid.uuid4()),
        source="https://archive.example.org",
        type=UPLOADED,
        datacontenttype="application/json",
        data=json.dumps({name: value for name, value in (data | changes).items() if value is not ...}).encode(),
    )


def publish(integrator, event, encode=encode_structured):
    headers, body = encode(event)
    return integrator.http.post("/events", content=body, headers=dict(headers))


def instances(product, room):
    return product.status()["rooms"][room]["instances"]


def logged(operator, path, **query):
    answer = operator.get(f"/api/v1/events{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_an_integrator_is_told_what_follows_from_its_own_event(
    product, integrator, subscribed, sink, operator, tmp_path
):
    # I1.2: what there is, and that its example fits its schema.
    catalogue = {entry["type"]: entry for entry in integrator.http.get("/events/catalog").json()["items"]}
    assert catalogue[UPLOADED]["external"]
    schema = integrator.http.get(catalogue[INDEXED]["schema"]).json()
    jsonschema.validate(catalogue[INDEXED]["example"], schema)

    document = upload(integrator, tmp_path)
    first = until(lambda: subscribed.about(document["id"]))[0]
    tenant = json.loads(first.data)["tenant_id"]

    # I1.3, I1.4: the room that indexes is gone; the integrator's event wakes it.
    until(lambda: instances(product, "ingestion") == 0)
    event = again(integrator, document, tenant)
    assert publish(integrator, event).status_code == 202
    second = until(lambda: subscribed.about(document["id"])[1:])[0]
    assert instances(product, "ingestion") == 1

    # I1.5: it is the right event, and it is ours.
    data = json.loads(second.data)
    jsonschema.validate(data, schema)
    assert (second.type, second.source, data["document_id"]) == (INDEXED, "/voiceassist/ingestion", document["id"])
    assert second.id != first.id
    verified = snippet()
    for request in sink.received:
        assert verified(subscribed.secret, request.headers, request.body)
        assert not verified(subscribed.secret, request.headers, request.body + b" ")

    # I1.6: the same id twice more, in another mode too, is accepted and handled once.
    for encode in (encode_structured, encode_binary):
        assert publish(integrator, event, encode).status_code == 202
    copies = until(lambda: logged(operator, "", id=event.id)[2:] and logged(operator, "", id=event.id))
    for copy in copies:
        until(
            lambda copy=copy: all(
                d["state"] == "delivered" for d in logged(operator, "/deliveries", event=copy["cursor"])
            )
        )
    indexed = [one for one in logged(operator, "", type=INDEXED) if one["id"] in {first.id, second.id}]
    assert len(indexed) == 2
    marker = upload(integrator, tmp_path)
    until(lambda: subscribed.about(marker["id"]))
    assert [one.id for one in subscribed.about(document["id"])] == [first.id, second.id]


def test_what_a_sink_that_was_down_has_missed_is_sent_again_with_the_same_id(
    product, integrator, subscribed, sink, operator, tmp_path
):
    trigger = f"voiceassist/subscription-{subscribed.id}"
    sink.otherwise = 500
    document = upload(integrator, tmp_path)
    (dead,) = until(lambda: logged(operator, "/dead-letters", trigger=trigger))
    assert (dead["attempts"], dead["status"], dead["event"]["type"]) == (RETRIES + 1, 502, INDEXED)
    assert [request.headers["webhook-id"] for request in sink.received] == [dead["event"]["id"]] * (RETRIES + 1)
    tries = integrator.http.get(f"{SUBSCRIPTIONS}/{subscribed.id}/deliveries").json()["items"]
    assert [(one["event_id"], one["outcome"], one["status"]) for one in tries] == [
        (dead["event"]["id"], "failed", 500)
    ] * (RETRIES + 1)

    sink.otherwise = 204
    wanted = {"trigger": trigger, "dead_letters": True}
    assert integrator.http.post("/api/v1/events/replay", json=wanted).status_code == 403
    dry = operator.post("/api/v1/events/replay", json=wanted | {"dry_run": True}).json()
    assert (dry["matched"], dry["replayed"]) == (1, 0)
    assert operator.post("/api/v1/events/replay", json=wanted).json()["replayed"] == 1
    request = sink.wait_for(RETRIES + 2)[-1]
    assert request.headers["webhook-id"] == dead["event"]["id"]
    assert decode(request.headers, request.body).subject == document["id"]
    assert snippet()(subscribed.secret, request.headers, request.body)


def test_a_test_goes_the_whole_way_and_a_rotated_secret_signs(product, integrator, subscribed, sink):
    rotated = integrator.http.post(f"{SUBSCRIPTIONS}/{subscribed.id}/secret/rotate").json()["secret"]
    answer = integrator.http.post(f"{SUBSCRIPTIONS}/{subscribed.id}/test")
    assert answer.status_code == 202, answer.text
    event_id = answer.json()["event_id"]
    (request,) = sink.wait_for(1, where=lambda request: request.headers["webhook-id"] == event_id)
    assert decode(request.headers, request.body).type == "org.voiceassist.subscription.tested.v1"
    assert snippet()(rotated, request.headers, request.body)
    assert snippet()(subscribed.secret, request.headers, request.body)
    shown = integrator.http.get(f"{SUBSCRIPTIONS}/{subscribed.id}").json()
    assert (shown["ready"], shown["active"]) == (True, True)


def test_bad_data_is_pointed_at_and_what_is_anothers_is_refused(product, integrator, tmp_path, subscribed, operator):
    document = upload(integrator, tmp_path)
    first = until(lambda: subscribed.about(document["id"]))[0]
    tenant = json.loads(first.data)["tenant_id"]

    def refused(status, code, pointer, **changes):
        event = again(integrator, document, tenant, **changes)
        answer = publish(integrator, event)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
        assert "Zebulon" not in answer.text
        assert logged(operator, "", id=event.id) == []

    # I1.8
    refused(400, "INVALID_PAYLOAD", "/size_bytes", size_bytes="Zebulon")
    refused(400, "INVALID_PAYLOAD", "/content_hash", content_hash=...)
    refused(400, "INVALID_PAYLOAD", "", patient="Zebulon")
    refused(403, "FORBIDDEN", "/owner_id", owner_id=str(uuid.uuid4()))
    refused(403, "FORBIDDEN", "/tenant_id", tenant_id=str(uuid.uuid4()))


def test_a_revoked_key_and_a_key_without_the_scope_publish_nothing(product, integrator):
    event = CloudEvent(id="1", source="https://archive.example.org", type="org.example.visit.closed", data=b"{}")
    made = key(product, "clinician", "events:publish")
    with product.client(authorization=f"Bearer {made['key']}") as client:
        other = SimpleNamespace(http=client)
        assert publish(other, event).status_code == 202
        assert client.get(SUBSCRIPTIONS).status_code == 403
        assert product.cli("keys", "revoke", made["id"]).returncode == 0
        assert publish(other, event).status_code == 401
    made = key(product, "viewer", "kb:read")
    with product.client(authorization=f"Bearer {made['key']}") as client:
        assert publish(SimpleNamespace(http=client), event).status_code == 403
    refused = product.cli("keys", "create", "--user", "viewer", "--name", "n", "--scope", "events:publish")
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.req("I2.1", "I2.4", "P11.6")
def test_a_text_by_reference_is_looked_through_by_event_and_its_owner_told(product, sink, operator):
    """Journey I2 with an event: claim, request, the counts in a signed delivery; the text is in no event and no log."""
    done, asked = "org.voiceassist.phi.scan_completed.v1", "org.voiceassist.phi.scan_requested.v1"
    made = key(product, "clinician", "phi:scan", "events:publish", "events:subscribe")
    with product.client(authorization=f"Bearer {made['key']}") as client:
        integrator = SimpleNamespace(http=client)
        wanted = {"name": "Scans", "sink": f"{sink.url}/hook", "filters": [{"exact": {"type": done}}]}
        subscription = client.post(SUBSCRIPTIONS, json=wanted).json()
        note = "SSN 123-45-6789, MRN 00-12-34\n" * 1_000
        stored = client.post("/api/v1/phi/objects", content=note, headers={"content-type": "text/plain"})
        assert stored.status_code == 201, stored.text
        data = {
            "scan_id": str(uuid.uuid4()),
            "tenant_id": str(DEFAULT_TENANT),
            "owner_id": made["owner_id"],
            "object_id": stored.json()["object_id"],
        }

        def request(**changes):
            event = CloudEvent(
                id=str(uuid.uuid4()), source="https://archive.example.org", type=asked,
                datacontenttype="application/json", data=json.dumps(data | changes).encode(),
            )  # fmt: skip
            return event, publish(integrator, event)

        assert request(owner_id=str(uuid.uuid4()))[1].status_code == 403
        assert request(object_id="https://example.org/note.txt")[1].status_code == 400
        assert request()[1].status_code == 202
        (delivery,) = sink.wait_for(1)
        told = decode(delivery.headers, delivery.body)
        assert snippet()(subscription["secret"], delivery.headers, delivery.body)
        assert told.subject == data["scan_id"]
        assert json.loads(told.data)["ssn"] == 1000
        # The object is gone with its scan: to ask again is a dead letter.
        late, answer = request(scan_id=str(uuid.uuid4()))
        assert answer.status_code == 202
        dead = until(lambda: [one for one in logged(operator, "/dead-letters") if one["event"]["id"] == late.id])
        assert dead[0]["status"] == 422
        assert client.delete(f"{SUBSCRIPTIONS}/{subscription['id']}").status_code == 204
    with product.client(authorization=f"Bearer {key(product, 'clinician', 'events:publish')['key']}") as client:
        refused = client.post("/api/v1/phi/objects", content=note, headers={"content-type": "text/plain"})
        assert refused.status_code == 403
    assert "123-45-6789" not in product.logs()
