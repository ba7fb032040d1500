"""Second factors: what proves one, and how they are set up, changed and taken away."""

import asyncio
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

from events.catalog import FactorChanged
from functions.auth import factor_store, passkeys, recovery, store
from functions.auth.domain import accepted_step
from functions.auth.passkeys import Registered, Site
from functions.auth.pending import Pending
from functions.auth.schema import Credential, Proof, Secret
from voiceassist.adapters.encryption.keys import TenantKeys
from voiceassist.core.errors import ConflictError, MfaRequiredError, NotFoundError, ValidationError
from voiceassist.runtime import logging, metrics, outbox

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

log = logging.get_logger(__name__)

ROOM = "auth"
MOST_PASSKEYS = 20
WRONG = "This is not right, or it was used before."


@dataclass(frozen=True, slots=True)
class Person:
    """Whose factors these are, with the role and profile (`standing`) they came with; `attempt` names where they are
    shown, a challenge by its cookie or a session by its id.
    """

    user_id: UUID
    tenant_id: UUID
    standing: tuple[str, str]
    name: str
    email: str
    attempt: str


@dataclass(frozen=True, slots=True)
class Tools:
    """`keys` are those of the person's tenant, asked for before a transaction; `site` is where passkeys work."""

    keys: TenantKeys
    site: Site
    pending: Pending


async def prove(connection: "AsyncConnection", person: Person, proof: Proof, tools: Tools) -> None:
    """Spend the proof in this transaction; MfaRequiredError where it proves nothing. The try must be counted before."""
    # The challenge of a passkey is over whether its answer holds or not.
    begun = await tools.pending.end_ceremony("passkey-shown", person.attempt) if proof.passkey else None
    if not await stands(connection, person):
        right = False
    elif proof.code is not None:
        right = await _code(connection, person, proof.code, tools.keys)
    elif proof.recovery_code is not None:
        right = await _recovery_code(connection, person, proof.recovery_code)
    else:
        assert proof.passkey is not None  # noqa: S101 - the schema demands one of the three
        right = await _passkey(connection, person, proof.passkey.told(), begun, tools.site)
    if not right:
        kind = "code" if proof.code else "recovery_code" if proof.recovery_code else "passkey"
        metrics.AUTH_FAILURES.labels(kind).inc()
        raise MfaRequiredError(WRONG)


async def stands(connection: "AsyncConnection", person: Person) -> bool:
    """Whether the person is who they were at their first factor; holds their factors until the transaction ends."""
    return await factor_store.lock(connection, person.user_id) == ("active", *person.standing)


async def _code(connection: "AsyncConnection", person: Person, code: str, keys: TenantKeys) -> bool:
    found = await factor_store.totp(connection, person.user_id)
    if found is None:
        return False
    secret = store.SECRET.open(keys, person.user_id, found.sealed)
    step = accepted_step(secret, code, seconds=time.time(), last_step=found.last_step)
    return step is not None and await factor_store.spend_step(connection, person.user_id, step)


async def _recovery_code(connection: "AsyncConnection", person: Person, code: str) -> bool:
    """Takes one slow hash, whether there is such a code or not."""
    selector, secret = recovery.parts(code) or ("", "")
    encoded = await factor_store.unused_code(connection, person.user_id, selector)
    if not await asyncio.to_thread(recovery.matches, secret, encoded):
        return False
    left = await factor_store.spend_code(connection, person.user_id, selector)
    await say(connection, person, "code_used", left=left)
    return True


async def _passkey(
    connection: "AsyncConnection", person: Person, told: dict[str, Any], challenge: bytes | None, site: Site
) -> bool:
    key = await factor_store.passkey(connection, person.user_id, passkeys.credential_id(told))
    if key is None or challenge is None:
        return False
    try:
        count = passkeys.authenticated(
            site, told, challenge=challenge, public_key=key.public_key, sign_count=key.sign_count
        )
    except passkeys.ClonedError:
        metrics.AUTH_FAILURES.labels("passkey_cloned").inc()
        log.warning("auth.passkey_cloned", user_id=str(person.user_id))
        return False
    except passkeys.RefusedError:
        return False
    await factor_store.used_passkey(connection, key.id, count)
    return True


async def show_passkey(connection: "AsyncConnection", person: Person, tools: Tools) -> dict[str, Any]:
    """What the browser must ask the authenticator; NotFoundError for who has no passkey."""
    known = await factor_store.credential_ids(connection, person.user_id)
    if not known:
        raise NotFoundError("There is no passkey for this account.")
    challenge = secrets.token_bytes(passkeys.CHALLENGE_BYTES)
    await tools.pending.begin_ceremony("passkey-shown", person.attempt, challenge)
    return passkeys.request_options(tools.site, known=known, challenge=challenge)


async def new_secret(person: Person, tools: Tools) -> Secret:
    """A secret for an authenticator app; it counts when a code of it was told."""
    import pyotp
    import segno

    secret = pyotp.random_base32(32)  # 160 bits, RFC 4226 section 4
    sealed = store.SECRET.seal(tools.keys, person.user_id, secret)
    await tools.pending.begin_ceremony("totp-new", person.attempt, sealed)
    label = quote(f"VoiceAssist:{person.email or person.name}")
    uri = f"otpauth://totp/{label}?secret={secret}&issuer=VoiceAssist"
    rows = [list(row) for row in segno.make(uri, error="m", micro=False).matrix]
    dark = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, module in enumerate(row) if module]
    return Secret(secret=secret, uri=uri, qr="".join(dark), size=len(rows))


async def confirm_secret(connection: "AsyncConnection", person: Person, code: str, tools: Tools) -> None:
    """The new secret counts, in place of the one before; MfaRequiredError for a wrong code."""
    sealed = await tools.pending.begun("totp-new", person.attempt)
    if sealed is None:
        raise ConflictError("There is no secret to confirm; ask for one first.", code="NOT_BEGUN")
    secret = store.SECRET.open(tools.keys, person.user_id, sealed)
    step = accepted_step(secret, code, seconds=time.time(), last_step=0)
    if step is None:
        raise MfaRequiredError("The code is not right.")
    if await tools.pending.end_ceremony("totp-new", person.attempt) != sealed:
        raise ConflictError("There is no secret to confirm; ask for one first.", code="NOT_BEGUN")
    await factor_store.write_totp(connection, person.user_id, person.tenant_id, sealed, step)
    await say(connection, person, "authenticator_enrolled")


async def new_passkey(connection: "AsyncConnection", person: Person, tools: Tools) -> dict[str, Any]:
    """What the browser must ask the authenticator to make."""
    known = await factor_store.credential_ids(connection, person.user_id)
    if len(known) >= MOST_PASSKEYS:
        raise ConflictError("There are too many passkeys; remove one first.", code="TOO_MANY_PASSKEYS")
    challenge = secrets.token_bytes(passkeys.CHALLENGE_BYTES)
    await tools.pending.begin_ceremony("passkey-new", person.attempt, challenge)
    return passkeys.creation_options(
        tools.site,
        user_id=person.user_id,
        user_name=person.email or person.name,
        display_name=person.name,
        known=known,
        challenge=challenge,
    )


async def add_passkey(
    connection: "AsyncConnection", person: Person, name: str, credential: Credential, tools: Tools
) -> None:
    challenge = await tools.pending.end_ceremony("passkey-new", person.attempt)
    if challenge is None:
        raise ConflictError("There is no passkey to add; ask for one first.", code="NOT_BEGUN")
    made = _registered(tools.site, credential, challenge)
    transports = credential.response.transports
    added = await factor_store.add_passkey(connection, person.user_id, person.tenant_id, name, made, transports)
    if added is None:
        raise ConflictError("This passkey is registered already.", code="PASSKEY_KNOWN")
    await say(connection, person, "passkey_added")


def _registered(site: Site, credential: Credential, challenge: bytes) -> Registered:
    try:
        return passkeys.registered(site, credential.told(), challenge=challenge)
    except passkeys.RefusedError:
        metrics.AUTH_FAILURES.labels("passkey").inc()
        raise ValidationError("The passkey could not be verified.", code="PASSKEY_REFUSED") from None


async def new_codes(connection: "AsyncConnection", person: Person) -> tuple[str, ...]:
    """Ten recovery codes, told this once; those before open nothing any more."""
    codes = recovery.new_codes()
    encoded = await asyncio.to_thread(lambda: [recovery.hashed(code) for code in codes])
    await factor_store.write_codes(connection, person.user_id, person.tenant_id, encoded)
    await say(connection, person, "codes_made", left=len(codes))
    return tuple(codes)


async def remove(connection: "AsyncConnection", person: Person, passkey_id: UUID | None) -> None:
    """The passkey, or without one the authenticator app. The last factor stays: nobody could sign in without."""
    await factor_store.lock(connection, person.user_id)
    if passkey_id is None:
        gone = await factor_store.remove_totp(connection, person.user_id)
    else:
        gone = await factor_store.remove_passkey(connection, person.user_id, passkey_id)
    if not gone:
        raise NotFoundError("There is no such factor of yours.")
    if not await factor_store.count(connection, person.user_id):
        raise ConflictError("This is the only factor; add another one first.", code="LAST_FACTOR")
    await say(connection, person, "authenticator_removed" if passkey_id is None else "passkey_removed")


async def say(
    connection: "AsyncConnection", person: Person, change: Any, *, left: int = -1, changed_by: UUID | None = None
) -> None:
    payload = FactorChanged(
        user_id=person.user_id,
        tenant_id=person.tenant_id,
        change=change,
        changed_by=changed_by or person.user_id,
        left=left,
    )
    about = str(person.user_id)
    await outbox.add(connection, ROOM, outbox.event_of(ROOM, payload.TYPE, payload, subject=about, key=about))
