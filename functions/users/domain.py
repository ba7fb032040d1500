"""What a directory's answer means for accounts, without network, clock or store."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from voiceassist.contracts.directory import Described, State
from voiceassist.core.errors import ExternalApiError

Role = Literal["admin", "viewer", "user"]
# From the strongest: who is in several groups has what the first of these gives.
STRENGTH: tuple[Role, ...] = ("admin", "user", "viewer")
# Locked out at once without a question, however small the hospital is.
FEW = 2
LONGEST = 320
LONGEST_UID = 64  # Nextcloud's own bound


class DirectoryError(ExternalApiError):
    """The directory gave no answer that can be followed; `code` says why, `retry_after` is its own wish in seconds."""

    def __init__(self, code: str, retry_after: int | None = None) -> None:
        super().__init__("The directory gave no answer that can be followed.", code=code, retry_after=retry_after)


@dataclass(frozen=True, slots=True)
class Standing:
    role: Role
    profile: str = ""


@dataclass(frozen=True, slots=True)
class Directory:
    """One tenant's Nextcloud. `groups` gives a standing by the name of a group, `default` one to everybody else."""

    tenant_id: UUID
    url: str
    issuer: str
    groups: Mapping[str, Standing]
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    default: Standing | None = None
    most_locked_percent: int = 20
    page: int = 200

    def standing(self, groups: Iterable[str]) -> Standing | None:
        """What membership gives; None: no account."""
        given = [self.groups[group] for group in groups if group in self.groups]
        return min(given, key=lambda one: STRENGTH.index(one.role), default=self.default)


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody in the directory; `enabled` is None where it told nothing but the name."""

    uid: str
    name: str = ""
    email: str = ""
    groups: tuple[str, ...] = ()
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What was last taken over of somebody."""

    hash: bytes
    state: State


@dataclass(frozen=True, slots=True)
class Plan:
    """`people` have changed since, with the hash to remember of each. `absent` were known and are not named any more.

    `active` accounts followed the directory before; `locked` are those of them that are locked out by `people`.
    """

    people: tuple[tuple[Described, bytes], ...]
    absent: tuple[str, ...]
    active: int
    locked: int
    untold: int


def described(entry: Entry, directory: Directory) -> Described:
    """As our accounts have it. Who is disabled there, or in no group that gives anything, has a locked account."""
    standing = directory.standing(entry.groups)
    open_ = entry.enabled is True and standing is not None
    told = standing or Standing("viewer")
    return Described(
        sub=entry.uid,
        name=entry.name[:LONGEST],
        email=entry.email[:LONGEST],
        role=told.role,
        profile=told.profile,
        state="active" if open_ else "disabled",
    )


def buried(uid: str) -> Described:
    return Described(sub=uid, state="gone")


def digest(person: Described, issuer: str) -> bytes:
    """Of everything that is taken over: another group map or issuer in the settings changes it, too."""
    told = json.dumps([issuer, person.model_dump(mode="json")], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(told.encode()).digest()


def plan(entries: Sequence[Entry], known: Mapping[str, Known], directory: Directory, *, full: bool = False) -> Plan:
    """What an answer changes; `full` tells of everybody, changed or not. Whoever is not named is in `absent` only."""
    people, locked, untold = [], 0, 0
    for entry in entries:
        if entry.enabled is None:
            untold += 1
            continue
        person, before = described(entry, directory), known.get(entry.uid)
        if person.state != "active" and before is not None and before.state == "active":
            locked += 1
        hashed = digest(person, directory.issuer)
        if full or before is None or before.hash != hashed:
            people.append((person, hashed))
    named = {entry.uid for entry in entries}
    absent = tuple(sorted(uid for uid, one in known.items() if uid not in named and one.state != "gone"))
    active = sum(one.state == "active" for one in known.values())
    locked += sum(known[uid].state == "active" for uid in absent)
    return Plan(tuple(people), absent, active, locked, untold)


def with_absent(found: Plan, gone: Iterable[str], issuer: str) -> tuple[tuple[Described, bytes], ...]:
    """The plan's people and those of the absent whom the directory, asked for each of them, does not know."""
    return (*found.people, *((person, digest(person, issuer)) for person in map(buried, gone)))


def held(listed: int, found: Plan, percent: int, *, force: bool) -> Literal["", "TOO_MANY_LOCKED", "EMPTY_ANSWER"]:
    """Why an answer is not followed; empty where it is."""
    if listed == 0:
        return "EMPTY_ANSWER" if found.active or found.absent else ""
    few = found.locked <= FEW and found.locked < found.active  # but never everybody
    too_many = found.locked * 100 > percent * found.active
    return "TOO_MANY_LOCKED" if too_many and not few and not force else ""


def change(person: Described, before: Known | None) -> Literal["create", "update", "enable", "disable", "deprovision"]:
    """What a dry run calls it."""
    if person.state == "gone":
        return "deprovision"
    if before is None:
        return "create" if person.state == "active" else "disable"
    if before.state == person.state:
        return "update"
    return "enable" if person.state == "active" else "disable"
