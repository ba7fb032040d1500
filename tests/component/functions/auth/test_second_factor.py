"""Proving the second factor at the room's door, and every way in which that must not work."""

import asyncio

import pytest
from sqlalchemy import text

from functions.auth.service import ACTING


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_a_code_signs_in_once_and_in_one_step_to_each_side(client):
    here = await (await client()).has_authenticator()
    for step in (-1, 0, 1):
        await here.first_factor()
        await here.verified(code=here.code(step))
    await here.first_factor()
    refused(await here.verify(code=here.code(1)), 401, "MFA_REQUIRED")
    refused(await here.verify(code=here.code(2)), 401, "MFA_REQUIRED")


@pytest.mark.parametrize("code", ["１２３４５６", "12345", "1234567", "12345a", " 123456", "", "٣٣٣٣٣٣"])
async def test_a_code_has_six_ascii_digits(client, code):
    here = await (await client()).first_factor()
    refused(await here.verify(code=code), 400, "VALIDATION_ERROR")


async def test_of_parallel_proofs_with_one_code_one_signs_in(client):
    here = await (await client()).has_authenticator()
    others = [await client(here.owner) for _ in range(4)]
    for other in others:
        await other.first_factor()
    answers = await asyncio.gather(*(other.verify(code=here.code()) for other in others))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


async def test_a_challenge_is_met_once(client):
    here = await (await client()).has_authenticator()
    await here.first_factor()
    spent = dict(here.http.cookies)
    await here.verified(code=here.code(-1))
    here.http.cookies = spent
    refused(await here.verify(code=here.code()), 401, "UNAUTHENTICATED")


async def test_the_code_of_somebody_else_proves_nothing(client):
    here, there = await (await client()).has_authenticator(), await (await client()).has_authenticator()
    await here.first_factor()
    refused(await here.verify(code=there.code()), 401, "MFA_REQUIRED")


async def test_a_challenge_shown_by_another_client_is_none(client):
    here = await (await client()).has_authenticator()
    await here.first_factor()
    thief = await client(here.owner, agent="another browser")
    thief.http.cookies = here.http.cookies
    refused(await thief.verify(code=here.code()), 401, "UNAUTHENTICATED")


async def test_a_late_challenge_is_none(client, redis):
    here = await (await client()).has_authenticator()
    await here.first_factor()
    for key in [key async for key in redis.scan_iter("va:challenge:*")]:
        assert 0 < await redis.ttl(key) <= 300
        await redis.pexpire(key, 1)
    await asyncio.sleep(0.01)
    refused(await here.verify(code=here.code()), 401, "UNAUTHENTICATED")


async def test_nothing_is_told_without_the_first_factor(client):
    here = await client()
    refused(await here.verify(code="123456"), 401, "UNAUTHENTICATED")
    refused(await here.send("GET", "/mfa/challenge"), 401, "UNAUTHENTICATED")
    refused(await here.send("POST", "/mfa/passkeys/challenge"), 401, "UNAUTHENTICATED")
    refused(await here.send("POST", "/mfa/totp"), 401, "UNAUTHENTICATED")
    refused(await here.send("GET", "/mfa"), 401, "UNAUTHENTICATED")


async def test_the_second_factor_of_a_disabled_person_proves_nothing(client, database):
    here = await (await client()).has_authenticator()
    await here.first_factor()
    async with database.transaction(ACTING) as connection:
        await connection.execute(
            text("update users set status = 'disabled' where id = :id"), {"id": here.owner.user_id}
        )
    refused(await here.verify(code=here.code()), 401, "MFA_REQUIRED")


@pytest.mark.parametrize("proof", [{}, {"code": "123456", "recovery_code": "abcd-efgh-jkmn-pqrs"}, {"otp": "123456"}])
async def test_exactly_one_factor_is_shown(client, proof):
    here = await (await client()).first_factor()
    refused(await here.verify(**proof), 400, "VALIDATION_ERROR")


async def test_first_enrolment_of_an_authenticator_completes_the_sign_in(client, said):
    here = await (await client()).first_factor()
    offered = (await here.send("GET", "/mfa/challenge")).json()
    assert offered == {"code": False, "passkey": False, "recovery_code": False, "enrol": True}
    told = (await here.send("POST", "/mfa/totp")).json()
    assert told["secret"] in told["uri"]
    assert told["qr"].startswith("M")
    here.secret = told["secret"]
    wrong = next(code for code in ("000000", "111111") if code not in {here.code(step) for step in (-1, 0, 1)})
    refused(await here.send("POST", "/mfa/totp/confirm", json={"code": wrong}), 401, "MFA_REQUIRED")
    done = await here.send("POST", "/mfa/totp/confirm", json={"code": here.code()})
    assert done.status_code == 200, done.text
    assert len(done.json()["recovery_codes"]) == 10
    here.csrf = done.json()["session"]["csrf_token"]
    own = (await here.send("GET", "/mfa")).json()
    assert own["authenticator_since"]
    assert own["recovery_codes_left"] == 10
    changes = [event.data for event in await said(here.owner.user_id)]
    assert [b"authenticator_enrolled" in data or b"codes_made" in data for data in changes] == [True, True]
    # The code that confirmed it is spent.
    await here.first_factor()
    refused(await here.verify(code=here.code()), 401, "MFA_REQUIRED")


async def test_a_password_alone_adds_no_factor_to_those_there_are(client, key):
    here = await (await client()).has_authenticator()
    await here.first_factor()
    refused(await here.send("POST", "/mfa/totp"), 403, "FACTOR_EXISTS")
    refused(await here.send("POST", "/mfa/totp/confirm", json={"code": "123456"}), 403, "FACTOR_EXISTS")
    refused(await here.send("POST", "/mfa/passkeys/options"), 403, "FACTOR_EXISTS")


async def test_of_two_first_enrolments_the_later_is_refused(client):
    here = await client()
    other = await client(here.owner)
    for one in (here, other):
        await one.first_factor()
        one.secret = (await one.send("POST", "/mfa/totp")).json()["secret"]
    assert (await here.send("POST", "/mfa/totp/confirm", json={"code": here.code()})).status_code == 200
    refused(await other.send("POST", "/mfa/totp/confirm", json={"code": other.code()}), 403, "FACTOR_EXISTS")
    await here.first_factor()
    assert (await here.verify(code=here.code(1))).status_code == 200


async def test_a_recovery_code_signs_in_once(client):
    here = await (await client()).signed_in()
    codes = (await here.send("POST", "/mfa/recovery-codes")).json()["recovery_codes"]
    assert len(set(codes)) == 10
    await here.first_factor()
    assert (await here.send("GET", "/mfa/challenge")).json()["recovery_code"]
    await here.verified(recovery_code=codes[3].upper().replace("-", " "))
    assert (await here.send("GET", "/mfa")).json()["recovery_codes_left"] == 9
    await here.first_factor()
    refused(await here.verify(recovery_code=codes[3]), 401, "MFA_REQUIRED")
    refused(await here.verify(recovery_code=codes[4][:4] + codes[5][4:]), 401, "MFA_REQUIRED")


async def test_of_parallel_uses_of_a_recovery_code_one_signs_in(client):
    here = await (await client()).signed_in()
    code = (await here.send("POST", "/mfa/recovery-codes")).json()["recovery_codes"][0]
    others = [await (await client(here.owner)).first_factor() for _ in range(3)]
    answers = await asyncio.gather(*(other.verify(recovery_code=code) for other in others))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401]


async def test_new_recovery_codes_end_the_old_and_lie_hashed(client, database):
    here = await (await client()).signed_in()
    first = (await here.send("POST", "/mfa/recovery-codes")).json()["recovery_codes"]
    second = (await here.send("POST", "/mfa/recovery-codes")).json()["recovery_codes"]
    async with database.transaction(ACTING) as connection:
        rows = await connection.execute(
            text("select selector, hash from mfa_recovery_codes where user_id = :id"), {"id": here.owner.user_id}
        )
        stored = rows.all()
    assert {row[0] for row in stored} == {code[:4] for code in second}
    assert all(row[1].startswith("$argon2id$") for row in stored)
    await here.first_factor()
    refused(await here.verify(recovery_code=first[0]), 401, "MFA_REQUIRED")
    await here.verified(recovery_code=second[0])


async def test_a_passkey_signs_in(client, key):
    here = await (await client()).signed_in()
    assert (await here.add_passkey(key, "Blue key")).status_code == 201
    here.csrf = ""
    await here.first_factor()
    assert (await here.send("GET", "/mfa/challenge")).json()["passkey"]
    await here.verified(passkey=await here.shown(key))
    (listed,) = (await here.send("GET", "/mfa")).json()["passkeys"]
    assert (listed["name"], listed["synced"]) == ("Blue key", False)
    assert listed["last_used_at"]
    renamed = await here.send("PATCH", f"/mfa/passkeys/{listed['id']}", json={"name": "Red key"})
    assert renamed.status_code == 204
    assert (await here.send("GET", "/mfa")).json()["passkeys"][0]["name"] == "Red key"


async def test_a_passkey_can_be_the_first_factor_of_all(client, key):
    here = await (await client()).first_factor()
    made = await here.add_passkey(key)
    assert made.status_code == 201, made.text
    assert len(made.json()["recovery_codes"]) == 10
    await here.first_factor()
    await here.verified(passkey=await here.shown(key))


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://localhost.evil.example"},
        {"rp_id": "evil.example"},
        {"challenge": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
        {"type": "webauthn.get"},
        {"fmt": "android-safetynet"},
        {"verified": False},
    ],
)
async def test_what_is_not_made_here_and_now_by_a_verified_person_is_no_passkey(client, key, changes):
    here = await (await client()).signed_in()
    key.verified = changes.pop("verified", True)
    refused(await here.add_passkey(key, **changes), 400, "PASSKEY_REFUSED")
    assert (await here.send("GET", "/mfa")).json()["passkeys"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "https://evil.example"},
        {"rp_id": "evil.example"},
        {"challenge": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
        {"type": "webauthn.create"},
        {"verified": False},
        {"count": 1},
        {"count": 0},
        {"forged": True},
    ],
)
async def test_what_is_not_shown_here_and_now_by_a_verified_person_proves_nothing(client, key, authenticator, changes):
    here = await (await client()).signed_in()
    assert (await here.add_passkey(key)).status_code == 201
    here.csrf = ""
    await here.first_factor()
    key.verified = changes.pop("verified", True)
    key.count = changes.pop("count", key.count)
    if changes.pop("forged", False):
        forger = authenticator(count=9)
        forger.id = key.id
        key = forger
    refused(await here.verify(passkey=await here.shown(key, **changes)), 401, "MFA_REQUIRED")


async def test_an_answer_of_a_passkey_is_good_once(client, key):
    here = await (await client()).signed_in()
    assert (await here.add_passkey(key)).status_code == 201
    here.csrf = ""
    await here.first_factor()
    shown = await here.shown(key)
    await here.verified(passkey=shown)
    await here.first_factor()
    refused(await here.verify(passkey=shown), 401, "MFA_REQUIRED")
    await here.shown(key)  # even where another answer is awaited
    refused(await here.verify(passkey=shown), 401, "MFA_REQUIRED")


async def test_the_passkey_of_somebody_else_proves_nothing(client, key, authenticator):
    there = await (await client()).signed_in()
    assert (await there.add_passkey(key)).status_code == 201
    here, own = await (await client()).signed_in(), authenticator()
    assert (await here.add_passkey(own)).status_code == 201
    refused(await here.add_passkey(key), 409, "PASSKEY_KNOWN")
    here.csrf = ""
    await here.first_factor()
    refused(await here.verify(passkey=await here.shown(key)), 401, "MFA_REQUIRED")


async def test_an_authenticator_that_does_not_count_is_taken(client, authenticator):
    here, key = await (await client()).signed_in(), authenticator(count=0)
    assert (await here.add_passkey(key)).status_code == 201
    here.csrf = ""
    for _ in range(2):
        await here.first_factor()
        await here.verified(passkey=await here.shown(key))
        here.csrf = ""


async def test_the_last_factor_stays(client, key):
    here = await (await client()).signed_in()
    refused(await here.send("DELETE", "/mfa/totp"), 409, "LAST_FACTOR")
    await here.add_passkey(key)
    assert (await here.send("DELETE", "/mfa/totp")).status_code == 204
    (only,) = (await here.send("GET", "/mfa")).json()["passkeys"]
    refused(await here.send("DELETE", f"/mfa/passkeys/{only['id']}"), 409, "LAST_FACTOR")
    refused(await here.send("DELETE", "/mfa/totp"), 404, "NOT_FOUND")


async def test_factors_of_others_are_neither_seen_nor_changed(client, key):
    there = await (await client()).signed_in()
    await there.add_passkey(key)
    (theirs,) = (await there.send("GET", "/mfa")).json()["passkeys"]
    here = await (await client()).signed_in()
    assert (await here.send("GET", "/mfa")).json()["passkeys"] == []
    refused(await here.send("DELETE", f"/mfa/passkeys/{theirs['id']}"), 404, "NOT_FOUND")
    refused(await here.send("PATCH", f"/mfa/passkeys/{theirs['id']}", json={"name": "Mine"}), 404, "NOT_FOUND")
    assert (await there.send("GET", "/mfa")).json()["passkeys"][0]["name"] == "Key"


async def test_changes_need_the_token_of_the_session(client, key):
    here = await (await client()).signed_in()
    here.csrf = "another"
    for method, path in (
        ("POST", "/totp"),
        ("DELETE", "/totp"),
        ("POST", "/recovery-codes"),
        ("POST", "/passkeys/options"),
    ):
        refused(await here.send(method, f"/mfa{path}"), 403, "CSRF")
    here.csrf = ""
    refused(await here.send("POST", "/mfa/recovery-codes"), 403, "CSRF")


async def test_a_new_authenticator_takes_the_place_of_the_old_only_when_confirmed(client):
    here = await (await client()).signed_in()
    old = here.secret
    told = (await here.send("POST", "/mfa/totp")).json()
    here.csrf, csrf = "", here.csrf
    await here.first_factor()
    await here.verified(code=here.code(1))
    refused(await here.send("POST", "/mfa/totp/confirm", json={"code": "123456"}), 409, "NOT_BEGUN")  # another session
    told = (await here.send("POST", "/mfa/totp")).json()
    here.secret = told["secret"]
    assert (await here.send("POST", "/mfa/totp/confirm", json={"code": here.code(-1)})).json()["recovery_codes"] == []
    await here.first_factor()
    await here.verified(code=here.code())
    here.secret = old
    await here.first_factor()
    refused(await here.verify(code=here.code(1)), 401, "MFA_REQUIRED")
    assert csrf != here.csrf


async def test_five_wrong_proofs_of_any_kind_begin_a_wait_that_doubles(client, redis):
    here = await (await client()).has_authenticator()
    for expected in (300, 600):
        for number in range(5):
            await here.first_factor()
            proof = {"recovery_code": "abcd-efgh-jkmn-pqrs"} if number % 2 else {"code": here.code(10)}
            refused(await here.verify(**proof), 401, "MFA_REQUIRED")
        await here.first_factor()
        waiting = await here.verify(code=here.code())
        refused(waiting, 429, "RATE_LIMITED")
        assert expected - 5 <= int(waiting.headers["retry-after"]) <= expected
        for key in [key async for key in redis.scan_iter("va:wait:*")]:
            await redis.delete(key)
    await here.verified(code=here.code())
    await here.first_factor()
    refused(await here.verify(code=here.code(10)), 401, "MFA_REQUIRED")  # the count began anew


DANGEROUS = (
    ("POST", "/totp", None),
    ("POST", "/totp/confirm", {"code": "123456"}),
    ("POST", "/passkeys/options", None),
    ("DELETE", "/totp", None),
    ("DELETE", "/passkeys/01900000-0000-7000-8000-000000000001", None),
    ("POST", "/recovery-codes", None),
)


@pytest.mark.req("P2.10")
async def test_what_guards_the_account_changes_with_a_fresh_factor_only(client):
    here = await (await client()).signed_in()
    await here.aged(301)
    for method, path, body in DANGEROUS:
        answer = await here.send(method, f"/mfa{path}", json=body)
        refused(answer, 401, "STEP_UP_REQUIRED")
        assert "/api/v1/auth/mfa/step-up" in answer.json()["detail"]
        assert 'max_age="300"' in answer.headers["www-authenticate"]
    key = {"name": "k", "scopes": ["calc:run"], "expires_in_days": 1}
    made = await here.send("POST", "/keys", json=key)
    refused(made, 401, "STEP_UP_REQUIRED")
    await here.aged(290)
    assert (await here.send("POST", "/mfa/recovery-codes")).status_code == 201


@pytest.mark.req("P2.10")
async def test_each_kind_of_factor_steps_up_once(client, key):
    here = await (await client()).signed_in()
    await here.add_passkey(key)
    codes = (await here.send("POST", "/mfa/recovery-codes")).json()["recovery_codes"]
    for proof in ({"code": here.code(1)}, {"recovery_code": codes[0]}, {"passkey": None}):
        await here.aged(301)
        old = here.csrf
        if "passkey" in proof:
            proof["passkey"] = await here.shown(key)
        stepped = await here.send("POST", "/mfa/step-up", json=proof)
        assert stepped.status_code == 200, stepped.text
        here.csrf = stepped.json()["csrf_token"]
        assert old != here.csrf
        assert (await here.send("POST", "/mfa/totp")).status_code == 200
        refused(await here.send("POST", "/mfa/step-up", json=proof), 401, "MFA_REQUIRED")


@pytest.mark.req("P2.10")
async def test_stepping_up_shares_the_count_of_wrong_tries(client):
    here = await (await client()).signed_in()
    for _ in range(5):
        refused(await here.send("POST", "/mfa/step-up", json={"code": here.code(10)}), 401, "MFA_REQUIRED")
    refused(await here.send("POST", "/mfa/step-up", json={"code": here.code(1)}), 429, "RATE_LIMITED")
    other = await (await client(here.owner)).first_factor()
    refused(await other.verify(code=here.code(1)), 429, "RATE_LIMITED")


async def test_a_role_that_changed_meanwhile_ends_the_challenge(client, database):
    here = await (await client()).has_authenticator()
    await here.first_factor()
    async with database.transaction(ACTING) as connection:
        await connection.execute(text("update users set role = 'viewer' where id = :id"), {"id": here.owner.user_id})
    refused(await here.verify(code=here.code()), 401, "MFA_REQUIRED")
