"""The verify snippets of the guide, exactly as they stand there, judge what the room sends."""

import json
import re
import subprocess
import time
from base64 import b64encode
from pathlib import Path

import pytest

from functions.subscriptions import main
from functions.subscriptions.signature import headers, new_secret

from .conftest import ROUTE

GUIDE = Path(__file__).resolve().parents[4] / "docs/guides/integrators.md"
SNIPPETS = dict(re.findall(r"```(python|javascript)\n(.*?)```", GUIDE.read_text(), re.DOTALL))


def python(secret, told, body):
    namespace = {}
    exec(SNIPPETS["python"], namespace)  # noqa: S102 - the very text of our own guide
    return namespace["verified"](secret, told, body)


def javascript(secret, told, body):
    program = SNIPPETS["javascript"] + (
        "\nconst [secret, headers, body] = JSON.parse(process.argv[1]);"
        '\nconsole.log(verified(secret, headers, Buffer.from(body, "base64")));'
    )
    argument = json.dumps([secret, told, b64encode(body).decode()])
    made = subprocess.run(
        ["node", "--input-type=module", "-e", program, "--", argument], capture_output=True, text=True, timeout=30
    )
    assert made.returncode == 0, made.stderr
    return {"true\n": True, "false\n": False}[made.stdout]


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_a_snippet_is_short(language):
    assert len(SNIPPETS[language].strip().splitlines()) <= 20


@pytest.mark.req("P3.10")
@pytest.mark.parametrize("verified", [python, javascript])
async def test_a_snippet_takes_what_is_ours_and_nothing_else(caller, person, subscribe, send, about, sink, verified):
    owner = await person()
    made = await subscribe(owner)
    assert (await send(made["id"], about(owner))).status_code == 204
    (first,) = sink.received
    assert verified(made["secret"], first.headers, first.body)
    assert not verified(new_secret(), first.headers, first.body)
    assert not verified(made["secret"], first.headers, first.body + b" ")
    for name, value in (
        ("webhook-id", "other"),
        ("webhook-signature", "v1,AAAA"),
        ("webhook-signature", ""),
        ("webhook-signature", first.headers["webhook-signature"].replace("v1,", "v2,")),
        ("webhook-timestamp", "soon"),
        ("webhook-timestamp", str(int(first.headers["webhook-timestamp"]) + 1)),
    ):
        assert not verified(made["secret"], first.headers | {name: value}, first.body)

    async with caller(main.room, owner) as client:
        rotated = (await client.post(f"{ROUTE}/{made['id']}/secret/rotate")).json()["secret"]
    await send(made["id"], about(owner))
    second = sink.received[-1]
    assert verified(made["secret"], second.headers, second.body)
    assert verified(rotated, second.headers, second.body)


@pytest.mark.parametrize("verified", [python, javascript])
@pytest.mark.parametrize(("age", "good"), [(240, True), (301, False), (-240, True), (-360, False)])
def test_a_snippet_refuses_what_is_not_of_these_five_minutes(verified, age, good):
    secret = new_secret()
    told = headers("1", b"{}", signing=[secret], seconds=int(time.time()) - age)
    assert verified(secret, told, b"{}") is good
