"""The two ceremonies of WebAuthn (W3C, level 2, sections 7.1 and 7.2), as a second factor of one site.

The library checks challenge, origin, RP id hash, presence, verification, signature and sign count; what stands here
pins what it is told: our origin alone, user verification always, and no attestation formats that we do not ask for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

from voiceassist.core.errors import ValidationError

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

NAME = "VoiceAssist"
TIMEOUT_MS = 120_000
CHALLENGE_BYTES = 32
# We ask for no attestation: a browser then sends none, or what the key says about itself.
FORMATS = frozenset({"none", "packed"})


@dataclass(frozen=True, slots=True)
class Site:
    """The one place where our passkeys work (sections 5.1.3 and 13.4.9)."""

    rp_id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Registered:
    credential_id: bytes
    public_key: bytes
    sign_count: int
    synced: bool


class RefusedError(Exception):
    """The answer of the authenticator does not hold; why is in no message, it may quote input."""


class ClonedError(RefusedError):
    """It is genuine, but its count did not grow: there may be a second copy of the key (section 6.1.1)."""


def site_of(base_url: str) -> Site:
    parts = urlsplit(base_url)
    return Site(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")


def creation_options(
    site: Site, *, user_id: UUID, user_name: str, display_name: str, known: Sequence[bytes], challenge: bytes
) -> dict[str, Any]:
    """What `navigator.credentials.create` is to be given, as JSON (PublicKeyCredentialCreationOptionsJSON)."""
    import webauthn
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = webauthn.generate_registration_options(
        rp_id=site.rp_id,
        rp_name=NAME,
        user_id=user_id.bytes,
        user_name=user_name,
        user_display_name=display_name,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_descriptors(known),
    )
    return options_to_json_dict(options)


def request_options(site: Site, *, known: Sequence[bytes], challenge: bytes) -> dict[str, Any]:
    """What `navigator.credentials.get` is to be given, as JSON (PublicKeyCredentialRequestOptionsJSON)."""
    import webauthn
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import UserVerificationRequirement

    options = webauthn.generate_authentication_options(
        rp_id=site.rp_id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=_descriptors(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def registered(site: Site, credential: dict[str, Any], *, challenge: bytes) -> Registered:
    """A new passkey; raises RefusedError."""
    import webauthn
    from webauthn.helpers import base64url_to_bytes, parse_attestation_object
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        told = parse_attestation_object(base64url_to_bytes(credential["response"]["attestationObject"]))
        if told.fmt not in FORMATS:
            raise RefusedError
        found = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        raise RefusedError from None
    return Registered(
        found.credential_id, found.credential_public_key, found.sign_count, synced=found.credential_backed_up
    )


def authenticated(
    site: Site, credential: dict[str, Any], *, challenge: bytes, public_key: bytes, sign_count: int
) -> int:
    """The new sign count; raises RefusedError, or ClonedError for a count that did not grow."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,  # looked at below, to tell a clone from a forgery
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        raise RefusedError from None
    count = int(found.new_sign_count)
    if (count or sign_count) and count <= sign_count:  # authenticators that do not count say 0 each time
        raise ClonedError
    return count


def credential_id(credential: dict[str, Any]) -> bytes:
    """Which passkey an answer says it is of; ValidationError where that cannot be read."""
    from webauthn.helpers import base64url_to_bytes

    try:
        return base64url_to_bytes(credential["id"])
    except (ValueError, TypeError, KeyError):
        raise ValidationError("The passkey's answer cannot be read.") from None


def _descriptors(known: Sequence[bytes]) -> "list[PublicKeyCredentialDescriptor]":
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=one) for one in known]
