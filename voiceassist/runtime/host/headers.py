"""Header rules of the front door: what may pass inwards, what outwards, and what is always said."""

from collections.abc import Iterable

from voiceassist.core.identity import Principal
from voiceassist.runtime import tokens, tracing
from voiceassist.runtime.settings import Settings
from voiceassist.runtime.workloads import GATEWAY

Header = tuple[bytes, bytes]

# RFC 9110, section 7.6.1: these belong to one connection and end here.
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# What a caller may not tell a room: identity and origin are said by the gateway alone.
CREDENTIALS = frozenset({b"authorization", b"cookie", b"x-csrf-token", b"x-client-secret"})
ORIGIN = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip"})
TRACE = frozenset({b"traceparent", b"tracestate", b"baggage"})
# Names of the framework and the server behind us.
INTERNAL = frozenset({b"server", b"function-execution-id", b"x-google-status", b"x-trace-id", b"x-action"})

ALWAYS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"microphone=(self), camera=(), geolocation=()",
}
DATA_POLICY = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
HSTS = b"max-age=31536000"


def value(headers: Iterable[Header], name: bytes) -> str:
    """The first value of a header, or an empty string."""
    return next((content.decode("latin-1") for key, content in headers if key == name), "")


def end_to_end(headers: Iterable[Header]) -> list[Header]:
    """Without hop-by-hop headers and those that `Connection` names."""
    headers = list(headers)
    named = {
        word.strip().lower() for key, content in headers if key.lower() == b"connection" for word in content.split(b",")
    }
    return [(key, content) for key, content in headers if key.lower() not in HOP_BY_HOP | named]


def inward(
    headers: Iterable[Header],
    *,
    principal: Principal,
    audience: str,
    settings: Settings,
    address: str,
    keep_cookies: bool = False,
    keep_event: bool = False,
) -> list[Header]:
    """Headers for the part `audience`: the caller's own without credentials, plus identity, trace and address."""
    headers = list(headers)
    dropped = CREDENTIALS | ORIGIN | TRACE
    if keep_cookies:
        dropped -= {b"cookie", b"x-csrf-token"}
    kept = [
        (key, content)
        for key, content in end_to_end(headers)
        if key not in dropped and (keep_event or not key.startswith(b"ce-"))
    ]
    token = tokens.mint(principal, issuer=GATEWAY, audience=audience, workload=settings.workload)
    kept += [
        (b"authorization", b"Bearer " + token.encode()),
        (b"x-forwarded-for", address.encode("latin-1")),
        (b"x-forwarded-proto", settings.base_url.partition(":")[0].encode()),
    ]
    if traceparent := tracing.current_traceparent():
        kept.append((b"traceparent", traceparent.encode()))
    if value(headers, b"transfer-encoding"):
        # `forward` ends this header too, but must know by then that a body without a length is coming.
        kept.append((b"transfer-encoding", b"chunked"))
    return kept


def outward(headers: Iterable[Header], *, secure: bool) -> list[Header]:
    """Headers for the caller: never a server's name, always the security headers and the trace id."""
    kept = [(key.lower(), content) for key, content in end_to_end(headers) if key.lower() not in INTERNAL]
    present = {key for key, _ in kept}
    kept += [(key, content) for key, content in ALWAYS.items() if key not in present]
    if b"content-security-policy" not in present:
        kept.append((b"content-security-policy", DATA_POLICY))
    if b"cache-control" not in present:
        kept.append((b"cache-control", b"no-store"))
    if secure:
        kept.append((b"strict-transport-security", HSTS))
    if trace_id := tracing.current_trace_id():
        kept.append((b"x-trace-id", trace_id.encode()))
    return kept
