"""Sign-in from the form to the session, and every way in which it must not work."""

import asyncio
import re
import secrets
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from voiceassist.adapters.issuer.app import LOGGED_OUT
from voiceassist.adapters.issuer.keys import load_or_create
from voiceassist.core.identity import DEFAULT_TENANT


def cookies_of(answer):
    return {line.partition("=")[0]: line for line in answer.headers.get_list("set-cookie")}


@pytest.mark.req("P2.6")
def test_both_factors_open_a_session_in_a_strict_cookie(browser, problem):
    here = browser().sign_in()
    me = here.http.get("/api/v1/auth/me")
    assert me.status_code == 200
    assert me.json()["user"] == {
        "id": me.json()["user"]["id"],
        "name": "Robin Hale",
        "email": "clinician@hospital.example",
        "role": "user",
        "profile": "clinician",
    }
    assert me.json()["csrf_token"] == here.csrf
    assert here.http.get("/api/v1/documents").status_code == 200
    assert here.post("/api/v1/auth/logout").status_code == 204
    problem(here.http.get("/api/v1/auth/me"), 401, "UNAUTHENTICATED")
    problem(here.http.get("/api/v1/documents"), 401, "UNAUTHENTICATED")


def test_cookies_are_bound_to_the_host_and_hidden_from_script(browser):
    here = browser()
    start = here.http.get("/api/v1/auth/login")
    line = cookies_of(start)["__Host-va_login"].lower()
    assert "samesite=lax" in line
    page = here.http.get(start.headers["location"])
    transaction = re.search(r'name="transaction" value="([^"]+)"', page.text)[1]
    callback = here.http.get(here.password(transaction).headers["location"])
    challenge = cookies_of(callback)["__Host-va_challenge"].lower()
    verified = here.verify(here.code(1))
    session = cookies_of(verified)["__Host-va_session"].lower()
    for cookie in (line, challenge, session):
        assert {"httponly", "secure", "path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "domain" not in cookie
    for cookie in (challenge, session):
        assert "samesite=strict" in cookie
    assert "max-age=0" in cookies_of(callback)["__Host-va_login"].lower()
    assert "max-age=0" in cookies_of(verified)["__Host-va_challenge"].lower()


def test_the_callback_answers_with_a_page_of_our_own_site(browser):
    here = browser()
    location = here.password(here.form()).headers["location"]
    page = here.http.get(location, headers={"accept": "text/html"})
    assert '<meta http-equiv="refresh" content="0;url=/voice/">' in page.text
    assert "script" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


def test_the_form_says_one_sentence_for_unknown_and_wrong(browser):
    here = browser()
    transaction = here.form()
    wrong = here.password(transaction, password="not this one")
    unknown = here.password(transaction, username="nobody", password="not this one")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text == unknown.text
    assert 'role="alert"' in wrong.text
    assert "not this one" not in wrong.text
    assert here.password(transaction).status_code == 303


def test_the_form_is_bound_to_the_browser_that_opened_it(browser):
    here, there = browser(), browser()
    transaction = here.form()
    there.form()
    assert there.password(transaction).status_code == 400
    assert here.password("invented").status_code == 400


def test_the_page_runs_no_script_and_posts_only_here(browser):
    here = browser()
    start = here.http.get("/api/v1/auth/login")
    page = here.http.get(start.headers["location"])
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in page.text
    assert page.text.count("<label for=") == 2
    assert here.http.get("/issuer/style.css").headers["content-type"].startswith("text/css")


@pytest.mark.req("P2.10")
def test_the_code_alone_never_signs_anybody_in(browser, problem):
    problem(browser().verify("123456"), 401, "UNAUTHENTICATED")
    here = browser()
    here.http.cookies.set("__Host-va_challenge", "invented", domain="localhost.local")
    problem(here.http.post("/api/v1/auth/mfa/verify", json={"code": here.code()}), 401, "UNAUTHENTICATED")


def test_a_passed_first_factor_is_not_a_session(browser, problem):
    here = browser()
    here.first_factor()
    problem(here.http.get("/api/v1/auth/me"), 401, "MFA_REQUIRED")
    problem(here.http.get("/api/v1/documents"), 401, "UNAUTHENTICATED")


@pytest.mark.req("P2.9")
def test_wrong_and_replayed_codes_are_refused(browser, problem):
    here = browser().sign_in()
    used = here.code()
    again = browser()
    again.first_factor()
    problem(again.verify(used), 401, "MFA_REQUIRED")
    wrong = f"{(int(used) + 1) % 1_000_000:06d}"
    if wrong not in {again.code(step) for step in (-1, 0, 1)}:
        problem(again.verify(wrong), 401, "MFA_REQUIRED")
    assert again.verify(again.code(1)).status_code == 200


@pytest.mark.req("P2.9")
def test_after_five_tries_even_the_right_code_has_to_wait(browser, problem):
    here = browser("viewer")
    here.first_factor()
    right = {here.code(step) for step in range(-1, 3)}
    wrong = next(code for code in ("000000", "111111", "222222", "333333", "444444") if code not in right)
    for _ in range(5):
        problem(here.verify(wrong), 401, "MFA_REQUIRED")
    refused = here.verify(here.code())
    problem(refused, 429, "RATE_LIMITED")
    assert 0 < int(refused.headers["retry-after"]) <= 300
    # Another sign-in does not bring five more guesses.
    again = browser("viewer")
    again.first_factor()
    problem(again.verify(again.code()), 429, "RATE_LIMITED")


@pytest.mark.parametrize("code", ["12345", "1234567", "abcdef", "１２３４５６", "", None, 123456, ["123456"]])
def test_what_is_not_a_code_is_a_malformed_request(browser, problem, code):
    answer = browser().http.post("/api/v1/auth/mfa/verify", json={"code": code})
    body = problem(answer, 400, "VALIDATION_ERROR")
    assert body["errors"][0]["pointer"] == ("/body" if code is None else "/body/code")  # null is no factor at all


def test_the_challenge_belongs_to_the_client_that_passed_the_first_factor(browser, problem):
    here = browser()
    here.first_factor()
    stolen = here.http.cookies.get("__Host-va_challenge")
    thief = browser(agent="another client")
    thief.http.headers["cookie"] = f"__Host-va_challenge={stolen}"
    problem(thief.http.post("/api/v1/auth/mfa/verify", json={"code": here.code()}), 401, "UNAUTHENTICATED")


def test_a_challenge_is_met_once(browser, problem):
    here = browser().sign_in()
    stale = browser()
    stale.http.headers["cookie"] = f"__Host-va_challenge={here.http.cookies.get('__Host-va_challenge') or 'gone'}"
    problem(stale.verify(here.code(1)), 401, "UNAUTHENTICATED")


def test_the_session_id_is_new_at_every_sign_in(browser):
    here = browser()
    here.http.cookies.set("__Host-va_session", "chosen-by-somebody-else", domain="localhost.local")
    here.sign_in()
    first = here.http.cookies.get("__Host-va_session", domain="localhost.local")
    here.sign_in()
    second = here.http.cookies.get("__Host-va_session", domain="localhost.local")
    assert len({first, second, "chosen-by-somebody-else"}) == 3
    # The older session ended with the rotation.
    old = browser()
    old.http.headers["cookie"] = f"__Host-va_session={first}"
    assert old.http.get("/api/v1/auth/me").status_code == 401


FORGED = {
    "no state": {"state": None},
    "other state": {"state": "x"},
    "no code": {"code": None},
    "other code": {"code": "x"},
    "other issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "error of the issuer": {"code": None, "error": "access_denied"},
}


@pytest.mark.parametrize("changes", FORGED.values(), ids=FORGED.keys())
def test_a_changed_callback_is_refused_and_ends_the_attempt(browser, problem, changes):
    here = browser()
    location = here.password(here.form()).headers["location"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()} | changes
    told = {name: value for name, value in query.items() if value is not None}
    body = problem(here.http.get("/api/v1/auth/callback", params=told), 401, "UNAUTHENTICATED")
    assert not any(value in str(body) for value in told.values() if len(value) > 1)
    # The attempt is spent: the genuine answer comes too late.
    problem(here.http.get(location), 401, "UNAUTHENTICATED")


def test_a_callback_without_the_cookie_or_a_second_time_is_refused(browser, problem):
    here = browser()
    location = here.password(here.form()).headers["location"]
    problem(browser().http.get(location), 401, "UNAUTHENTICATED")
    assert here.http.get(location).status_code == 200
    problem(here.http.get(location), 401, "UNAUTHENTICATED")


def test_a_person_is_told_in_a_page(browser):
    page = browser().http.get("/api/v1/auth/callback?state=x&code=y", headers={"accept": "text/html"})
    assert page.status_code == 401
    assert page.headers["content-type"].startswith("text/html")
    assert "Start again" in page.text


def test_the_answer_of_another_attempt_is_refused(browser, problem):
    here, there = browser(), browser()
    mine = here.password(here.form()).headers["location"]
    there.form()
    theirs = parse_qs(urlsplit(mine).query)
    problem(
        there.http.get("/api/v1/auth/callback", params={k: v[0] for k, v in theirs.items()}), 401, "UNAUTHENTICATED"
    )


def test_writes_need_our_page_and_the_sessions_token(clinician, problem):
    body = {"query": "x", "limit": 1}
    problem(clinician.http.post("/api/v1/search", json=body), 403, "CSRF")
    wrong = {"x-csrf-token": "wrong"}
    problem(clinician.http.post("/api/v1/search", json=body, headers=wrong), 403, "CSRF")
    foreign = {"x-csrf-token": clinician.csrf, "origin": "https://evil.example"}
    problem(clinician.http.post("/api/v1/search", json=body, headers=foreign), 403, "FOREIGN_ORIGIN")
    problem(clinician.http.post("/api/v1/auth/logout"), 403, "CSRF")
    site = {"sec-fetch-site": "cross-site"}
    problem(
        clinician.http.post("/api/v1/auth/mfa/verify", json={"code": "123456"}, headers=site), 403, "FOREIGN_ORIGIN"
    )
    assert clinician.http.get("/api/v1/auth/me").status_code == 200


def test_a_disabled_person_cannot_pass(browser, host, problem):
    async def status(value):
        connection = await asyncpg.connect(host.settings.postgres.dsn)
        async with connection.transaction():
            await connection.execute(
                "select set_config('app.tenant', $1, true), set_config('app.role', 'service', true)",
                str(DEFAULT_TENANT),
            )
            await connection.execute("update users set status = $1 where email = 'admin@hospital.example'", value)
        await connection.close()

    here = browser("admin")
    asyncio.run(status("disabled"))
    try:
        location = here.password(here.form()).headers["location"]
        problem(here.http.get(location), 403, "FORBIDDEN")
    finally:
        asyncio.run(status("active"))


@pytest.mark.req("P2.3")
def test_the_provider_ends_a_sign_in_from_outside(browser, host, problem):
    """As a provider calls: no cookie, no key, a form; the token is its credential."""
    here = browser().sign_in()
    key = load_or_create(Path(host.settings.data_dir) / "issuer/key.pem")
    now, oidc = int(time.time()), host.settings.oidc
    claims = {"iss": oidc.issuer, "aud": oidc.client_id, "iat": now, "exp": now + 120, "jti": secrets.token_hex(8)}
    claims |= {"sub": here.person.sub, "events": {LOGGED_OUT: {}}}
    with host.client() as provider:
        refused = provider.post("/api/v1/auth/backchannel-logout", data={"logout_token": key.sign(claims)[:-8]})
        assert problem(refused, 400, "INVALID_REQUEST")["error"] == "invalid_request"
        assert here.http.get("/api/v1/auth/me").status_code == 200
        told = {"logout_token": key.sign(claims, "logout+jwt")}
        assert provider.post("/api/v1/auth/backchannel-logout", data=told).status_code == 200
    problem(here.http.get("/api/v1/auth/me"), 401, "UNAUTHENTICATED")
    assert browser().sign_in().http.get("/api/v1/auth/me").status_code == 200


def test_keys_are_asked_about_by_parts_of_the_installation_only(clinician, problem, key):
    body = {"key": key["authorization"].removeprefix("Bearer ")}
    problem(clinician.post("/api/v1/auth/introspect", json=body), 404, "NOT_FOUND")
    problem(clinician.http.post("/api/v1/auth/introspect", json=body, headers=key), 404, "NOT_FOUND")


@pytest.mark.req("P2.15")
@pytest.mark.parametrize("authorization", ["Bearer va_unknown", "Bearer x", "Bearer", "Basic dmE6eA==", "va_x"])
def test_unknown_keys_are_refused(host, problem, authorization):
    with host.client() as client:
        problem(client.get("/api/v1/calculators", headers={"authorization": authorization}), 401, "UNAUTHENTICATED")


@pytest.mark.req("P2.15")
def test_a_key_does_what_its_scopes_say(host, key, problem):
    with host.client(headers=key) as client:
        assert client.get("/api/v1/calculators").status_code == 200
        assert client.get("/api/v1/documents").status_code == 200
        problem(client.post("/api/v1/auth/logout"), 403, "FORBIDDEN")


def test_secrets_of_the_second_factor_lie_sealed(host, people):
    async def stored():
        connection = await asyncpg.connect(host.settings.postgres.dsn)
        try:
            async with connection.transaction():
                await connection.execute(
                    "select set_config('app.tenant', $1, true), set_config('app.role', 'service', true)",
                    str(DEFAULT_TENANT),
                )
                return [row["secret"] for row in await connection.fetch("select secret from mfa_totp")]
        finally:
            await connection.close()

    rows = asyncio.run(stored())
    assert len(rows) >= 3
    for person in people.values():
        assert not any(person.totp_secret.encode() in row for row in rows)


def test_nothing_secret_is_in_the_log(host, people, key):
    text = host.log.read_text()
    for person in people.values():
        for secret in (person.password, person.totp_secret, person.name, person.email):
            assert secret not in text
    assert key["authorization"].split()[1] not in text
