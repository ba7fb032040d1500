"""What a room imports before its first answer: every package is allowed by name, because each one costs cold start.

A room is loaded in a fresh interpreter as the launcher loads it. Whoever adds a package here has looked at its price
(`python -X importtime -m voiceassist.runtime.serve`) and found no place inside a function for it.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from voiceassist.runtime import wiring

ROOT = Path(__file__).resolve().parents[2]
ROOMS = wiring.load().rooms

OURS = {"events", "functions", "voiceassist", "main"}
# The framework is the contract of every function; it brings Flask, cloudevents and what they need.
FRAMEWORK = set(
    "anyio blinker click cloudevents deprecation flask functions_framework google itsdangerous jinja2 markupsafe "
    "packaging python_multipart sniffio starlette typing_extensions uvicorn werkzeug".split()
)
EVENT_ROOM = OURS | FRAMEWORK | set("greenlet httptools msgspec orjson prometheus_client structlog".split())
HTTP_ROOM = EVENT_ROOM | set(
    "annotated_doc annotated_types fastapi opentelemetry pydantic pydantic_core typing_inspection".split()
)
MORE = {
    "auth": {"yaml"},  # which scopes a key can have stands in the wiring
    "subscriptions": set("certifi h11 h2 hpack httpcore hyperframe".split()),  # it alone posts to the outside
}
# structlog looks for them and does without; they come with the tools of development only.
TOOLS = {"attr", "pygments", "rich"}
NO_PACKAGES = {"cython_runtime"}  # what compiled modules leave among the imported ones
HEAVY = set(
    "alembic boto3 botocore ctranslate2 numpy onnx onnxruntime openai pypdf qdrant_client qdrant_edge redis sqlalchemy "
    "tokenizers torch transformers".split()
)

PROGRAM = """
import sys
import voiceassist.runtime.serve
import functions_framework.aio
functions_framework.aio.create_asgi_app(*sys.argv[1:])
print(*{name.split(".")[0] for name in sys.modules} - sys.stdlib_module_names)
"""


def imported(target: str, source: Path) -> set[str]:
    """Packages outside the standard library; what begins with an underscore is machinery of the installation."""
    command = [sys.executable, "-c", PROGRAM, target, str(source)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return {name for name in done.stdout.split() if not name.startswith("_")} - TOOLS - NO_PACKAGES


def allowed(room: str) -> set[str]:
    return (HTTP_ROOM if ROOMS[room].routes else EVENT_ROOM) | MORE.get(room, set())


def test_no_list_allows_what_is_heavy():
    for room in ROOMS:
        assert allowed(room) & HEAVY == set()
    assert "fastapi" not in EVENT_ROOM
    assert MORE.keys() <= ROOMS.keys()


@pytest.mark.req("G11")
@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_cold_room_imports_what_it_may_and_nothing_else(room):
    found = imported(ROOMS[room].target, ROOMS[room].source)
    assert found & HEAVY == set()
    assert found - allowed(room) == set()


@pytest.mark.parametrize("package", ["numpy", "redis", "sqlalchemy", "yaml"])
def test_a_planted_import_is_found(tmp_path, package):
    source = tmp_path / "main.py"
    source.write_text(
        f"import {package}\nimport functions_framework.aio\n\n\n"
        "@functions_framework.aio.http\nasync def planted(request):\n    return {}\n"
    )
    found = imported("planted", source)
    assert package in found - allowed("ingestion")
    assert package in found - allowed("phi")
