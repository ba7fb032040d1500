"""Calls from one part of the installation to another: one pooled client, trace and identity added."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voiceassist.core.errors import DependencyTimeoutError, UnavailableError
from voiceassist.core.identity import Principal
from voiceassist.runtime import routing, tokens, tracing, workloads
from voiceassist.runtime.settings import Settings, load_settings

if TYPE_CHECKING:
    import httpx


@lru_cache(maxsize=1)
def client() -> "httpx.AsyncClient":
    """The shared client of this process; certificates of the local CA are trusted where set."""
    import ssl
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    import httpx

    ca_file = load_settings().ca_file
    context = ssl.create_default_context(cafile=ca_file) if ca_file else True
    return httpx.AsyncClient(
        verify=context,
        timeout=httpx.Timeout(10.0, connect=2.0),
        limits=httpx.Limits(max_connections=100, max_keepalive_connections=20),
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # one caller's cookie is not the next one's
        trust_env=False,  # a proxy variable must not carry patient data out of the building
    )


def identity_headers(principal: Principal, *, issuer: str, audience: str, settings: Settings) -> dict[str, str]:
    """Bearer token of the principal for one part, the current `traceparent`, and that it stays local where it does."""
    token = tokens.mint(principal, issuer=issuer, audience=audience, workload=settings.workload)
    headers = {"authorization": f"Bearer {token}"}
    if traceparent := tracing.current_traceparent():
        headers["traceparent"] = traceparent
    return headers | routing.headers()


def broker_headers(principal: Principal, *, issuer: str, settings: Settings) -> dict[str, str]:
    """As `identity_headers`, for a Broker: where a SinkBinding mounts a token for it, that one is sent."""
    headers = identity_headers(principal, issuer=issuer, audience=workloads.BROKER, settings=settings)
    try:
        # The cluster renews the file, so it is read each time.
        token = Path(settings.broker.token_file).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return headers
    return headers | {"authorization": f"Bearer {token}"}


async def call(
    method: str,
    url: str,
    *,
    principal: Principal,
    issuer: str,
    audience: str,
    headers: dict[str, str] | None = None,
    **options: Any,
) -> "httpx.Response":
    """Send a request of the part `issuer` to the part `audience` on behalf of `principal`.

    No answer is UnavailableError or DependencyTimeoutError. `options` are httpx's (json, content, params, timeout).
    Statuses are the caller's business.
    """
    import httpx

    identity = identity_headers(principal, issuer=issuer, audience=audience, settings=load_settings())
    try:
        answer = await client().request(method, url, headers=identity | (headers or {}), **options)
    except httpx.TimeoutException:
        raise DependencyTimeoutError("A part of the installation did not answer in time.") from None
    except httpx.TransportError:
        raise UnavailableError("A part of the installation could not be reached.") from None
    if answer.headers.get(routing.WENT) == routing.CLOUD:
        routing.went_out()
    return answer
