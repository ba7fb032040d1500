"""What the doors of the directory hear and say."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from voiceassist.contracts.answers import Contract

# held: it would have locked out too many. busy: another run is at work. waiting: the directory asked for patience.
Outcome = Literal["done", "held", "failed", "busy", "waiting"]
Why = Literal["schedule", "request", "notice"]


class Sync(Contract):
    """`force` follows an answer that locks out more people than the settings allow; an empty one never is."""

    force: bool = False


class Change(Contract):
    """What a dry run would do with somebody; `uid` is the directory's name of them."""

    uid: str
    change: Literal["create", "update", "enable", "disable", "deprovision"]


class Report(Contract):
    """One look at the directory. Counts are of people; `code` says why it was not done.

    `listed`: whom the directory named. `untold`: those of whom it told only the name, left as they are. `active`:
    open accounts that followed it before; `locked`: those of them that the answer locks out. `kept`: administrators of
    our own. `tombstones`: subjects that an administrator must release first. `elsewhere`: subjects of another tenant.
    `groups_missing`: groups of the settings that the directory does not have. `changes`: of a dry run, at most 500.
    """

    run_id: UUID
    why: Why
    dry_run: bool = False
    started_at: datetime
    seconds: float = 0.0
    outcome: Outcome
    code: str = ""
    listed: int = 0
    untold: int = 0
    active: int = 0
    locked: int = 0
    created: int = 0
    updated: int = 0
    enabled: int = 0
    disabled: int = 0
    deprovisioned: int = 0
    unchanged: int = 0
    kept: int = 0
    tombstones: int = 0
    elsewhere: int = 0
    groups_missing: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
