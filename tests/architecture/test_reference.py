"""The reference pages name what the code has: routes, events, tables, commands, protocol events."""

import ast
import re
from pathlib import Path

import click
import pytest
import yaml

from events import cesql
from events.broker import filters
from events.cesql import functions
from functions.calculators import page as calculators_page
from realtime.protocol import client
from voiceassist.cli.main import group
from voiceassist.runtime import wiring

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs/reference"
WIRING = wiring.load()
ROOMS = sorted(WIRING.rooms)


def page_of(room: str) -> str:
    return (PAGES / "rooms" / f"{room}.md").read_text()


def routes_in_code(code: str) -> set[str]:
    """`GET /path` for every `@app.get("/path")`, `@router.get("/path")` and their like."""
    calls = [
        decorator
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).startswith(("app.", "router."))
    ]
    return {f"{ast.unparse(call.func).partition('.')[2].upper()} {ast.literal_eval(call.args[0])}" for call in calls}


def routes_on_page(text: str) -> set[str]:
    return set(re.findall(r"^\| `([A-Z]+ /[^`]*)`", text, re.MULTILINE))


def heard_by(room: str) -> set[str]:
    """The event types in the filters of the room's Triggers."""
    own = [one for one in WIRING.triggers if one["spec"]["subscriber"].get("ref", {}).get("name") == room]
    return set(re.findall(r"org\.voiceassist\.[a-z_.]+v\d", str(own)))


@pytest.mark.parametrize("room", ROOMS)
def test_a_page_has_the_routes_of_its_room(room):
    doors = [ROOT / "functions" / room / "main.py", *(ROOT / "functions" / room / "routes").glob("*.py")]
    assert routes_on_page(page_of(room)) == set().union(*(routes_in_code(door.read_text()) for door in doors))


@pytest.mark.parametrize("room", ROOMS)
def test_a_page_has_the_events_of_its_room(room):
    named = set(re.findall(r"`(org\.voiceassist\.[a-z_.]+v\d)`", page_of(room)))
    assert named == heard_by(room) | set(WIRING.rooms[room].says)


@pytest.mark.parametrize("room", ROOMS)
def test_a_page_names_tables_that_exist(room):
    schema = "".join(path.read_text() for path in (ROOT / "voiceassist/migrations/versions").glob("*.py"))
    tables = set(re.findall(r"create table (\w+)", schema))
    (data,) = re.findall(r"## Data\n(.*?)\n## ", page_of(room), re.DOTALL)
    named = {word for word in re.findall(r"`([a-z_]+)`", data) if word != "medical_knowledge"}
    assert named - tables - set(WIRING.rooms) == set()


def test_the_planted_route_is_found():
    code = "@app.get('/a')\nasync def a(): ...\n@router.post('/b', status_code=202)\nasync def b(): ..."
    assert routes_in_code(code) == {"GET /a", "POST /b"}
    assert routes_on_page("| route |\n| `GET /a` `?limit` | 200 |\n") == {"GET /a"}


def test_the_page_of_the_calculators_is_current():
    assert calculators_page.PLACE.read_text() == calculators_page.render(), "run: python -m functions.calculators.page"


FILTERS = (PAGES / "filters.md").read_text()


def test_the_page_of_filters_has_a_filter_that_works():
    (shown,) = re.findall(r"```yaml\n(.*?)```", FILTERS, re.DOTALL)
    matches = filters.of_trigger(yaml.safe_load(shown))
    event = {"type": "org.voiceassist.document.uploaded.v1", "source": "/other", "ownerid": "7", "sequence": "4"}
    assert matches(event)
    assert not matches(event | {"sequence": "3"})
    assert not matches(event | {"subject": "a.draft"})


def test_the_page_of_filters_has_every_dialect_function_and_bound():
    dialects = {*filters._LEAVES, *filters._NESTED, "cesql", "sql", "filter.attributes"}
    assert {name for name in dialects | set(functions._FUNCTIONS) if f"`{name}`" not in FILTERS} == set()
    assert f"{cesql.LONGEST} characters and {cesql.DEEPEST} levels" in FILTERS
    assert f"at most {cesql.LONGEST_TEXT} characters" in FILTERS
    assert f"more than {filters._DEEPEST} levels" in FILTERS


def test_every_command_is_on_its_page():
    named = set(re.findall(r"^\| `voiceassist (\w+)", (PAGES / "cli.md").read_text(), re.MULTILINE))
    assert named == set(group.list_commands(click.Context(group)))


def test_the_realtime_page_has_every_client_event_error_and_extension():
    text = (PAGES / "realtime.md").read_text()
    code = "".join(path.read_text() for path in (ROOT / "realtime").rglob("*.py"))
    errors = set(re.findall(r'code="([a-z_]+)"', code))
    extensions = {f"voiceassist.{name}" for name in re.findall(r'server\.extension\(\s*"([a-z.]+)"', code)}
    assert {name for name in client.TYPES | errors | extensions if f"`{name}`" not in text} == set()
    assert errors
    assert len(extensions) >= 5
