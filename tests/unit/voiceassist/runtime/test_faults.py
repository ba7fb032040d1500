"""No way of the interpreter or of a library prints the text of an error: each is gone in a process of its own."""

import logging as plain
import subprocess
import sys

import functions_framework.aio
import httpx
import pytest

from voiceassist.runtime import logging
from voiceassist.runtime.faults import error_fields

NAME = "Quackenbush"
START = "from voiceassist.runtime import logging as house; house.configure('tests'); import logging\n"
RAISING = """
def admit(patient):
    record = {'name': patient}
    try:
        {}[patient]
    except KeyError as error:
        raise ValueError(f'no such patient {record}') from error
"""
WAYS = {
    "uncaught": ("admit('Quackenbush')", "process.failed"),
    "thread": ("import threading; t = threading.Thread(target=admit, args=['Quackenbush']); t.start(); t.join()",
               "thread.failed"),
    "finaliser": ("class Record:\n    def __del__(self): admit('Quackenbush')\nRecord()", "finaliser.failed"),
    "task": (("import asyncio\nasync def work(): admit('Quackenbush')\nasync def main():\n"
             "    task = asyncio.create_task(work(), name='Quackenbush')\n    await asyncio.sleep(0)\n"
             "    await asyncio.sleep(0)\nasyncio.run(main())"), "library.message"),
    "callback": (("import asyncio\nasync def main():\n    asyncio.get_running_loop().call_soon(admit, 'Quackenbush')\n"
                 "    await asyncio.sleep(0.01)\nasyncio.run(main())"), "library.message"),
    "uvloop": (("import uvloop\nasync def main():\n    import asyncio\n"
               "    asyncio.get_running_loop().call_soon(admit, 'Quackenbush')\n    await asyncio.sleep(0.01)\n"
               "uvloop.run(main())"), "library.message"),
    "warning": ("import warnings; warnings.warn('Quackenbush was here')", "library.warned"),
    "library": ("logging.getLogger('uvicorn.error').error('Exception for %s', 'Quackenbush')", "library.message"),
    "library with its error": ("try: admit('Quackenbush')\nexcept ValueError: logging.exception('Quackenbush')",
                               "library.message"),
}  # fmt: skip


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


@pytest.mark.req("P8.4")
@pytest.mark.parametrize("way", WAYS)
def test_an_error_is_told_by_type_and_place_alone(way):
    code, event = WAYS[way]
    told = run(START + RAISING + code)
    assert event in told
    assert NAME not in told
    assert "Traceback" not in told
    if way not in {"warning", "library"}:
        assert '"error_type":"ValueError"' in told.replace(": ", ":")
        assert '"causes":"KeyError"' in told.replace(": ", ":")


@pytest.mark.req("P8.4")
def test_a_crash_in_a_library_is_told_by_files_and_lines():
    told = run(f"{START}import ctypes\ndef admit(patient): ctypes.string_at(0)\nadmit('{NAME}')")
    assert "Segmentation fault" in told
    assert NAME not in told


def test_handlers_that_a_server_put_up_before_us_are_taken():
    before = (
        "import logging, sys\nlogger = logging.getLogger('uvicorn.access')\n"
        "logger.addHandler(logging.StreamHandler()); logger.setLevel('INFO'); logger.propagate = False\n"
    )
    told = run(f"{before}{START}logging.getLogger('uvicorn.access').info('GET /patients/{NAME}?q={NAME}')\n"
               f"logging.getLogger('uvicorn.access').error('Exception {NAME}')")  # fmt: skip
    assert told.count("library.message") == 1
    assert NAME not in told


def test_a_group_of_errors_and_a_ring_of_causes_end():
    first, second = ValueError(NAME), KeyError(NAME)
    first.__cause__, second.__cause__ = second, first
    assert error_fields(first)["causes"] == "KeyError"
    assert error_fields(ExceptionGroup(NAME, [OSError(NAME)]))["causes"] == "OSError"
    assert NAME not in str(error_fields(ExceptionGroup(NAME, [OSError(NAME)])))


@pytest.mark.req("P8.4")
async def test_what_the_functions_framework_itself_would_log_is_told_by_place(capfd):
    """An error that passes a room's guard: the framework logs its text and the path; its handler is the house's."""
    import structlog

    before, root = structlog.get_config(), plain.getLogger()
    handlers, level = root.handlers[:], root.level

    async def broken(_request):
        raise ValueError(NAME)

    app = functions_framework.aio._create_asgi_app_with_function(
        broken, functions_framework._function_registry.HTTP_SIGNATURE_TYPE, False
    )
    try:
        logging.configure("tests")
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://room") as client:
            answer = await client.post(f"/patients/{NAME}?q={NAME}")
    finally:
        structlog.configure(**before)
        root.handlers[:] = handlers
        root.setLevel(level)
    told = "".join(capfd.readouterr())
    assert (answer.status_code, NAME in answer.text) == (500, False)
    assert "library.message" in told
    assert NAME not in told
