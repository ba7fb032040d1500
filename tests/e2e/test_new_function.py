"""Journey I3: a function and a calculator of at most twenty lines each, from a checkout to gateway, page and voice."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
DATA = os.environ.get("VOICEASSIST_EVAL_DATA", str(ROOT.parent / "shared" / "data"))
PHRASES = "who is on call; on-call doctor; who is on call for *"
ROTA = {
    "monday": "Dr. Adams", "tuesday": "Dr. Brown", "wednesday": "Dr. Carter", "thursday": "Dr. Davis",
    "friday": "Dr. Evans", "saturday": "Dr. Foster", "sunday": "Dr. Graham",
}  # fmt: skip
DOWN = "This cannot be answered right now."
TURN = {"heart_rate": 110, "systolic": 90}


def example(guide: str) -> str:
    """The first block of Python of a guide."""
    text = (ROOT / "docs/guides" / guide).read_text()
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[0]


def run(code: Path, *command: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VOICEASSIST_")}
    environment |= {"PYTHONPATH": str(code), "PATH": f"{BIN}:{os.environ['PATH']}", "VOICEASSIST_EVAL_DATA": DATA}
    result = subprocess.run(command, cwd=code, env=environment, capture_output=True, text=True, timeout=900)
    assert result.returncode == 0, f"{command}: {result.stdout[-4000:]}{result.stderr[-2000:]}"
    return result.stdout


@pytest.fixture(scope="module")
def checkout() -> Iterator[Path]:
    """A copy of this checkout with what the guides tell to write, and not a character more."""
    code = Path(tempfile.mkdtemp(prefix="va-i3-")) / "voiceassist"
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (code / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, code / name)
    shutil.copytree(ROOT / "frontend/dist", code / "frontend/dist")
    code.parent.chmod(0o755)
    run(code, "voiceassist", "new", "function", "oncall", "--title", "On call", "--phrases", PHRASES)
    (code / "functions/oncall/main.py").write_text(example("new-function.md"))
    (code / "functions/oncall/rota.txt").write_text("".join(f"{day}: {who}\n" for day, who in ROTA.items()))
    (code / "functions/calculators/domain/catalogue/shock_index.py").write_text(example("new-calculator.md"))
    yield code
    shutil.rmtree(code.parent, ignore_errors=True)


@pytest.fixture(scope="module")
def product(checkout: Path, product_of):
    return product_of(checkout)


def on_call() -> str:
    return ROTA[f"{datetime.now(ZoneInfo('Europe/Vienna')) - timedelta(hours=8):%A}".lower()]


def talk(product, question: Path, answer: Path):
    result = product.cli("talk", str(question), "-o", str(answer), "--json")
    assert result.returncode == 0, result.stderr + product.logs()
    return json.loads(result.stdout)


def test_each_is_at_most_twenty_lines():
    for guide in ("new-function.md", "new-calculator.md"):
        assert len(example(guide).splitlines()) <= 20


@pytest.mark.timeout(1000)
def test_make_check_passes_without_further_edits(checkout):
    """The recipe of `make check` itself, without what it installs."""
    (recipe,) = re.findall(r"^check:.*\n((?:\t.*\n)+)", (checkout / "Makefile").read_text(), re.MULTILINE)
    lines = [line.strip().removeprefix("@").replace("$(BIN)", str(BIN)) for line in recipe.splitlines()]
    assert len(lines) >= 6
    run(checkout, "git", "init", "-q", ".")
    run(checkout, "git", "add", "-A")
    for line in lines:
        run(checkout, *line.split())
    page = (checkout / "docs/reference/calculators.md").read_text()
    assert "## shock_index\n" in page
    assert "doi:10.1055/s-0028-1106070" in page


@pytest.mark.timeout(1000)
def test_the_tests_that_came_with_the_function_pass_and_its_room_starts_alone(checkout):
    # The other calculators' tests are the same as in this checkout.
    run(
        checkout,
        "pytest",
        "tests/unit/functions/oncall",
        "tests/unit/functions/calculators",
        "-k",
        "oncall or shock_index",
    )
    rooms = len(list((ROOT / "functions").glob("*/main.py"))) + 1
    assert run(checkout, "voiceassist", "check").startswith(f"{rooms} rooms, ")


def test_the_function_answers_at_the_gateway_to_whom_it_knows(product):
    before = on_call()
    with product.key_client() as client:
        answer = client.post("/api/v1/oncall/ask", json={"question": "who is on call"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["text"] in {f"On call now: {who}." for who in (before, on_call())}
    with product.client() as client:
        assert client.post("/api/v1/oncall/ask", json={"question": "who is on call"}).status_code == 401


def test_both_are_in_the_openapi_document(product):
    with product.key_client() as client:
        document = client.get("/api/v1/openapi.json").json()
    operation = document["paths"]["/api/v1/oncall/ask"]["post"]
    assert operation["tags"] == ["oncall"]
    assert operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/Spoken")
    (parameter,) = document["paths"]["/api/v1/calculators/{calculator_id}/compute"]["post"]["parameters"]
    assert "shock_index" in parameter["schema"]["enum"]


@pytest.mark.parametrize("question", ["Who is on call tonight?", "Can you tell me who is the on-call doctor, please?"])
def test_a_spoken_question_is_answered_by_the_function_and_said_aloud(product, say, listen, tmp_path, question):
    before = on_call()
    found = talk(product, say(question), tmp_path / "answer.wav")
    assert found["answer"] in {f"On call now: {who}." for who in (before, on_call())}, found["transcript"]
    assert (found["citations"], found["calculator"]) == ([], None)
    heard = listen(tmp_path / "answer.wav", tuple(ROTA.values()))
    assert before.split()[-1].lower() in heard.lower() or on_call().split()[-1].lower() in heard.lower(), heard


def test_a_clinical_question_about_the_same_people_goes_to_the_library(product):
    with product.key_client() as client:  # on a busy machine the library's models may still be loading
        assert client.post("/api/v1/search", json={"query": "septic shock"}).status_code == 200
    result = product.cli("ask", "What should the on-call doctor do first in septic shock?", "--json")
    assert result.returncode == 0, result.stderr + product.logs()
    found = json.loads(result.stdout)
    assert any("epsis" in citation["title"] for citation in found["citations"]), found


def test_a_function_that_fails_is_said_to_fail(product):
    rota = product.code / "functions/oncall/rota.txt"
    kept = rota.read_text()
    rota.unlink()
    try:
        answer = json.loads(product.cli("ask", "who is on call", "--json").stdout)["answer"]
    finally:
        rota.write_text(kept)
    assert answer.startswith(DOWN)
    assert json.loads(product.cli("ask", "who is on call", "--json").stdout)["answer"].startswith("On call now: ")


def test_the_new_calculator_computes_at_the_gateway(product):
    with product.key_client() as client:
        assert "shock_index" in {one["id"] for one in client.get("/api/v1/calculators").json()["items"]}
        detail = client.get("/api/v1/calculators/shock_index").json()
        computed = client.post("/api/v1/calculators/shock_index/compute", json={"inputs": TURN}).json()
        refused = client.post("/api/v1/calculators/shock_index/compute", json={"inputs": TURN | {"systolic": 900}})
        missing = client.post("/api/v1/calculators/shock_index/compute", json={"inputs": {"systolic": 90}})
    assert detail["input_schema"]["required"] == ["heart_rate", "systolic"]
    assert [one["possible"] for one in detail["inputs"]] == [{"low": 10, "high": 350}, {"low": 20, "high": 350}]
    assert computed["value"] == pytest.approx(110 / 90)
    assert computed["text"] == "Shock index: 1.22. Usually incipient shock."
    assert computed["citations"][0]["year"] == 1967
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "OUT_OF_RANGE")
    assert (missing.status_code, missing.json()["errors"][0]["pointer"]) == (422, "/inputs/heart_rate")


def test_the_new_calculator_computes_by_voice(product, say, listen, tmp_path):
    said = "What is the shock index with a heart rate of 110 and a systolic blood pressure of 90?"
    found = talk(product, say(said), tmp_path / "answer.wav")
    result = found["calculator"]
    assert result is not None, found["transcript"]
    assert (result["calculator_id"], result["value"]) == ("shock_index", pytest.approx(110 / 90))
    assert {one["name"]: one["value"] for one in result["inputs"]} == TURN
    heard = listen(tmp_path / "answer.wav", ("shock index",)).lower()
    assert "shock" in heard
    assert re.search(r"1\.22|one point two two", heard), heard


def test_a_value_that_is_missing_for_it_is_asked_for(product):
    found = json.loads(product.cli("ask", "Calculate the shock index, heart rate 110", "--json").stdout)
    assert found["calculator"] is None
    assert found["clarify"]["question"] == "What is the systolic blood pressure?"
