"""The room as an operator starts it: the plain functions-framework command, its own process, real HTTP."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import jsonschema
import pytest

from voiceassist.core.identity import service
from voiceassist.runtime import tokens, workloads

ROOT = Path(__file__).resolve().parents[4]
COMMAND = Path(sys.executable).parent / "functions-framework"
WORKLOAD = workloads.derived("s" * 40)
PLANTED = "Zebulon Quackenbush"  # must appear in no answer and in no output of the process
START_SECONDS = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_it_answers(url, process):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the room did not start"
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/health", trust_env=False).status_code == 200:
                return
        time.sleep(0.05)
    pytest.fail("the room did not answer in time")


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    return tmp_path_factory.mktemp("room") / "output.log"


@pytest.fixture(scope="module")
def room(tmp_path_factory, output):
    """The base URL of a running room that has nothing but its secret."""
    home, port = tmp_path_factory.mktemp("home"), free_port()
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "PYTHONPATH": str(ROOT),
        "VOICEASSIST_WORKLOAD__KEY": WORKLOAD.key, "VOICEASSIST_WORKLOAD__KEYS": WORKLOAD.keys,
    }  # fmt: skip
    source = ROOT / "functions" / "calculators" / "main.py"
    command = [COMMAND, "--source", source, "--target", "calculators", "--host", "127.0.0.1", "--port", str(port)]
    with output.open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=home, stdout=log, stderr=log)
    try:
        wait_until_it_answers(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


@pytest.fixture
def client(room):
    token = tokens.mint(service("gateway"), issuer="gateway", audience="calculators", workload=WORKLOAD)
    with httpx.Client(base_url=room, headers={"authorization": f"Bearer {token}"}, trust_env=False) as client:
        yield client


def test_it_is_alive_ready_and_measured_without_identity(room):
    for path in ("/health", "/ready", "/metrics", "/openapi.json"):
        assert httpx.get(room + path, trust_env=False).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/map"), ("POST", "/map/compute"), ("POST", "/interpret")],
)
def test_nothing_is_answered_to_a_stranger(room, method, path):
    answer = httpx.request(method, f"{room}/api/v1/calculators{path}", trust_env=False)
    assert answer.status_code == 401
    assert answer.json()["code"] == "UNAUTHENTICATED"


@pytest.mark.req("P5.17")
def test_the_list_and_every_description(client):
    listed = client.get("/api/v1/calculators").json()
    assert listed["next_cursor"] is None
    assert len(listed["items"]) >= 14
    for item in listed["items"]:
        shown = client.get(f"/api/v1/calculators/{item['id']}").json()
        assert {key: shown[key] for key in item} == item
        assert shown["citations"]
        jsonschema.Draft202012Validator.check_schema(shown["input_schema"])
        assert list(shown["input_schema"]["properties"]) == [one["name"] for one in shown["inputs"]]


@pytest.mark.req("P5.18")
def test_a_result_with_everything_a_clinician_must_see(client):
    inputs = {
        "age": 68, "sex": "male", "hypertension": True, "diabetes": True, "heart_failure": False,
        "stroke": {"value": False, "assumed": True}, "vascular_disease": False,
    }  # fmt: skip
    schema = client.get("/api/v1/calculators/cha2ds2_vasc").json()["input_schema"]
    jsonschema.validate(inputs, schema)
    answer = client.post("/api/v1/calculators/cha2ds2_vasc/compute", json={"inputs": inputs})
    assert answer.status_code == 200
    result = answer.json()
    assert (result["value"], result["unit"], result["version"]) == (3, "points", "1.0.0")
    assert result["text"].startswith("CHA2DS2-VASc score: 3 points. High risk")
    assert result["assumptions"] == ["assumed: no stroke, TIA or systemic embolism"]
    assert [one["name"] for one in result["inputs"] if one["assumed"]] == ["stroke"]
    assert result["citations"][0]["doi"] == "10.1378/chest.09-1584"


def test_inputs_come_back_in_canonical_units(client):
    inputs = {"weight": {"value": 220, "unit": "lbs"}, "height": {"value": 70, "unit": "inches"}}
    result = client.post("/api/v1/calculators/bmi/compute", json={"inputs": inputs}).json()
    assert [(one["value"], one["unit"]) for one in result["inputs"]] == [
        (pytest.approx(99.790321), "kg"),
        (pytest.approx(177.8), "cm"),
    ]
    assert result["value"] == pytest.approx(31.566389)


@pytest.mark.req("G25")
def test_a_missing_input_is_named_with_its_question(client):
    answer = client.post("/api/v1/calculators/ckd_epi_2021/compute", json={"inputs": {"age": 60}})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "NEEDS_INPUT"
    assert [error["pointer"] for error in problem["errors"]] == ["/inputs/sex", "/inputs/creatinine"]
    assert problem["errors"][0]["detail"] == "Is the patient male or female?"


def test_an_impossible_input_is_refused_with_range_and_likely_unit_but_not_echoed(client):
    inputs = {"age": 60, "sex": PLANTED, "creatinine": {"value": 98765, "unit": "mg/dL"}, PLANTED: 1}
    answer = client.post("/api/v1/calculators/ckd_epi_2021/compute", json={"inputs": inputs})
    assert answer.status_code == 400
    problem = answer.json()
    assert problem["code"] == "VALIDATION_ERROR"
    faults = {error["pointer"]: error for error in problem["errors"]}
    assert faults["/inputs/creatinine"]["code"] == "OUT_OF_RANGE"
    assert "0.1 to 50 mg/dL" in faults["/inputs/creatinine"]["detail"]
    assert faults["/inputs/sex"]["code"] == "UNKNOWN_OPTION"
    assert faults["/inputs"]["code"] == "UNKNOWN_INPUT"
    assert "98765" not in answer.text
    assert PLANTED not in answer.text


def test_the_likely_unit_is_offered(client):
    inputs = {"age": 60, "sex": "female", "creatinine": {"value": 90, "unit": "mg/dL"}}
    problem = client.post("/api/v1/calculators/ckd_epi_2021/compute", json={"inputs": inputs}).json()
    assert problem["errors"][0]["detail"].endswith("Did you mean µmol/L?")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400), (b"[]", 400), (b'{"inputs": []}', 400), (b'{"inputs": {}, "other": 1}', 400), (b"", 400),
        (b'{"inputs": {}}', 422),
    ],
)  # fmt: skip
def test_malformed_bodies_are_problems(client, body, status):
    headers = {"content-type": "application/json"}
    answer = client.post("/api/v1/calculators/map/compute", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/nothing", None),
        ("POST", "/nothing/compute", {"inputs": {}}),
        ("POST", "/interpret", {"text": "68", "calculator": "nothing"}),
    ],
)
def test_unknown_calculators_are_not_found(client, method, path, body):
    answer = client.request(method, f"/api/v1/calculators{path}", json=body)
    assert answer.status_code == 404
    assert answer.json()["code"] == "NOT_FOUND"


@pytest.mark.req("N14")
def test_a_spoken_dialogue_by_http_asks_for_what_is_missing_only(client):
    def interpret(text, **more):
        return client.post("/api/v1/calculators/interpret", json={"text": text, **more}).json()

    found = interpret("what is the creatinine clearance of a 70 year old woman with creatinine 1.1")
    replies = {"weight": "sixty kilos", "height": "one hundred sixty centimeters"}
    asked = []
    while found["missing"]:
        slot = found["missing"][0]["name"]
        asked.append(slot)
        found = interpret(replies[slot], calculator=found["calculator_id"], known=found["inputs"], asked=slot)
    assert asked == ["weight", "height"]
    url = f"/api/v1/calculators/{found['calculator_id']}/compute"
    result = client.post(url, json={"inputs": found["inputs"]}).json()
    ideal = 45.5 + 2.3 * (160 / 2.54 - 60)
    assert result["value"] == pytest.approx(70 * ideal / (72 * 1.1) * 0.85)
    assert result["assumptions"] == ["assumed: serum creatinine in mg/dL"]


def test_a_question_for_the_library_is_no_calculator(client):
    body = {"text": "how do I treat atrial fibrillation with a high stroke risk"}
    found = client.post("/api/v1/calculators/interpret", json=body).json()
    assert found["calculator_id"] is None
    assert found["confidence"] == 0


def test_an_ambiguous_name_offers_choices(client):
    found = client.post("/api/v1/calculators/interpret", json={"text": "calculate the wells score"}).json()
    assert found["choices"] == ["Wells criteria for deep vein thrombosis", "Wells criteria for pulmonary embolism"]


def test_a_text_that_is_too_long_is_refused_without_echo(client):
    answer = client.post("/api/v1/calculators/interpret", json={"text": PLANTED * 200})
    assert answer.status_code == 400
    assert PLANTED not in answer.text


def test_runs_are_counted_by_calculator_and_outcome_and_by_no_name_of_the_caller(client):
    def runs(outcome):
        line = f'voiceassist_calculator_runs_total{{name="map",outcome="{outcome}"}} '
        text = client.get("/metrics").text
        return next((float(found.removeprefix(line)) for found in text.splitlines() if found.startswith(line)), 0.0)

    before = {outcome: runs(outcome) for outcome in ("computed", "needs_input", "validation_error")}
    for inputs in ({"systolic": 120, "diastolic": 80}, {}, {"systolic": -1, "diastolic": 80}):
        client.post("/api/v1/calculators/map/compute", json={"inputs": inputs})
    client.post("/api/v1/calculators/planted-canary/compute", json={"inputs": {}})
    assert {outcome: runs(outcome) - before[outcome] for outcome in before} == dict.fromkeys(before, 1.0)
    assert "planted-canary" not in client.get("/metrics").text


def test_no_planted_name_reaches_the_output_of_the_process(client, output):
    client.post("/api/v1/calculators/interpret", json={"text": f"{PLANTED} is 70, chads vasc"})
    client.post("/api/v1/calculators/map/compute", json={"inputs": {PLANTED: PLANTED}})
    assert PLANTED not in output.read_text()


def test_the_room_imports_nothing_heavy():
    """The budget of an HTTP room: FastAPI and its own modules."""
    code = "import sys, functions.calculators.main; print(' '.join(sorted(sys.modules)))"
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=ROOT)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    heavy = {
        "openai", "qdrant_client", "sqlalchemy", "boto3", "botocore", "transformers", "onnxruntime", "numpy", "pypdf",
        "joserfc", "redis", "asyncpg", "httpx", "pydantic_settings",
    }  # fmt: skip
    assert "functions" in loaded
    assert loaded & heavy == set()
