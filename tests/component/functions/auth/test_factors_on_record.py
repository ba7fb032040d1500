"""What becomes of second factors is on record: added, renamed, removed, spent, and shown in vain."""

import json
import time

import pytest
from sqlalchemy import text

from voiceassist.core.identity import service
from voiceassist.ports.auditing import Remembering
from voiceassist.runtime import providers

pytestmark = pytest.mark.req("P11.4")


@pytest.fixture
def recorded(database):
    """Action, kind and outcome of what one person did with factors, in order; nothing else of an entry says more."""

    async def read(who):
        async with database.transaction(service("test", who.tenant_id)) as connection:
            rows = await connection.execute(text("select body from audit_entries order by number"))
            told = [json.loads(body) for (body,) in rows]
        own = [one for one in told if one["action"].startswith("factor.") and one["by"]["user"] == str(who.user_id)]
        assert all(one["objects"] == [f"user:{who.user_id}"] and one["by"]["role"] == who.role for one in own)
        return [(one["action"].removeprefix("factor."), one["facts"]["kind"], one["outcome"]) for one in own]

    return read


async def test_every_change_and_every_wrong_proof_is_an_entry(client, key, recorded):
    here = await (await client()).first_factor()
    here.secret = (await here.send("POST", "/mfa/totp")).json()["secret"]
    done = await here.send("POST", "/mfa/totp/confirm", json={"code": here.code()})
    here.csrf, here.shown_at = done.json()["session"]["csrf_token"], time.time()
    code, *_ = done.json()["recovery_codes"]
    assert (await here.add_passkey(key)).status_code == 201
    (passkey,) = (await here.send("GET", "/mfa")).json()["passkeys"]
    path = f"/mfa/passkeys/{passkey['id']}"
    assert (await here.send("PATCH", path, json={"name": "Other"})).status_code == 204
    assert (await here.send("DELETE", path)).status_code == 204
    assert (await here.send("POST", "/mfa/recovery-codes")).status_code == 201
    await here.first_factor()
    here.csrf = ""
    assert (await here.verify(recovery_code=code)).status_code == 401  # of the set before
    assert await recorded(here.owner) == [
        ("added", "authenticator", "success"),
        ("added", "passkey", "success"),
        ("renamed", "passkey", "success"),
        ("removed", "passkey", "success"),
        ("added", "recovery_code", "success"),
        ("shown", "recovery_code", "refused"),
    ]


async def test_a_recovery_code_that_signs_in_and_an_authenticator_that_goes_are_entries(client, key, recorded):
    here = await (await client()).signed_in()
    (await here.add_passkey(key)).raise_for_status()
    codes = (await here.send("POST", "/mfa/recovery-codes")).json()["recovery_codes"]
    await here.first_factor()
    here.csrf = ""
    await here.verified(recovery_code=codes[0])
    assert (await here.send("DELETE", "/mfa/totp")).status_code == 204
    assert (await recorded(here.owner))[-2:] == [
        ("spent", "recovery_code", "success"),
        ("removed", "authenticator", "success"),
    ]


async def test_what_was_refused_changed_nothing_and_is_no_change_on_record(client, key, recorded):
    here = await (await client()).signed_in()
    assert (await here.send("DELETE", "/mfa/totp")).status_code == 409  # the last one
    assert (await here.send("DELETE", "/mfa/passkeys/01900000-0000-7000-8000-00000000dead")).status_code == 404
    assert await recorded(here.owner) == []


async def test_a_change_that_cannot_be_put_on_record_does_not_happen(client, key, monkeypatch):
    here = await (await client()).signed_in()
    (await here.add_passkey(key)).raise_for_status()
    deaf = Remembering()
    deaf.broken = True
    with monkeypatch.context() as patch:
        patch.setattr(providers, "auditor", lambda _part: deaf)
        answer = await here.send("DELETE", "/mfa/totp")
        assert (answer.status_code, answer.json()["code"]) == (503, "AUDIT_UNAVAILABLE")
    assert (await here.send("GET", "/mfa")).json()["authenticator_since"]
    assert deaf.acts == []
