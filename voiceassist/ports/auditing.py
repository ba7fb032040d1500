"""Putting on record who saw or did what. An act holds ids, codes and counts: never a name, a sentence, a query."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, get_args
from uuid import UUID

from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

Outcome = Literal["success", "refused", "not_found", "failed"]
# Why, as HL7 v3 PurposeOfUse says it; the rest is decided by who acts (purpose_of).
Purpose = Literal["TREAT", "ETREAT", "HPAYMT", "HOPERAT", "HRESCH", "HSYSADMIN", "PATRQT", "PUBHLTH", "HLEGAL", "BTG"]

PURPOSES = frozenset(get_args(Purpose))
MOST_OBJECTS = 200  # as many as one page lists
MOST_FACTS = 20
_ACTION = re.compile(r"[a-z][a-z_]{1,30}\.[a-z][a-z_]{1,40}")
_OBJECT = re.compile(r"[a-z][a-z_]{1,30}:[A-Za-z0-9._-]{1,80}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,40}")
_WORD = re.compile(r"[A-Za-z0-9_.:/+*-]{0,80}")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_FIGURES = re.compile(r"[0-9](?:[^A-Za-z]*[0-9]){5}")  # six in a row may be a record number or a telephone's


class NotAnActError(ValueError):
    """A mistake of the calling code: what it wants recorded could hold text."""


@dataclass(frozen=True, slots=True)
class Act:
    """`action` is `<noun>.<past participle>`, `objects` are `<kind>:<id>`, `facts` are codes and counts.

    `patient` is the patient's identifier as the hospital writes it; it is stored as a keyed hash only.
    """

    principal: Principal
    action: str
    outcome: Outcome = "success"
    objects: tuple[str, ...] = ()
    patient: str = field(default="", repr=False)
    purpose: Purpose | None = None
    facts: Mapping[str, int | str | bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _ACTION.fullmatch(self.action):
            raise NotAnActError("an action is noun.verb")
        if len(self.objects) > MOST_OBJECTS or not all(map(_OBJECT.fullmatch, self.objects)):
            raise NotAnActError("an object is kind:id")
        if len(self.facts) > MOST_FACTS or not all(_told(*item) for item in self.facts.items()):
            raise NotAnActError("a fact is a code or a count")


def _told(name: str, value: object) -> bool:
    if not _NAME.fullmatch(name):
        return False
    if isinstance(value, str):
        return bool(_WORD.fullmatch(value)) and (bool(_UUID.fullmatch(value)) or not _FIGURES.search(value))
    return isinstance(value, int)


def named(kind: str, ids: Iterable[UUID | str]) -> tuple[str, ...]:
    """Objects of one kind, in order and each once, as many as an act may name."""
    return tuple(dict.fromkeys(f"{kind}:{one}" for one in ids))[:MOST_OBJECTS]


def purpose_of(principal: Principal) -> Purpose:
    """Why somebody acts where they did not say: by their role."""
    if principal.profile == "researcher":
        return "HRESCH"
    if principal.role == "user":
        return "TREAT"
    return "HSYSADMIN" if principal.role in {"admin", "service"} else "HOPERAT"


class Auditor(Protocol):
    async def record(self, act: Act, connection: "AsyncConnection | None" = None) -> None:
        """Write it in the caller's transaction, or in one of its own that is committed when this returns.

        Raises UnavailableError (AUDIT_UNAVAILABLE) when it is not on record: then what it is about is not given out and
        not done. Call it last in a transaction: others of the tenant may wait for its end.
        """
        ...


class Remembering:
    """The twin for tests: keeps the acts; `broken` refuses them."""

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.broken = False

    async def record(self, act: Act, connection: "AsyncConnection | None" = None) -> None:  # noqa: ARG002 - the port's
        if self.broken:
            raise UnavailableError("The act could not be put on record.", code="AUDIT_UNAVAILABLE")
        self.acts.append(act)
