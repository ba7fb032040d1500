"""The directories that the settings name, one a tenant; an error in them is told by name and never by value."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from functions.users.domain import STRENGTH, Directory, Standing
from voiceassist.core.errors import SettingsError
from voiceassist.core.identity import DEFAULT_TENANT
from voiceassist.runtime.settings import Nextcloud, Settings

_PROFILE = re.compile(r"[a-z_]{0,40}")
LARGEST_PAGE = 500


class _Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One directory of the file. `groups` is an object, so that a group may be called anything."""

    tenant: UUID
    url: str
    issuer: str
    groups: dict[str, str] = {}
    username: str = ""
    password: str = ""
    token: str = ""
    default_role: str = ""
    most_locked_percent: int = 20
    page: int = 200


def of(settings: Settings) -> dict[UUID, Directory]:
    """By tenant; empty where no directory is followed."""
    told = settings.nextcloud
    if told.file:
        return _of_file(Path(told.file), settings)
    if not told.url:
        return {}
    one = _Named(
        tenant=DEFAULT_TENANT,
        url=told.url,
        issuer=told.issuer,
        groups=_groups(told),
        username=told.username,
        password=told.password,
        token=told.token,
        default_role=told.default_role,
        most_locked_percent=told.most_locked_percent,
        page=told.page,
    )
    return {one.tenant: _directory(one, settings)}


def _of_file(path: Path, settings: Settings) -> dict[UUID, Directory]:
    try:
        listed = msgspec.convert(json.loads(path.read_text(encoding="utf-8")), list[_Named])
    except (OSError, ValueError):  # msgspec's own quotes values
        raise _refused("FILE", "names no readable list of directories") from None
    found = {one.tenant: _directory(one, settings) for one in listed}
    if len(found) != len(listed):
        raise _refused("FILE", "has two directories of one tenant")
    issuers = {one.issuer for one in listed}
    if len(issuers) != len(listed):
        raise _refused("FILE", "has two directories whose people one issuer signs in: their names could be the same")
    return found


def _groups(told: Nextcloud) -> dict[str, str]:
    pairs = [part.rpartition("=") for part in told.groups.split(",") if part.strip()]
    return {group.strip(): role.strip() for group, _, role in pairs}


def _directory(told: _Named, settings: Settings) -> Directory:
    address = urlsplit(told.url)
    loopback = address.hostname in {"127.0.0.1", "::1", "localhost"}
    plain = address.scheme == "http" and loopback and settings.profile == "development"
    if not (address.scheme == "https" or plain) or not address.hostname or address.query or address.fragment:
        raise _refused("URL", "is no https address")
    if not told.token and not (told.username and told.password):
        raise _refused("PASSWORD", "is missing: an app password with its user name, or a token, is needed")
    if not told.issuer:
        raise _refused("ISSUER", "is missing: nobody could sign in")
    if not 0 <= told.most_locked_percent <= 100:
        raise _refused("MOST_LOCKED_PERCENT", "is no percentage")
    if not 1 <= told.page <= LARGEST_PAGE:
        raise _refused("PAGE", f"is not between 1 and {LARGEST_PAGE}")
    groups = {group: _standing(role) for group, role in told.groups.items() if group}
    if not groups and not told.default_role:
        raise _refused("GROUPS", "gives nobody a role")
    return Directory(
        tenant_id=told.tenant,
        url=told.url.rstrip("/"),
        issuer=told.issuer,
        groups=groups,
        username=told.username,
        password=told.password,
        token=told.token,
        default=_standing(told.default_role) if told.default_role else None,
        most_locked_percent=told.most_locked_percent,
        page=told.page,
    )


def _standing(text: str) -> Standing:
    role, _, profile = text.partition(":")
    known: Any = next((one for one in STRENGTH if one == role), None)
    if known is None or not _PROFILE.fullmatch(profile):
        raise _refused("GROUPS", "gives a role that there is not (admin, viewer, user, user:<profile>)")
    return Standing(known, profile)


def _refused(name: str, why: str) -> SettingsError:
    return SettingsError(f"The setting VOICEASSIST_NEXTCLOUD__{name} {why}.")
