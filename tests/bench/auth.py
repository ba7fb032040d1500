"""Sign-in, token check, and how soon a revoked sign-in's voice session is closed.

    python tests/bench/auth.py [--sign-ins 60] [--sockets 10] [--checks 2000]

A sign-in is everything between the page and its session but the form that hashes the password: login, the provider's
page, callback with the exchange of the code, second factor, `me`. Beside it as many requests that need nobody
(`/health`) through the same gateway. A token is checked in this process, in CPU time, beside a bare joserfc decode of
the same token, which looks at the signature alone. Revoke to closed is measured from the call that ends a session to
the close frame at its socket. Goals: 250 ms at the 95th percentile, 0.2 ms, 2 s.
"""

import argparse
import asyncio
import json
import re
import ssl
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import asyncpg
import httpx
import pyotp
from common.product import machine, product
from joserfc import jwt
from joserfc.jwk import ECKey
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from voiceassist.adapters.issuer import seed
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.runtime import access_tokens
from voiceassist.runtime.engines import state
from voiceassist.runtime.engines.environment import running_settings
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.key_sets import signing_keys

GOALS = {"sign_in_p95_ms": 250.0, "check_ms": 0.2, "closed_s": 2.0}
LIMITS = {
    "VOICEASSIST_LIMITS__ADDRESS_PER_MINUTE": "1000000",
    "VOICEASSIST_LIMITS__USER_PER_MINUTE": "1000000",
    "VOICEASSIST_LIMITS__LOGIN_PER_MINUTE": "1000000",
}
PERSON = "clinician"
STEPS = 5  # requests of a sign-in that are timed


class Browser:
    """Signs in as a browser does; `seconds` is what a sign-in took without its form."""

    def __init__(self, layout: Layout, base: str, dsn: str) -> None:
        self.tls = ssl.create_default_context(cafile=str(layout.ca))
        self.base, self._dsn = base, dsn
        self.person = next(one for one in seed.read(layout.data) if one.username == PERSON)

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.base, verify=self.tls, timeout=30, trust_env=False)

    def sign_in(self, http: httpx.Client) -> tuple[float, str]:
        """Seconds, and the session's CSRF token."""
        asyncio.run(forget(self._dsn))
        begun = time.perf_counter()
        page = http.get(http.get("/api/v1/auth/login").headers["location"])
        seconds = time.perf_counter() - begun
        found = re.search(r'name="transaction" value="([^"]+)"', page.text)
        assert found is not None
        form = {"transaction": found[1], "username": PERSON, "password": self.person.password}
        back = http.post("/issuer/login", data=form).headers["location"]
        begun = time.perf_counter()
        http.get(back).raise_for_status()
        code = pyotp.TOTP(self.person.totp_secret).now()
        me = http.post("/api/v1/auth/mfa/verify", json={"code": code})
        me.raise_for_status()
        http.get("/api/v1/auth/me").raise_for_status()
        return seconds + time.perf_counter() - begun, me.json()["csrf_token"]


async def forget(dsn: str) -> None:
    """A code counts once in 30 seconds; here people sign in more often."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            who = "select set_config('app.tenant', $1, true), set_config('app.role', 'service', true)"
            await connection.execute(who, str(DEFAULT_TENANT))
            await connection.execute("update mfa_totp set last_step = 0")
    finally:
        await connection.close()


def sign_ins(browser: Browser, count: int) -> dict[str, Any]:
    ours, floor = [], []
    for _ in range(count):
        with browser.client() as http:
            http.get("/health")  # the connection stands, as it does when somebody has opened the page
            ours.append(browser.sign_in(http)[0])
            begun = time.perf_counter()
            for _ in range(STEPS):
                http.get("/health")
            floor.append(time.perf_counter() - begun)
    return {"ours": milliseconds(ours), "peer_requests_that_need_nobody": milliseconds(floor), "sign_ins": count}


def milliseconds(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return {"p50_ms": round(statistics.median(seconds) * 1000, 1), "p95_ms": round(cuts[94] * 1000, 1)}


async def closings(browser: Browser, count: int) -> dict[str, Any]:
    found = [await closing(browser) for _ in range(count)]
    return {"p50_s": round(statistics.median(found), 3), "worst_s": round(max(found), 3), "sockets": count}


async def closing(browser: Browser) -> float:
    """Seconds from the call that ends the session to the close frame."""
    with browser.client() as here, browser.client() as there:
        _, csrf = await asyncio.to_thread(browser.sign_in, there)
        headers = {"x-csrf-token": csrf, "origin": browser.base}
        ticket = there.post("/api/v1/auth/ws-ticket", json={}, headers=headers).json()["ticket"]
        _, own = await asyncio.to_thread(browser.sign_in, here)
        url = browser.base.replace("https", "wss") + "/v1/realtime"
        offered = ["realtime", f"voiceassist-ticket.{ticket}"]
        async with connect(url, ssl=browser.tls, subprotocols=offered, origin=browser.base, proxy=None) as socket:
            await socket.recv()
            begun = time.perf_counter()
            ending = asyncio.create_task(
                asyncio.to_thread(here.delete, "/api/v1/auth/sessions", headers={"x-csrf-token": own})
            )
            try:
                while True:
                    await asyncio.wait_for(socket.recv(), 30)
            except ConnectionClosed:
                seconds = time.perf_counter() - begun
            (await ending).raise_for_status()
    return seconds


def checks(count: int) -> dict[str, Any]:
    """CPU milliseconds to check one token."""
    key = ECKey.generate_key("P-256", parameters={"kid": "bench"})
    keys = signing_keys({"keys": [dict(key.as_dict(private=False)) | {"use": "sig", "alg": "ES256"}]})
    tokens = [token(key, number) for number in range(count)]
    verifier = access_tokens.Verifier(keys, issuer="https://bench")
    now = time.time()
    first = spent(tokens, lambda one: verifier.verify(one, audience="calculators", now=now))
    again = spent([tokens[-1]] * count, lambda one: verifier.verify(one, audience="calculators", now=now))
    bare = spent(tokens, lambda one: jwt.decode(one, keys, algorithms=["ES256"]))
    return {
        "first_ms": first,
        "remembered_ms": again,
        "peer_bare_joserfc_ms": bare,
        "to_peer": round(first / bare, 2),
        "tokens": count,
    }


def token(key: ECKey, number: int) -> str:
    who = Principal(
        str(DEFAULT_TENANT),
        DEFAULT_TENANT,
        "user",
        user_id=DEFAULT_TENANT,
        scopes=frozenset({"calc:run"}),
        session_id=f"app-{number}",
    )
    now = int(time.time())
    claims = access_tokens.claims_of(
        who,
        issuer="https://bench",
        audience="calculators",
        client="c",
        jti=str(number),
        now=now,
        auth_time=now,
        amr=("pwd", "otp", "mfa"),
    )
    return access_tokens.sign(claims, key, "bench")


def spent(tokens: list[str], check: Callable[[str], object]) -> float:
    begun = time.process_time()
    for one in tokens:
        check(one)
    return round((time.process_time() - begun) * 1000 / len(tokens), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sign-ins", type=int, default=60)
    parser.add_argument("--sockets", type=int, default=10)
    parser.add_argument("--checks", type=int, default=2000)
    options = parser.parse_args()
    where = machine()
    with product(**LIMITS) as layout:
        running = state.read(layout)
        if running is None:
            sys.exit("error: the product does not run")
        browser = Browser(layout, f"https://localhost:{running.port_base}", running_settings(layout, {}).postgres.dsn)
        signing_in = sign_ins(browser, options.sign_ins)
        closed = asyncio.run(closings(browser, options.sockets))
    checked = checks(options.checks)
    reached = {
        "sign_in": signing_in["ours"]["p95_ms"] <= GOALS["sign_in_p95_ms"],
        "token_check": checked["first_ms"] <= GOALS["check_ms"],
        "revoke_to_closed": closed["worst_s"] <= GOALS["closed_s"],
    }
    figures = {"sign_in": signing_in, "token_check": checked, "revoke_to_closed": closed}
    print(json.dumps({"bench": "auth", "machine": where, "goals": GOALS, "reached": reached} | figures, indent=2))


if __name__ == "__main__":
    main()
