"""Which requests tell two policies apart, and whether a change lets somebody do more than before."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from voiceassist.ports.policy import Bundle, Decision

Request = dict[str, Any]
Decide = Callable[[Mapping[str, Any]], Decision]

NEVER = "action_not_permitted"  # the reason of the policy that hangs on role and action alone
SELF, OTHER, HERE, ELSEWHERE, NOW = "self", "other", "here", "elsewhere", 1_000_000
ROLES = (
    ("admin", ""),
    ("viewer", ""),
    ("viewer", "auditor"),
    ("user", ""),
    ("user", "physician"),
    ("user", "nurse"),
    ("user", "researcher"),
    ("service", ""),
    ("nobody", ""),
)
RECORDS = (
    {"tenant": HERE, "owner": SELF, "shared": False},
    {"tenant": HERE, "owner": OTHER, "shared": False},
    {"tenant": HERE, "owner": OTHER, "shared": True},
    {"tenant": ELSEWHERE, "owner": "", "shared": False},
)
PURPOSES = ("TREAT", "HOPERAT", "HRESCH", "ETREAT")
GRANTS = (
    {"subject": SELF, "owner": OTHER, "until": NOW + 60},
    {"subject": SELF, "owner": OTHER, "until": NOW - 1},
    {"subject": OTHER, "owner": OTHER, "until": NOW + 60},
)


@dataclass(frozen=True, slots=True)
class Change:
    """A request that is decided in another way."""

    request: Request
    before: Decision
    after: Decision

    @property
    def weakens(self) -> bool:
        return self.after.allow and not self.before.allow


def changes(requests: Iterable[Request], before: Decide, after: Decide) -> list[Change]:
    told = (Change(one, before(one), after(one)) for one in requests)
    return [one for one in told if one.before.allow != one.after.allow]


def changes_of_samples(now: Bundle, wanted: Bundle, before: Decide, after: Decide) -> list[Change]:
    """All samples. What neither allows as an action is not asked again with other records, purposes and so on."""
    found = []
    for base, around in groups(now, wanted):
        first = Change(base, before(base), after(base))
        if NEVER in first.before.reasons and first.before == replace(first.after, revision=first.before.revision):
            continue
        found += [first] if first.before.allow != first.after.allow else []
        found += changes(around, before, after)
    return found


def needs_second(current: Bundle, wanted: Bundle, found: Iterable[Change]) -> bool:
    """Whether somebody else must agree: it allows what was refused, or its rules are others.

    Samples prove that a policy is weaker, never that it is not, so only a change of the tables may be judged by them.
    """
    return wanted.rules() != current.rules() or any(one.weakens for one in found)


def samples(*bundles: Bundle) -> Iterator[Request]:
    for base, around in groups(*bundles):
        yield base
        yield from around


def groups(*bundles: Bundle) -> Iterator[tuple[Request, list[Request]]]:
    """Every role with every action any of the bundles names, and around each what else a decision may hang on."""
    actions = sorted({action for bundle in bundles for action in named(bundle)} | {"made.up"})
    scopes = sorted({scope for bundle in bundles for scope in _scopes(bundle)})
    for role, profile in ROLES:
        for action in actions:
            subject = _subject(role, profile)
            base = _request(action, subject)
            others = [subject | {"key": True, "scopes": one, "mfa_age": None} for one in (scopes, ["made:up"])]
            others += [subject | {"mfa_age": age} for age in (3600, None)]
            around = [_request(action, one) for one in others]
            around += [base | {"resource": record} for record in RECORDS]
            around += [base | {"purpose": purpose} for purpose in PURPOSES]
            around += [base | {"resource": RECORDS[1], "break_glass": grant} for grant in GRANTS]
            yield base, around


def plain(actions: Iterable[str]) -> Iterator[Request]:
    """Each action asked in every role, and nothing odd about it."""
    for action in dict.fromkeys(actions):
        for role, profile in ROLES:
            if not profile:
                yield _request(action, _subject(role, profile))


def named(bundle: Bundle) -> set[str]:
    """The actions of the bundle's tables."""
    duties = _permissions(bundle).get("duties")
    listed = [duty.get("actions") for duty in duties.values() if isinstance(duty, dict)] if duties else []
    return {action for actions in listed if isinstance(actions, list) for action in actions if isinstance(action, str)}


def _scopes(bundle: Bundle) -> set[str]:
    listed = _permissions(bundle).get("scopes")
    values = listed.values() if isinstance(listed, dict) else ()
    return {scope for several in values if isinstance(several, list) for scope in several if isinstance(scope, str)}


def _permissions(bundle: Bundle) -> dict[str, Any]:
    for text in bundle.data.values():
        found = json.loads(text).get("permissions")
        if isinstance(found, dict):
            return found
    return {}


def _subject(role: str, profile: str) -> dict[str, Any]:
    return {
        "id": SELF,
        "tenant": HERE,
        "role": role,
        "profile": profile,
        "key": False,
        "scopes": [],
        "mfa_age": 10,
    }


def _request(action: str, subject: dict[str, Any]) -> Request:
    return {
        "action": action,
        "subject": subject,
        "resource": {"tenant": HERE, "owner": "", "shared": False},
        "purpose": "",
        "break_glass": {},
        "now": NOW,
    }
