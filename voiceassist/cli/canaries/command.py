"""`voiceassist canary`: tell of a patient who does not exist, and look whether any of it stands somewhere."""

import asyncio
import json
import os
import ssl
import time
from dataclasses import asdict
from random import SystemRandom

import click
import httpx

from functions.canary.domain import doors, patient
from functions.canary.domain.traces import Search, Trace
from functions.canary.sinks import keys
from voiceassist.adapters.redis import connect
from voiceassist.cli.canaries import sinks, voice
from voiceassist.cli.options import data_option, json_option
from voiceassist.core.errors import UnavailableError
from voiceassist.runtime.engines import secrets, state
from voiceassist.runtime.engines.accounts import Account
from voiceassist.runtime.engines.environment import external_engines
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.postgres import ADMIN, PostgresEngine
from voiceassist.runtime.engines.valkey import ValkeyEngine
from voiceassist.runtime.settings import inherited

SETTLES_SECONDS = 2.0  # the session store writes its file once a second


@click.command()
@json_option
@data_option
def command(layout: Layout, *, as_json: bool) -> None:
    """Plant a synthetic patient with 18 identifiers in the running product; exit code 1 where anything of it is found.

    Told at the routes that keep nothing and in a voice session; looked for in logs, events, session store, indexes,
    sealed objects, metrics and the database of this machine. Engines that run elsewhere are named and not searched.
    """
    running = state.read(layout)
    if running is None:
        raise UnavailableError("VoiceAssist is not running here; start it with `voiceassist up` (or give --data).")
    one = patient.made(SystemRandom())
    search = Search(one)
    context = ssl.create_default_context(cafile=layout.ca) if running.url.startswith("https") else True
    key = {"authorization": f"Bearer {secrets.read(layout).cli_api_key}"}
    with httpx.Client(base_url=running.url, verify=context, headers=key, timeout=30.0, trust_env=False) as client:
        document = client.get("/api/v1/openapi.json").raise_for_status().json()
        told = 0
        for request in doors.requests(document, one, changing=False):
            sent = [(name.encode(), value) for name, value in request.headers.items()]
            client.request(request.method, request.path, params=request.query, headers=sent, content=request.body)
            told += 1
        asyncio.run(voice.told(layout, one))
        time.sleep(SETTLES_SECONDS)
        found = search.found("metrics", client.get("/metrics").content)
    elsewhere = external_engines(inherited())
    found += sinks.leaks(asyncio.run(_stored(layout, search, elsewhere)))
    show(found, told, elsewhere, as_json=as_json)
    if found:
        raise SystemExit(1)


async def _stored(layout: Layout, search: Search, elsewhere: tuple[str, ...]) -> list[Trace]:
    known, account = secrets.read(layout), Account(os.getuid(), os.getgid(), switch=False)
    found = sinks.files(layout, search)
    if "postgres" not in elsewhere:
        found += await sinks.tables(PostgresEngine(layout, known, account).dsn(ADMIN), search)
    if "valkey" not in elsewhere:
        client = connect(ValkeyEngine(layout, known, account).url)
        try:
            found += await keys(client, search, "valkey")
        finally:
            await client.aclose()
    return found


def show(found: list[Trace], told: int, elsewhere: tuple[str, ...], *, as_json: bool) -> None:
    """Places and categories; never a value."""
    if as_json:
        click.echo(json.dumps({"requests": told, "not_searched": elsewhere, "leaks": [asdict(one) for one in found]}))
        return
    for one in found:
        click.echo(f"{one.sink}: category {one.category}, {one.form}, {one.count} times")
    beside = f"; not searched, for they run elsewhere: {', '.join(elsewhere)}" if elsewhere else ""
    click.echo(f"{told} requests and a voice session, {len(found)} traces{beside}")
