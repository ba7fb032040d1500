"""The door of phi: what it says, what it refuses, and that nothing of a text gets into logs or metrics."""

import asyncio
import threading

import httpx
import pytest

from functions.phi import main, rules, scanning
from functions.phi.domain.model import CATEGORIES, LABELS
from functions.phi.rules import Rules
from voiceassist.core.errors import SettingsError
from voiceassist.core.identity import DEFAULT_TENANT, Principal, service
from voiceassist.runtime import door, metrics, tokens, workloads
from voiceassist.runtime.egress.policy import SINKS
from voiceassist.runtime.settings import Settings

WORKLOAD = workloads.derived("s" * 40)
SSN = "123-45-6789"
ROUTES = ("detect", "redact", "entities", "classify", "pseudonymise")
ADMIN = Principal("a", DEFAULT_TENANT, "admin", user_id=DEFAULT_TENANT)


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setattr(door, "load_settings", lambda: Settings(workload=WORKLOAD))


@pytest.mark.req("P11.4")
async def test_every_look_at_a_text_is_on_record_before_its_answer(audit):
    for route in ROUTES[:3]:
        assert (await post(route, json={"text": f"SSN {SSN}"})).status_code == 200
    assert [(act.action, act.facts["route"], act.facts["texts"]) for act in audit.acts] == [
        ("text.scanned", route, 1) for route in ROUTES[:3]
    ]
    assert SSN not in str(audit.acts)
    audit.broken = True
    lines = {"content-type": "application/x-ndjson"}
    for answer in (
        await post("detect", json={"text": f"SSN {SSN}"}),
        await post("redact", content=b'{"text": "SSN 123-45-6789"}\n', extra=lines),
        await call("POST", "test", caller=ADMIN, json={"text": SSN, "draft": {}}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (503, "AUDIT_UNAVAILABLE")


async def call(method, path, *, caller=None, extra=None, **options):
    token = tokens.mint(caller or service("gateway"), issuer="gateway", audience="phi", workload=WORKLOAD)
    headers = {"authorization": f"Bearer {token}"} | (extra or {})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=main.room), base_url="http://room") as client:
        return await client.request(method, f"/api/v1/phi/{path}", headers=headers, **options)


async def post(path, **options):
    return await call("POST", path, **options)


async def test_findings_are_told_by_place_and_not_repeated():
    answer = await post("detect", json={"text": f"SSN {SSN}, seen 3/7/1960"})
    assert answer.status_code == 200
    found = [(one["start"], one["end"], one["label"]) for one in answer.json()["entities"]]
    assert found == [(4, 15, "SSN"), (22, 30, "DATE")]
    assert all(one["source"] and 0 < one["score"] <= 1 for one in answer.json()["entities"])
    assert SSN not in answer.text


async def test_the_answer_says_what_was_looked_for_and_under_which_rules():
    body = (await post("detect", json={"text": ""})).json()
    told = {one["label"] for part in body["categories"].values() for one in part}
    assert told == {category.label for category in CATEGORIES}
    assert all(one["found"] for one in body["categories"]["covered"])
    assert (body["rules"]["version"], len(body["rules"]["digest"])) == ("default", 32)


async def test_a_text_is_redacted():
    body = (await post("redact", json={"text": f"SSN {SSN}."})).json()
    assert body["text"] == "SSN [SSN]."
    assert [one["label"] for one in body["entities"]] == ["SSN"]


@pytest.mark.req("I2.1")
async def test_entities_are_counted_and_the_catalogue_tells_them_all():
    body = (await post("entities", json={"text": f"SSN {SSN}, MRN 00-12-34, SSN {SSN}"})).json()
    assert body["counts"] == {"MRN": 1, "SSN": 2}
    assert len(body["entities"]) == 3
    kinds = {one["label"]: one for one in (await call("GET", "entities")).json()["kinds"]}
    assert set(kinds) == {category.label for category in CATEGORIES}
    assert (kinds["SSN"]["pack"], kinds["SSN"]["on"], kinds["SSN"]["rule"]) == ("numbers", True, "G")


@pytest.mark.parametrize(("text", "phi", "route"), [(f"SSN {SSN}", True, "local"), ("BP 120/80", False, "cloud")])
async def test_a_class_says_yes_or_no_and_where_it_may_go_without_places(text, phi, route):
    body = (await post("classify", json={"text": text})).json()
    assert (body["phi"], body["route"]) == (phi, route)
    assert body["categories"] == ({"SSN": 1} if phi else {})
    assert set(body) == {"phi", "categories", "route", "rules"}


async def test_stand_ins_are_random_and_the_same_within_a_request():
    body = (await post("pseudonymise", json={"texts": [f"SSN {SSN} and {SSN}", f"SSN {SSN} again"]})).json()
    first, second = body["items"]
    (shown,) = {one["pseudonym"] for item in body["items"] for one in item["entities"]}
    assert first["text"].startswith(f"SSN {shown} and ")
    assert second["text"] == f"SSN {shown} again"
    assert SSN not in second["text"]
    other = (await post("pseudonymise", json={"text": f"SSN {SSN}"})).json()
    assert other["text"].startswith("SSN [[SSN_")


async def test_a_batch_is_answered_in_its_order():
    texts = ["nothing here", f"SSN {SSN}", ""]
    for route in ("detect", "redact", "entities", "classify"):
        body = (await post(route, json={"texts": texts})).json()
        assert set(body) == {"items", "rules"}
        alone = [(await post(route, json={"text": text})).json() for text in texts]
        assert body["items"] == [
            {key: one[key] for key in item} for one, item in zip(alone, body["items"], strict=True)
        ]


async def test_what_is_known_of_the_patient_is_found():
    body = (await post("detect", json={"text": "seen with Xanthippe today", "known": ["Xanthippe Zorbas"]})).json()
    assert [(one["start"], one["end"]) for one in body["entities"]] == [(10, 19)]


async def test_an_empty_text_is_fine():
    assert (await post("detect", json={"text": ""})).json()["entities"] == []
    assert (await post("redact", json={"text": ""})).json()["text"] == ""


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "options",
    [
        {"json": {}},
        {"json": {"text": None}},
        {"json": {"text": SSN, SSN: 1}},
        {"json": {"text": SSN, "texts": [SSN]}},
        {"json": {"text": SSN, "object_id": "0199a3c2-7d1e-7a40-9b6e-3f1d2c4b5a69"}},
        {"json": {"object_id": f"https://example.org/{SSN}"}},
        {"json": {"object_id": f"../{SSN}"}},
        {"json": {"texts": []}},
        {"json": {"texts": [SSN] * 1_001}},
        {"json": {"text": [SSN]}},
        {"json": {"text": SSN, "kind": SSN}},
        {"json": {"text": SSN, "session": f"{SSN} {SSN}"}},
        {"json": [SSN]},
        {"content": SSN.encode()},
        {"content": b""},
        {"content": b"\x00\xff\xfe" + SSN.encode()},
        {"content": b'{"text": "\xff ' + SSN.encode() + b'"}'},
        {"content": b'{"text": "\\ud800 ' + SSN.encode() + b'"}'},
    ],
)
async def test_what_cannot_be_read_is_refused_without_an_echo(route, options):
    answer = await post(route, **options)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "VALIDATION_ERROR"
    assert SSN not in answer.text


@pytest.mark.parametrize("size", [1_048_577, 10_000_000])
async def test_what_is_too_large_is_413(size):
    answer = await post("detect", content=b'{"text": "' + SSN.encode() + b"x" * size + b'"}')
    assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert SSN not in answer.text


async def test_a_long_text_does_not_hold_up_a_short_one(monkeypatch, engine):
    released = threading.Event()

    class Slow:
        def find(self, text, **options):
            if len(text) > scanning.AT_ONCE:
                released.wait(10)
            return engine.find(text, **options)

    monkeypatch.setattr(scanning, "engine", Slow)
    long = asyncio.create_task(post("detect", json={"text": f"{'x ' * scanning.AT_ONCE}{SSN}"}))
    await asyncio.sleep(0.05)
    assert (await post("detect", json={"text": SSN})).status_code == 200
    assert not long.done()
    released.set()
    assert len((await long).json()["entities"]) == 1


async def test_nothing_of_a_text_is_logged_or_counted_but_its_kinds(capfd):
    before = metrics.PHI_DETECTED.labels("SSN", "api")._value.get()
    await post("redact", json={"text": f"Zebulon Quackenbush {SSN}"})
    await post("detect", json={"text": SSN, "Quackenbush": 1})
    lines = f'{{"text": "Quackenbush {SSN}", "Quackenbush": 1}}\n'
    await post("detect", content=lines, extra={"content-type": "application/x-ndjson"})
    written = "".join(capfd.readouterr()) + metrics.exposition()[0].decode()
    assert "Quackenbush" not in written
    assert SSN not in written
    assert metrics.PHI_DETECTED.labels("SSN", "api")._value.get() == before + 1


async def test_without_the_engine_nothing_is_said(monkeypatch):
    def absent():
        raise RuntimeError(SSN)

    monkeypatch.setattr(scanning, "engine", absent)
    for route in ROUTES:
        answer = await post(route, json={"text": SSN})
        assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL")
        assert SSN not in answer.text


async def test_packs_and_scores_of_the_rules_decide_what_counts(monkeypatch):
    under = Rules("ward-7", rules.packs("dates"), rules.minimum("SSN=0.95"))
    monkeypatch.setattr(scanning, "rules_in_force", lambda: under)
    monkeypatch.setattr(main, "rules_in_force", lambda: under)
    body = (await post("detect", json={"text": f"SSN {SSN}, seen 3/7/1960, j.doe@example.org"})).json()
    assert [one["label"] for one in body["entities"]] == ["EMAIL"]
    assert body["rules"] == {"version": "ward-7", "digest": under.digest}
    assert {one["label"] for one in body["categories"]["not_covered"]} >= {"DATE", "AGE90"}
    assert under.digest != Rules("ward-7").digest


@pytest.mark.parametrize("told", ["SSN", "SSN=", "SSN=two", "SSN=2", "PATIENT=0.5", "SSN=-1", "SSN=nan"])
def test_rules_that_cannot_be_read_are_refused_by_the_name_of_their_setting(told):
    with pytest.raises(SettingsError, match="VOICEASSIST_PHI__MINIMUM"):
        rules.minimum(told)
    with pytest.raises(SettingsError, match="VOICEASSIST_PHI__PACKS_OFF"):
        rules.packs("dates,patients")


def test_every_kind_is_in_one_pack():
    assert set(rules.PACK_OF) == set(LABELS)
    assert sum(map(len, rules.PACKS.values())) == len(LABELS)


async def test_an_administrator_sees_what_a_draft_would_do_at_every_sink():
    draft = {"policy": "cloud_llm.SSN=pseudonymise,rag_index.SSN=keep_local,export.SSN=allow", "packs_off": "contact"}
    trial = {"text": f"SSN {SSN}, j.doe@example.org", "draft": draft}
    body = (await post("test", json=trial, caller=ADMIN)).json()
    assert [one["label"] for one in body["entities"]] == ["SSN"]
    outcomes = {one["sink"]: (one["action"], one["text"]) for one in body["outcomes"]}
    assert outcomes["log"] == ("redact", "SSN [SSN], j.doe@example.org")
    assert outcomes["cloud_llm"][0] == "pseudonymise"
    assert SSN not in outcomes["cloud_llm"][1]
    assert outcomes["rag_index"] == ("keep_local", None)
    assert outcomes["export"] == ("allow", trial["text"])
    assert outcomes["literature"] == ("block", None)
    assert set(outcomes) == set(SINKS)


@pytest.mark.parametrize("draft", [{"minimum": SSN}, {"packs_off": SSN}, {"policy": SSN}, {"policy": "log.SSN=allow"}])
async def test_a_draft_that_cannot_be_read_is_refused_without_an_echo(draft):
    answer = await post("test", json={"text": SSN, "draft": draft}, caller=ADMIN)
    assert (answer.status_code, answer.json()["code"]) == (400, "DRAFT_INVALID")
    assert SSN not in answer.text


@pytest.mark.parametrize("role", ["user", "viewer"])
async def test_others_try_nothing(role):
    person = Principal("p", DEFAULT_TENANT, role, user_id=DEFAULT_TENANT)
    assert (await post("test", json={"text": SSN}, caller=person)).status_code == 403
