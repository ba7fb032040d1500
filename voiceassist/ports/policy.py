"""Deciding who may do what: a bundle of Rego, a request, and a decision with the revision it was made by."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

DECISION = "voiceassist.authz.decision"
TESTS = "_test.rego"  # how the file of a bundle's own tests ends


class PolicyError(Exception):
    """A bundle that cannot be loaded, or a decision that could not be made; says no value of the request."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Rego files by name and the JSON documents they read, whose top-level names must differ."""

    modules: Mapping[str, str] = field(hash=False)
    data: Mapping[str, str] = field(hash=False)

    @property
    def revision(self) -> str:
        """SHA-256 of names and texts, hex: the same policy has the same name everywhere."""
        content = json.dumps({**self.modules, **self.data}, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()

    def rules(self) -> dict[str, str]:
        """The Rego files without the tests."""
        return {name: text for name, text in self.modules.items() if not name.endswith(TESTS)}

    def tests(self) -> dict[str, str]:
        return {name: text for name, text in self.modules.items() if name.endswith(TESTS)}


@dataclass(frozen=True, slots=True)
class Decision:
    allow: bool
    reasons: tuple[str, ...]  # constants of the policy, sorted; empty where it allows
    revision: str


class PolicyEngine(Protocol):
    """Made of one bundle. A request is what functions/policies/rego/authz.rego reads as `input`."""

    @property
    def revision(self) -> str: ...

    async def decide(self, request: Mapping[str, Any]) -> Decision:
        """Raises PolicyError where there is no decision: the caller refuses."""
        ...


def decision_of(found: object, revision: str) -> Decision:
    """What the rule `decision` came to, checked; PolicyError for everything else, undefined among it."""
    if not isinstance(found, Mapping):
        raise PolicyError("The policy made no decision.")
    allow, reasons = found.get("allow"), found.get("reasons")
    if not isinstance(allow, bool) or not isinstance(reasons, list) or not all(isinstance(one, str) for one in reasons):
        raise PolicyError("The policy made no decision.")
    if allow and reasons:
        raise PolicyError("The policy contradicts itself.")
    return Decision(allow, tuple(sorted(reasons)), revision)
