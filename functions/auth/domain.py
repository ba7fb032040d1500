"""Sign-in rules without network, clock or store."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voiceassist.core.identity import Role

STEP_SECONDS = 30
WINDOW = 1  # steps before and after the current one (RFC 6238, section 5.2)
CODE = re.compile(r"[0-9]{6}")
# From the strongest: who holds several roles acts with the first of these.
ROLES: tuple[tuple[str, Role], ...] = (
    ("admin", "admin"),
    ("user", "user"),
    ("clinician", "user"),
    ("viewer", "viewer"),
)


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as the issuer describes them; (iss, sub) is the key, never the address."""

    iss: str
    sub: str
    email: str
    name: str
    role: Role
    profile: str
    known: bool = True  # whether the issuer told a role at all; else an invitation's counts


def identity_of(claims: Mapping[str, Any], groups: str = "") -> Identity:
    """From checked claims; without a known role a person may only look. `groups` says which of theirs are roles."""
    meant = meaning(groups, claims)
    told = roles_of(claims) | meant.keys()
    ours: Role | None = next((ours for theirs, ours in ROLES if theirs in told), None)
    return Identity(
        iss=str(claims["iss"]),
        sub=str(claims["sub"]),
        email=text(claims.get("email")),
        name=text(claims.get("name")) or text(claims.get("preferred_username")),
        role=ours or "viewer",
        profile=text(claims.get("va_profile")) or meant.get(ours or "", ""),
        known=ours is not None,
    )


def roles_of(claims: Mapping[str, Any]) -> frozenset[str]:
    """`roles` as our issuer writes it, `realm_access.roles` as Keycloak does."""
    realm = claims.get("realm_access")
    lists = [claims.get("roles"), realm.get("roles") if isinstance(realm, dict) else None]
    return frozenset(role for names in lists if isinstance(names, list) for role in names if isinstance(role, str))


def meaning(groups: str, claims: Mapping[str, Any]) -> dict[str, str]:
    """Roles, each with its profile, of a person's groups by `group=role[:profile],…`, of which the first counts.

    Only named groups mean something: Nextcloud calls its own administrators `admin`, who are not ours.
    """
    told = claims.get("groups")
    held = {group for group in told if isinstance(group, str)} if isinstance(told, list) else set()
    found: dict[str, str] = {}
    for group, _, meant in (entry.rpartition("=") for entry in groups.split(",") if entry):
        role, _, profile = meant.partition(":")
        if group in held:
            found.setdefault(role, profile)
    return found


def text(value: object) -> str:
    return value.strip()[:320] if isinstance(value, str) else ""


def accepted_step(secret: str, code: str, *, seconds: float, last_step: int) -> int | None:
    """The time step whose code this is, if it lies in the window and after `last_step`; `seconds` is Unix time.

    pyotp verifies a code again and again, and full-width digits too, so the form is checked first and
    a step counts once only.
    """
    import pyotp

    if not CODE.fullmatch(code):
        return None
    totp = pyotp.TOTP(secret)
    now = int(seconds) // STEP_SECONDS
    matching = [
        step
        for step in range(now - WINDOW, now + WINDOW + 1)
        if hmac.compare_digest(totp.generate_otp(step), code) and step > last_step
    ]
    return max(matching, default=None)


def fingerprint(user_agent: str) -> str:
    """Tells one client from another well enough to notice a stolen challenge cookie."""
    return hashlib.sha256(user_agent.encode()).hexdigest()


def code_challenge(verifier: str) -> str:
    """RFC 7636, section 4.2, method S256."""
    import base64

    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
