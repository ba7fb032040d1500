"""Rules that outlive people: read from the syntax tree, each shown to catch a planted fault."""

import ast
import importlib
import inspect
import re
from pathlib import Path
from typing import Annotated, get_type_hints

import pytest
from fastapi import APIRouter, Depends, FastAPI

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("voiceassist", "functions", "realtime", "events")
# The composition root, and the supervisor, which writes the environment of its children.
MAY_READ_ENVIRONMENT = {"voiceassist/runtime/settings.py"}
TOP_LEVEL = {
    "functions", "realtime", "events", "frontend", "knative", "terraform", "ansible", "docs", "tests", "voiceassist",
    "requirements", ".ci", ".github",
}  # fmt: skip
LOG_METHODS = {"debug", "info", "warning", "error", "critical"}


def sources() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def environment_reads(code: str) -> list[int]:
    """Lines that touch os.environ, os.getenv or os.environb."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(code))
        if (isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.environb", "os.getenv"})
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and {"environ", "environb", "getenv"} & {alias.name for alias in node.names}
        )
    ]


def leaky_logs(code: str) -> list[int]:
    """Log calls that could carry an exception's text: exception(), exc_info, f-strings, str(error), %-arguments."""
    tree = ast.parse(code)
    errors = {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name}
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"format_exc", "print_exc", "format_exception"}:
            lines.append(node.lineno)
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner = ast.unparse(node.func.value)
        if not re.fullmatch(r"(self\.)?_?(log|logger|LOG|logging)", owner):
            continue
        if node.func.attr == "exception":
            lines.append(node.lineno)
        if node.func.attr not in LOG_METHODS:
            continue
        constant = bool(node.args) and isinstance(node.args[0], ast.Constant) and len(node.args) == 1
        named = [keyword for keyword in node.keywords if keyword.arg == "exc_info"]
        quoted = [
            inner
            for keyword in node.keywords
            if keyword.arg is not None
            for inner in ast.walk(keyword.value)
            if (isinstance(inner, ast.Name) and inner.id in errors and not type_name(keyword.value))
            or isinstance(inner, ast.JoinedStr)
        ]
        if not constant or named or quoted:
            lines.append(node.lineno)
    return lines


def type_name(value: ast.expr) -> bool:
    """`type(error).__name__`, `error.code`, `error.reason` (a code of ours): safe parts of an error."""
    text = ast.unparse(value)
    return bool(re.fullmatch(r"type\(\w+\)\.__name__|\w+\.(code|reason|status|status_code|errno|returncode)", text))


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_composition_root_reads_the_environment(path):
    if str(path.relative_to(ROOT)) not in MAY_READ_ENVIRONMENT:
        assert environment_reads(path.read_text()) == []


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_log_line_carries_the_text_of_an_exception(path):
    assert leaky_logs(path.read_text()) == []


def telling_engines(code: str) -> list[int]:
    """Lines that make a database engine whose errors would quote the parameters of a statement."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call)
        and re.search(r"\b(create_(async_)?engine|(async_)?engine_from_config)$", ast.unparse(node.func))
        and not any(
            keyword.arg == "hide_parameters" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True
            for keyword in node.keywords
        )
    ]


@pytest.mark.req("P8.4")
@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_error_of_the_database_quotes_parameters(path):
    assert telling_engines(path.read_text()) == []


@pytest.mark.parametrize(
    "code",
    [
        "create_engine(dsn)",
        "sqlalchemy.create_engine(dsn, hide_parameters=False)",
        "create_async_engine(dsn, **options)",
        "engine_from_config(configuration)",
        "sqlalchemy.ext.asyncio.async_engine_from_config(configuration)",
    ],
)
def test_a_planted_engine_is_found(code):
    assert telling_engines(code)
    assert not telling_engines("create_async_engine(dsn, pool_size=3, hide_parameters=True)")


@pytest.mark.parametrize("code", ["import os\nos.environ['A']", "import os\nos.getenv('A')", "from os import environ"])
def test_a_planted_environment_read_is_found(code):
    assert environment_reads(code)


@pytest.mark.parametrize(
    "code",
    [
        "log.exception('x')",
        "log.error('x', exc_info=True)",
        "log.error(f'x {y}')",
        "log.error('x %s', y)",
        "try: pass\nexcept E as error: log.error('x', reason=str(error))",
        "try: pass\nexcept E as error: log.error('x', reason=error.detail)",
        "log.info('x', reason=f'{y}')",
        "import traceback\ntraceback.format_exc()",
    ],
)
def test_a_planted_leak_is_found(code):
    assert leaky_logs(code)


def test_a_proper_log_line_passes():
    code = "try: pass\nexcept E as error: log.error('x.failed', code=error.code, error_type=type(error).__name__)"
    assert leaky_logs(code) == []


def rooms() -> list[str]:
    return sorted(path.name for path in (ROOT / "functions").iterdir() if (path / "__init__.py").exists())


@pytest.mark.parametrize("room", rooms())
def test_a_room_has_its_place_in_every_wing(room):
    assert (ROOT / "functions" / room / "main.py").exists()
    assert (ROOT / "knative/rooms" / f"{room}.yaml").exists()
    assert (ROOT / "docs/reference/rooms" / f"{room}.md").exists()
    assert any((ROOT / "tests" / kind / "functions" / room).is_dir() for kind in ("unit", "component"))


def test_no_room_noun_stands_in_a_path_of_the_foundation():
    inside = [path.relative_to(ROOT) for path in (ROOT / "voiceassist").rglob("*.py")]
    paths = {part for path in inside for part in (path.stem, *path.parent.parts)}
    assert paths & (set(rooms()) - {"documents"}) == set()


def test_there_is_no_stray_folder():
    import subprocess

    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders = {line.split("/")[0] for line in tracked.splitlines() if "/" in line}
    assert folders - TOP_LEVEL == set()


def test_every_setting_is_documented():
    from voiceassist.runtime.settings import Section, Settings

    def names(section: type[Section], prefix: str) -> list[str]:
        found: list[str] = []
        for field in section.__struct_fields__:
            kind = get_type_hints(section)[field]
            if isinstance(kind, type) and issubclass(kind, Section):
                found += names(kind, f"{prefix}{field.upper()}__")
            else:
                found.append(f"{prefix}{field.upper()}")
        return found

    page = (ROOT / "docs/reference/settings.md").read_text()
    documented = set(re.findall(r"`(VOICEASSIST_[A-Z0-9_]+)`", page))
    assert set(names(Settings, "VOICEASSIST_")) - documented == set()
    assert documented - set(names(Settings, "VOICEASSIST_")) - {"VOICEASSIST_DATA", "VOICEASSIST_EVAL_DATA"} == set()


def threaded(app: object) -> set[str]:
    """Routes and dependencies of a FastAPI app that are plain functions, which it would run in a thread each time."""
    routers = [app, *(route.original_router for route in app.routes if hasattr(route, "original_router"))]
    routes = [route for router in routers for route in router.routes]
    found, left = set(), [route.dependant for route in routes if hasattr(route, "dependant")]
    while left:
        one = left.pop()
        left += one.dependencies
        if one.call is not None and not inspect.iscoroutinefunction(one.call):
            found.add(one.call.__name__)
    return found


@pytest.mark.parametrize("room", rooms())
def test_no_request_of_a_room_waits_for_a_thread(room):
    module = importlib.import_module(f"functions.{room}.main")
    assert threaded(module.app if hasattr(module, "app") else FastAPI()) == set()


def test_a_planted_plain_function_is_found():
    app, router = FastAPI(), APIRouter()

    def dependency() -> int:
        return 1

    @app.get("/x")
    def plain(_one: Annotated[int, Depends(dependency)]) -> None:
        return None

    @router.get("/y")
    def mounted() -> None:
        return None

    app.include_router(router)
    assert threaded(app) == {"dependency", "plain", "mounted"}
