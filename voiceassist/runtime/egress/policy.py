"""What may go where: a table of sinks and labels, with an action in each place.

The defaults let nothing out that identifies a person. A file (`EGRESS__POLICY_FILE`, JSON) or a line of exceptions
(`EGRESS__POLICY`, such as `cloud_llm.*=pseudonymise, literature.DATE=allow`) changes places of the table; a tenant may
have a table of its own in the file. What the table says is part of every audited decision: its version, as the file
calls it, and the digest of the whole.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args
from uuid import UUID

from voiceassist.core.errors import SettingsError

Action = Literal["allow", "redact", "pseudonymise", "keep_local", "block"]
Sink = Literal[
    "log", "trace", "metric", "cloud_llm", "embeddings", "literature", "search", "webhook", "mail", "rag_index",
    "transcript", "event", "export",
]  # fmt: skip
Dates = Literal["token", "year", "relative", "shift"]
Style = Literal["tokens", "realistic"]

# From the mildest to the strictest: where findings overlap, or a text has several, the strictest counts.
ACTIONS: tuple[Action, ...] = get_args(Action)
SINKS: tuple[Sink, ...] = get_args(Sink)
LABELS = (
    "NAME", "GEO", "FACILITY", "DATE", "AGE90", "PHONE", "FAX", "EMAIL", "SSN", "MRN", "HEALTH_PLAN", "ACCOUNT",
    "LICENSE", "VEHICLE", "DEVICE", "URL", "IP", "BIOMETRIC", "PHOTO", "OTHER_ID",
)  # fmt: skip
EVERY = "*"
VERSION = re.compile(r"[A-Za-z][A-Za-z_.-]{0,30}\d{0,5}")  # short enough for every log

# What is written down of our own doings: no policy may let an identifier in, and nobody could put one back.
OBSERVED: frozenset[Sink] = frozenset({"log", "trace", "metric"})
# Questions to others, where a token would find nothing.
ASKED: frozenset[Sink] = frozenset({"literature", "search"})

# Kinds that publications hold as well, of their authors and hotlines; names stay out until somebody has looked.
PUBLISHED: Mapping[str, Action] = dict.fromkeys(
    ("DATE", "URL", "EMAIL", "PHONE", "FAX", "AGE90", "GEO", "FACILITY"), "allow"
)
# What events of integrators consist of: ids of their own, when something was, and where their systems are.
IN_EVENTS: Mapping[str, Action] = dict.fromkeys(("OTHER_ID", "DATE", "URL", "FACILITY"), "allow")
DEFAULTS: Mapping[Sink, Mapping[str, Action]] = {
    "log": {EVERY: "redact"},
    "trace": {EVERY: "redact"},
    "metric": {EVERY: "redact"},
    "event": {EVERY: "block", **IN_EVENTS},
    "cloud_llm": {EVERY: "keep_local"},
    "embeddings": {EVERY: "keep_local"},
    "literature": {EVERY: "block"},
    "search": {EVERY: "block"},
    "webhook": {EVERY: "block"},
    "mail": {EVERY: "block"},
    "rag_index": {EVERY: "block", **PUBLISHED},
    "transcript": {EVERY: "allow"},
    "export": {EVERY: "redact"},
}


@dataclass(frozen=True, slots=True)
class Policy:
    """`dates`: what stands for a date where it is pseudonymised; `style`: tokens, or values that look like real ones.

    `tenants` have policies of their own. `baa`: there is a business associate agreement (45 CFR 164.504(e)) with
    who runs the models outside; no tenant has it from another one's.
    """

    table: Mapping[str, Mapping[str, Action]]
    version: str = "default"
    dates: Dates = "token"
    style: Style = "tokens"
    tenants: Mapping[UUID, "Policy"] = field(default_factory=dict)
    baa: bool = False

    def action(self, sink: Sink, label: str) -> Action:
        """A label that the table does not know is treated as every other one."""
        row = self.table[sink]
        return row.get(label, row[EVERY])

    def of(self, tenant_id: UUID | None) -> "Policy":
        return self.tenants.get(tenant_id, self) if tenant_id else self

    @property
    def digest(self) -> str:
        """16 hex digits of SHA-256 over everything that decides."""
        told = [self.version, self.dates, self.style, self.baa, {sink: dict(row) for sink, row in self.table.items()}]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def strictest(actions: "list[Action]") -> Action:
    return max(actions, key=ACTIONS.index, default="allow")


def default() -> Policy:
    return Policy({sink: dict(row) for sink, row in DEFAULTS.items()})


def load(path: Path | None = None, exceptions: str = "") -> Policy:
    """The policy of the settings; raises SettingsError that says where the fault is."""
    read = default()
    if path is not None:
        try:
            read = _policy(json.loads(path.read_text(encoding="utf-8")), read)
        except (OSError, ValueError):
            raise SettingsError("VOICEASSIST_EGRESS__POLICY_FILE names no readable JSON file.") from None
    return _with(read, _sinks(_parsed(exceptions))) if exceptions.strip() else read


def _policy(told: Any, base: Policy) -> Policy:
    names = {"version", "dates", "style", "sinks", "tenants", "baa"}
    if not isinstance(told, dict) or not told.keys() <= names:
        raise SettingsError("The egress policy has members other than version, dates, style, sinks, tenants and baa.")
    dates, style, version = told.get("dates", base.dates), told.get("style", base.style), told.get("version", "")
    if dates not in get_args(Dates) or style not in get_args(Style):
        raise SettingsError("The egress policy's dates or style are not ones that there are.")
    if not isinstance(version, str) or not VERSION.fullmatch(version):
        raise SettingsError("The egress policy's version is not a word with a number, such as hospital-3.")
    if not isinstance(baa := told.get("baa", False), bool):
        raise SettingsError("The egress policy's baa is neither true nor false.")
    whole = _with(Policy(base.table, version, dates, style), _sinks(told.get("sinks", {})))
    return Policy(whole.table, version, dates, style, _tenants(told.get("tenants", {}), whole), baa)


def _tenants(told: Any, base: Policy) -> dict[UUID, Policy]:
    if not isinstance(told, dict):
        raise SettingsError("The egress policy's tenants are not an object.")
    found = {}
    for name, values in told.items():
        try:
            tenant_id = UUID(name)
        except ValueError:
            raise SettingsError("The egress policy names a tenant by something that is no id.") from None
        if not isinstance(values, dict) or "tenants" in values:
            raise SettingsError("A tenant's egress policy is not an object of its own.")
        found[tenant_id] = _policy({"version": base.version, **values}, base)
    return found


def _parsed(exceptions: str) -> dict[str, dict[str, str]]:
    told: dict[str, dict[str, str]] = {}
    for part in filter(None, map(str.strip, exceptions.split(","))):
        place, equals, action = part.partition("=")
        sink, dot, label = place.strip().partition(".")
        if not equals or not dot:
            raise SettingsError("VOICEASSIST_EGRESS__POLICY is a list such as cloud_llm.NAME=pseudonymise.")
        told.setdefault(sink, {})[label] = action.strip()
    return told


def _sinks(told: Any) -> Mapping[str, Mapping[str, Action]]:
    """The exceptions, each known to be possible."""
    if not isinstance(told, dict) or not told.keys() <= set(SINKS):
        raise SettingsError("The egress policy names a sink that there is not.")
    for sink, row in told.items():
        if not isinstance(row, dict) or not row.keys() <= {EVERY, *LABELS}:
            raise SettingsError(f"The egress policy of {sink} names a label that there is not.")
        if not set(row.values()) <= set(possible(sink)):
            raise SettingsError(f"The egress policy of {sink} has an action that cannot be taken there.")
    return told


def possible(sink: Sink) -> tuple[Action, ...]:
    """The actions that a sink can have."""
    if sink in OBSERVED:
        return ("redact", "block")
    if sink in ASKED or sink == "event":  # nobody could put a stand-in back
        return ("allow", "redact", "block")
    if sink == "webhook":  # signed as a whole: it goes as it is or not at all
        return ("allow", "block")
    return ACTIONS


def _with(policy: Policy, sinks: Mapping[str, Mapping[str, Action]]) -> Policy:
    """An exception for every label takes the default's exceptions with it: it says what it says."""
    table = dict(policy.table)
    for sink, row in sinks.items():
        table[sink] = dict(row) if EVERY in row else {**table[sink], **row}
    return Policy(table, policy.version, policy.dates, policy.style, policy.tenants, policy.baa)
