"""Who may deliver events to a room.

The local broker carries the internal token. Knative's dispatchers have none; how they are known is the operator's to
say (`VOICEASSIST_DELIVERY__…`):

- Kafka and channel-based Brokers, with Knative's feature `authentication-oidc`: the dispatcher sends a token of the
  cluster (a JWT, RFC 7519) issued to the Trigger's own service account for the audience its subscriber names.
- RabbitMQ's dispatcher sends nothing. What the NetworkPolicies let through to a room is a part of the installation or
  that dispatcher, so a small site may trust them, and says so.

Without either, only the internal token opens the door.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from voiceassist.core.errors import SettingsError, UnauthenticatedError
from voiceassist.core.identity import Principal, service
from voiceassist.runtime import tokens
from voiceassist.runtime.settings import Delivery, Settings

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

DELIVERER = "broker"
# Never HS256: whoever knows a public key could sign with it.
ALGORITHMS = ["RS256", "ES256"]
LONGEST_TOKEN = 8_192
LEEWAY_SECONDS = 5
REMEMBERED = 1024


def deliverer(authorization: str, settings: Settings, room: str, now: datetime | None = None) -> Principal:
    """Whoever hands over an event to a room, by its `Authorization` header; raises UnauthenticatedError."""
    scheme, _, token = authorization.partition(" ")
    if not authorization and settings.delivery.unsigned:
        return service(DELIVERER)
    if scheme.lower() != "bearer":
        raise UnauthenticatedError("The caller did not identify itself.")
    try:
        return tokens.verify(token, audience=room, workload=settings.workload, now=now)
    except UnauthenticatedError:
        if not settings.delivery.issuer:
            raise
    _check(token, settings.delivery, (now or datetime.now(UTC)).timestamp())
    return service(DELIVERER)


def delivers(caller: Principal) -> bool:
    """The broker itself, acting for nobody: another part that could call rooms could otherwise invent events."""
    return caller.is_service and caller.subject == DELIVERER and not caller.actors


def _check(token: str, known: Delivery, now: float) -> None:
    """Raises UnauthenticatedError for a token that is not the cluster's for us, of a Trigger of ours, and now."""
    claims = _claims(token, known.keys) if len(token) <= LONGEST_TOKEN else {}
    audience = claims.get("aud")
    expires, begins, subject = claims.get("exp"), claims.get("nbf", 0), claims.get("sub")
    good = (
        claims.get("iss") == known.issuer
        and known.audience in (audience if isinstance(audience, list) else [audience])
        and isinstance(subject, str)
        and subject.startswith(known.subjects)
        and isinstance(expires, int)
        and isinstance(begins, int)
        and begins - LEEWAY_SECONDS <= now <= expires + LEEWAY_SECONDS
    )
    if not good:
        raise UnauthenticatedError("The caller's token is not valid.")


@lru_cache(maxsize=REMEMBERED)
def _claims(token: str, keys: str) -> dict[str, Any]:
    """The claims of a token with a right signature. What raises is not remembered."""
    from joserfc import jwt
    from joserfc.errors import JoseError

    try:
        return dict(jwt.decode(token, _keys(keys), algorithms=ALGORITHMS).claims)
    except (JoseError, ValueError, TypeError, KeyError):
        raise UnauthenticatedError("The caller's token is not valid.") from None


@lru_cache(maxsize=1)
def _keys(text: str) -> "KeySet":
    """A JSON Web Key Set (RFC 7517), as the API server publishes it at `/openid/v1/jwks`."""
    import json

    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        return KeySet.import_key_set(json.loads(text))
    except (JoseError, ValueError, TypeError, KeyError):
        raise SettingsError("The setting VOICEASSIST_DELIVERY__KEYS is no JSON Web Key Set.") from None
