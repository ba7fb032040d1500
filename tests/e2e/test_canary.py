"""Nothing that somebody tells of a patient comes out of the installation, or stands where it does not belong.

One product, from a copy of this checkout that has two things more: a room that raises with what it is told, and an
engine that can be killed while everything runs. A model outside, an integrator and a collector stand by and record.
"""

import asyncio
import gzip
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from types import SimpleNamespace

import httpx
import pytest

from events.envelope import CloudEvent, encode_binary, encode_structured
from functions.canary.domain import doors, patient
from functions.canary.domain.traces import Search
from functions.canary.sinks import SINKS, keys
from voiceassist.adapters.redis import connect
from voiceassist.cli.canaries import sinks, voice
from voiceassist.cli.talk import pcm16
from voiceassist.core.identity import service
from voiceassist.runtime import deidentification, scopes, tokens, wiring, workloads
from voiceassist.runtime.egress.decisions import PhiViolationError
from voiceassist.runtime.egress.outside import Outside
from voiceassist.runtime.egress.web import Egress
from voiceassist.runtime.engines import secrets
from voiceassist.runtime.engines.accounts import Account
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.postgres import ADMIN, PostgresEngine
from voiceassist.runtime.engines.valkey import ValkeyEngine
from voiceassist.runtime.host import pingsources
from voiceassist.runtime.settings import Egress as EgressSettings
from voiceassist.runtime.settings import Settings

from .conftest import VOICEASSIST, discard, new_product, until

ROOT = Path(__file__).resolve().parents[2]
SCAN_FAILURES = "voiceassist_phi_scan_failures_total"
PRIVATE = EgressSettings(allow_private=True)
UPLOADED = "org.voiceassist.document.uploaded.v1"
MRN = "4419827306"
SPOKEN_MRN = "four four one nine eight two seven three zero six"
PLAIN = "What dose of epinephrine do I give for anaphylaxis in an adult?"
NAMED = f"Patient John Smith, M R N {SPOKEN_MRN}. {PLAIN}"

STUMBLE = '''
"""The door of stumble: it falls over everything it is told, in every way that code can."""

import asyncio
import logging
import threading
import warnings

from voiceassist.contracts.answers import Question, Spoken
from voiceassist.runtime.skill import skill

room, app, stumble = skill("stumble", title="Stumble")


def fall(text: str) -> None:
    raise ValueError(text)


@app.post("/api/v1/stumble/ask")
async def ask(question: Question) -> Spoken:
    text = question.question
    logging.getLogger(text).error("fell over %s", text, extra={"patient": text})
    warnings.warn(text)
    threading.Thread(target=fall, args=(text,), name=text).start()
    asyncio.get_running_loop().call_soon(fall, text)
    asyncio.get_running_loop().create_task(asyncio.to_thread(fall, text), name=text)
    try:
        raise KeyError(text)
    except KeyError as error:
        error.add_note(text)
        raise RuntimeError(text, {"text": text}) from error
'''
MORTAL = '''

class Mortal:
    """The engine, until a file named `killed` lies beside its lists."""

    def __init__(self, engine):
        self._engine = engine

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def find(self, text, **options):
        if Path(load_settings().phi.lists).with_name("killed").exists():
            raise MemoryError(text)
        return self._engine.find(text, **options)


immortal = engine


@lru_cache(maxsize=1)
def engine():
    return Mortal(immortal())
'''

pytestmark = [pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def checkout():
    folder = Path(tempfile.mkdtemp(prefix="va-canary-"))
    folder.chmod(0o755)
    code = folder / "voiceassist"
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (code / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, code / name)
    shutil.copytree(ROOT / "frontend/dist", code / "frontend/dist")
    new = [VOICEASSIST, "new", "function", "stumble", "--title", "Stumble", "--phrases", "stumble over *"]
    subprocess.run(new, cwd=code, env=os.environ | {"PYTHONPATH": str(code)}, check=True, capture_output=True)
    (code / "functions/stumble/main.py").write_text(STUMBLE)
    with (code / "voiceassist/runtime/deidentification.py").open("a") as file:
        file.write(MORTAL)
    built = Path(os.environ.get("VOICEASSIST_PHI__LISTS", ROOT / ".make/phi/lists.bin")).resolve()
    for path in built.parent.glob("lists.*"):
        shutil.copy2(path, folder)
    yield SimpleNamespace(code=code, lists=folder / built.name, killed=folder / "killed")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def outside(sinks, scripted_openai):
    """A model, an integrator and a collector, each of which keeps every byte that reaches it."""

    def honest(handler):
        """Words the first passage, as a model does that behaves; takes no question apart."""
        request = json.loads(model.received[-1].body)
        passage = re.search(r"(?s)\[1\] [^\n]*:\n(.*?)(?=\n\n\[|\n\nQuestion: )", request["messages"][1]["content"])
        if passage is None:
            assert "queries" in request["response_format"]["json_schema"]["schema"]["properties"]
            said = '{"queries": []}'
        else:
            said = scripted_openai.sentences((re.match(r"(?s).*?[.!?](?=\s|$)|.*", passage[1])[0], [1]))
        piece = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "outside"}
        chunks = [
            piece | {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
            for delta, reason in (({"content": said}, None), ({}, "stop"))
        ]
        handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        handler.wfile.write(b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in chunks))
        handler.wfile.write(b"data: [DONE]\n\n")

    with (
        sinks.Sink(host="127.0.0.1") as model,
        sinks.Sink(host="127.0.0.1") as hook,
        sinks.Sink(host="127.0.0.1") as spans,
    ):
        model.otherwise, spans.otherwise = honest, (200, {}, b"")
        yield SimpleNamespace(model=model, hook=hook, spans=spans)


@pytest.fixture(scope="module")
def product(checkout, outside):
    running = new_product(
        VOICEASSIST_PHI__LISTS=str(checkout.lists),
        VOICEASSIST_LANGUAGE__URL=f"{outside.model.url}/v1",
        VOICEASSIST_LANGUAGE__MODEL="outside",
        VOICEASSIST_LANGUAGE__ALLOW="remote",
        VOICEASSIST_LANGUAGE__SECONDS="20",
        VOICEASSIST_MODELS__REMOTE_POLICY="scan",
        VOICEASSIST_EGRESS__ALLOW_PRIVATE="true",  # they stand on this machine
        VOICEASSIST_EGRESS__SCAN_SECONDS="20",
        VOICEASSIST_TELEMETRY__OTLP_ENDPOINT=f"{outside.spans.url}/v1/traces",
        VOICEASSIST_LIMITS__ADDRESS_PER_MINUTE="100000",
        VOICEASSIST_LIMITS__USER_PER_MINUTE="100000",
    )
    running.code = checkout.code
    running.start()
    yield running
    discard(running)


@pytest.fixture(scope="module")
def clients(product):
    """A clinician and an administrator, who may do all that their roles may."""
    every = sorted(set(scopes.of(wiring.load(product.code / "knative")).values()))
    made = []
    for user, role in (("clinician", "user"), ("admin", "admin")):
        wanted = [part for scope in scopes.allowed(role, every) for part in ("--scope", scope)]
        told = product.cli("keys", "create", "--user", user, "--name", "canary", *wanted, "--json")
        assert told.returncode == 0, told.stderr
        made.append(product.client(authorization=f"Bearer {json.loads(told.stdout)['key']}"))
    yield made
    for client in made:
        client.close()


def found_anywhere(product, outside, search):
    """What of the patient stands in any sink, and the sinks that were read with the bytes of each."""
    time.sleep(2)  # spans are sent in batches, the session store writes once a second
    layout = Layout(product.data)
    known = secrets.read(layout)
    account = Account(os.getuid(), os.getgid(), switch=False)
    found = sinks.files(layout, search)
    found += asyncio.run(sinks.tables(PostgresEngine(layout, known, account).dsn(ADMIN), search))
    found += asyncio.run(stored_keys(ValkeyEngine(layout, known, account).url, search))
    found += search.found("output", "".join(product.output).encode())
    size = {"logs": sum(path.stat().st_size for path in sinks.log_files(layout))}
    for name, sink in vars(outside).items():
        data = b"\n".join(received(one) for one in sink.received)
        size[name] = len(data)
        found += search.found(f"outside {name}", data)
    for name, text in metrics(product).items():
        size[f"metrics of {name}"] = len(text)
        found += search.found(f"metrics {name}", text.encode())
    return found, size


PLANTED = {"postgres planted.word", "valkey", "file logs/planted.log"}


async def plant(product, word=""):
    """In clear where nothing of a patient should be; no word takes it away again."""
    import asyncpg

    layout = Layout(product.data)
    known = secrets.read(layout)
    account = Account(os.getuid(), os.getgid(), switch=False)
    (layout.logs / "planted.log").write_text(word)
    sql = f"create table planted as select '{word}'::text as word" if word else "drop table planted"
    database = await asyncpg.connect(PostgresEngine(layout, known, account).dsn(ADMIN))
    try:
        await database.execute(sql)
    finally:
        await database.close()
    store = connect(ValkeyEngine(layout, known, account).url)
    try:
        await store.set("va:planted", word)
    finally:
        await store.aclose()


async def stored_keys(url, search):
    client = connect(url)
    try:
        return await keys(client, search, "valkey")
    finally:
        await client.aclose()


def received(one):
    body = gzip.decompress(one.body) if one.headers.get("content-encoding") == "gzip" else one.body
    return f"{one.path}\n{one.headers}\n".encode() + body


def metrics(product):
    """Of each process that has some; broker, realtime and rooms answer on this machine only."""
    with product.client() as client:
        places = {"host": "/metrics"} | {
            name: f"http://127.0.0.1:{product.base + offset}/metrics"
            for name, offset in (("broker", 2), ("realtime", 3))
        }
        return {name: client.get(place).text for name, place in places.items()}


def ask(product, *texts):
    result = product.cli("ask", *texts, "--json")
    assert result.returncode == 0, result.stderr + product.logs()
    return json.loads(result.stdout)


def events_about(one):
    """Events of the house, and of an integrator's own types, that name the patient."""
    ids = {name: str(uuid.uuid4()) for name in ("document_id", "tenant_id", "owner_id")}
    data = ids | {"content_hash": "0" * 64, "size_bytes": 1, "format": "txt"}
    well = {"id": str(uuid.uuid4()), "source": "https://archive.example.org", "type": UPLOADED}
    for name in data:
        yield well, data | {name: one.note}
    yield well, data | {"patient": one.note}
    yield well, one.note
    yield well | {"type": f"org.voiceassist.{one.family.lower()}.seen.v1"}, data
    yield well | {"source": f"/voiceassist/{one.family}"}, data
    own = {"id": str(uuid.uuid4()), "source": "https://his.example.org", "type": "org.example.seen"}
    yield own, {"visit": {"text": one.note}}
    yield own, {one.note: [1]}
    yield own, one.note
    yield own | {"subject": one.note}, {}


def publish_all(client, one):
    for attributes, data in events_about(one):
        event = CloudEvent(**attributes, datacontenttype="application/json", data=json.dumps(data).encode())
        for encode in (encode_structured, encode_binary):
            headers, body = encode(event)
            answer = client.post("/events", content=body, headers=dict(headers))
            assert answer.is_client_error, answer.status_code
    client.post("/events", content=one.note.encode(), headers={"content-type": "application/cloudevents+json"})


@pytest.mark.req("P8.4")
def test_nothing_told_of_a_patient_is_found_where_it_does_not_belong(product, outside, clients, say):
    one = patient.made(SystemRandom())
    search = Search(one)
    clinician, admin = clients
    hears = {
        "name": "Archive",
        "sink": f"{outside.hook.url}/hook",
        "filters": [{"prefix": {"type": "org.voiceassist."}}],
    }
    assert clinician.post("/api/v1/events/subscriptions", json=hears).status_code == 201

    statuses = {}
    for client in clients:
        document = client.get("/api/v1/openapi.json").json()
        assert "/api/v1/stumble/ask" in document["paths"], "new routes are told, too"
        for request in doors.requests(document, one):
            answer = client.request(
                request.method,
                request.path,
                params=request.query,
                headers=list(request.headers.items()),
                content=request.body,
            )
            statuses.setdefault((request.method, request.path.split("?")[0]), set()).add(answer.status_code)
            if answer.is_error:
                assert not search.found("refusal", answer.content), (request, answer.text)
        publish_all(client, one)
    upload = {"file": (f"{one.family}.md", f"# {one.family}\n\n{one.note}\n\n{one.speech}\n", "text/markdown")}
    for client, visibility in ((clinician, "private"), (admin, "shared")):
        told = client.post("/api/v1/documents", files=upload, data={"title": one.note[:150], "visibility": visibility})
        assert told.status_code == 202, told.text
        job = f"/api/v1/jobs/{told.json()['job_id']}"
        until(lambda client=client, job=job: client.get(job).json()["state"] not in {"pending", "running"})
    sound = pcm16(say(f"Patient {one.identifiers[0].value}, medical record number {one.identifiers[7].value}."))
    turns = asyncio.run(voice.told(Layout(product.data), one, [sound]))
    assert len(turns) == 3

    found, size = found_anywhere(product, outside, search)
    assert all(size[name] > 0 for name in size if name != "model"), size
    assert any(500 in seen for (_, path), seen in statuses.items() if "stumble" in path), statuses
    leaks = sinks.leaks(found)
    assert not leaks, "\n".join(map(str, leaks))
    asyncio.run(plant(product, one.family))
    found, _ = found_anywhere(product, outside, search)
    asyncio.run(plant(product))
    assert {trace.sink for trace in found} >= PLANTED, "the search finds what is there"


@pytest.fixture
def talk(product, say, tmp_path):
    """One spoken turn; its answer was spoken, too."""

    def speak(text):
        told = product.cli("talk", str(say(text)), "-o", str(tmp_path / "answer.wav"), "--json")
        assert told.returncode == 0, told.stderr + product.logs()
        turn = json.loads(told.stdout)
        assert turn["answer"]
        assert turn["timings"]["audio_s"] > 0
        return turn

    return speak


@pytest.fixture
def smith():
    return Search(patient.Patient((patient.Identifier("H", MRN, f"MRN {MRN}", f"m r n {SPOKEN_MRN}"),)))


def named(sink):
    """What reached a peer of John Smith or his number."""
    return [one for one in sink.received if re.search(rb"(?i)smith|441982", one.body)]


@pytest.mark.req("C4.1")
@pytest.mark.req("C4.2")
@pytest.mark.req("C4.3")
def test_a_spoken_patient_stays_here_and_the_page_is_told(product, outside, talk):
    before = len(outside.model.received)
    turn = talk(NAMED)
    assert "smith" in turn["transcript"].lower(), turn["transcript"]
    assert turn["phi"] == {"route": "local", "reason": "identifiers"}
    assert len(outside.model.received) == before, "not a byte"


@pytest.mark.req("C4.4")
def test_the_same_question_without_the_patient_goes_to_the_model_outside(product, outside):
    before = len(outside.model.received)
    turn = ask(product, PLAIN)
    assert turn["phi"] is None
    assert "mg" in turn["answer"]
    assert len(outside.model.received) == before + 1
    assert b"epinephrine" in outside.model.received[-1].body
    assert not named(outside.model)


@pytest.mark.req("C4.5")
async def test_a_question_to_the_literature_with_a_name_is_refused_with_a_rewording(gate_of, outside):
    door = Outside(gate_of(find=deidentification.engine().find), Egress(Settings(egress=PRIVATE)))
    url = f"{outside.hook.url}/literature"
    question = f"apixaban dose for patient John Smith, MRN {MRN}"
    with pytest.raises(PhiViolationError) as refused:
        await door.ask("literature", url, {"term": question}, headers={}, limit=5)
    assert refused.value.code == "PHI_VIOLATION"
    assert "apixaban dose" in refused.value.suggestion
    assert "Smith" not in refused.value.suggestion
    assert not [one for one in outside.hook.received if "/literature" in one.path]
    answer = await door.ask("literature", url, {"term": refused.value.suggestion}, headers={}, limit=5)
    assert answer.status == 204
    await door.egress.close()


@pytest.mark.req("C4.6")
def test_with_the_detector_killed_nothing_leaves_and_the_voice_goes_on(product, outside, talk, checkout):
    before, failed = len(outside.model.received), scan_failures(product)
    checkout.killed.touch()
    try:
        turns = [talk(NAMED), ask(product, "What is the first-line vasopressor in septic shock?")]
    finally:
        checkout.killed.unlink()
    assert [turn["phi"] for turn in turns] == [{"route": "local", "reason": "unchecked"}] * 2
    assert "norepinephrine" in turns[1]["answer"].lower()
    assert len(outside.model.received) == before
    assert scan_failures(product) > failed, "an alert can be raised on it"


def scan_failures(product):
    text = metrics(product)["realtime"]
    return sum(float(value) for value in re.findall(rf"^{SCAN_FAILURES}(?:{{.*}})? (\S+)$", text, re.MULTILINE))


@pytest.mark.req("C4.7")
def test_of_the_journey_nothing_is_found_in_any_sink(product, outside, smith):
    found, _ = found_anywhere(product, outside, smith)
    assert not sinks.leaks(found), "\n".join(map(str, found))


@pytest.mark.req("P8.4")
def test_the_canary_of_an_installation_finds_nothing(product):
    clean = product.cli("canary", "--json")
    assert clean.returncode == 0, clean.stdout + clean.stderr
    told = json.loads(clean.stdout)
    assert told["requests"] > 50
    assert told["leaks"] == told["not_searched"] == []


@pytest.mark.req("P8.4")
def test_the_hourly_run_of_the_installation_finds_nothing(product):
    """The tick that the schedule gives; spans go to a collector that nobody can ask, so the traces are unknown."""
    schedule = next(
        pingsources.read(one, f"http://127.0.0.1:{product.base + 2}/voiceassist/default")
        for one in wiring.load(product.code / "knative").ping_sources
        if one["metadata"]["name"] == "canary-hourly"
    )
    headers, body = encode_binary(schedule.event(datetime.now(UTC)))
    known = workloads.derived(secrets.read(Layout(product.data)).internal_secret)
    token = tokens.mint(service("gateway"), issuer="gateway", audience="broker", workload=known)
    bearer = {"authorization": f"Bearer {token}"}
    assert httpx.post(schedule.sink, headers=dict(headers) | bearer, content=body, trust_env=False).status_code == 202

    def outcomes():
        shape = r'^voiceassist_leak_canary_total{outcome="(\w+)",sink="(\w+)"} [1-9]'
        return {sink: outcome for outcome, sink in re.findall(shape, metrics(product)["host"], re.MULTILINE)}

    told = until(lambda: len(found := outcomes()) == len(SINKS) and found, within=240)
    assert told == dict.fromkeys(SINKS, "clean") | {"traces": "unknown"}, product.logs()[-4000:]


def test_a_held_document_is_decided_from_the_command_line(product, clients):
    _, admin = clients
    one = patient.made(SystemRandom())
    upload = {"file": ("held.md", f"# Ward\n\n{one.note}\n", "text/markdown")}
    told = admin.post("/api/v1/documents", files=upload, data={"title": "Ward", "visibility": "shared"})
    job, document_id = f"/api/v1/jobs/{told.json()['job_id']}", told.json()["id"]
    until(lambda: admin.get(job).json()["state"] == "quarantined")

    def quarantine(*arguments):
        said = product.cli("phi", "quarantine", *arguments, "--as", "admin")
        assert said.returncode == 0, said.stderr
        return said.stdout

    assert document_id in {one["document_id"] for one in json.loads(quarantine("list", "--json"))["items"]}
    assert "findings" in quarantine("show", document_id)
    gone = json.loads(quarantine("delete", document_id, "--reason", "wrong_upload", "--yes", "--json"))
    assert gone["decision"] == "deleted"
    assert "decision: deleted" in quarantine("show", document_id)
    refused = product.cli("phi", "quarantine", "list", "--as", "clinician")
    assert refused.returncode == 1
