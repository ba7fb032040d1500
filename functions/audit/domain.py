"""What an entry tells to whom, what belongs into an accounting of disclosures, and where anchors lie."""

from collections.abc import Mapping
from typing import Any, Literal

from voiceassist.core.identity import Principal

View = Literal["whole", "redacted", "own"]

# Disclosures for treatment, payment and operations, and those to the patient, are not accounted for (45 CFR
# 164.528(a)(1)); what an installation does to run itself is operations. Research, public health, law, broken glass are.
ACCOUNTED = frozenset({"HRESCH", "PUBHLTH", "HLEGAL", "BTG"})
YEARS_ACCOUNTED = 6  # 164.528(a)(1)
HIDDEN = "hidden"


def view_of(caller: Principal) -> View:
    """The one place that says what a role sees of the audit."""
    if caller.role == "admin" or caller.is_service or (caller.role, caller.profile) == ("viewer", "auditor"):
        return "whole"
    return "redacted" if caller.role == "viewer" else "own"


def may_disclose(caller: Principal) -> bool:
    """Who may ask for everything about one patient."""
    return view_of(caller) == "whole"


def shown(entry: Mapping[str, Any], view: View) -> dict[str, Any]:
    """An entry as a role may read it: without the fields that chain it, and redacted without whom and which one."""
    told = {name: value for name, value in entry.items() if name not in {"v", "tenant", "key"}}
    if view != "redacted":
        return told
    kinds = sorted({one.partition(":")[0] for one in told["objects"]})
    by = {"role": told["by"]["role"], "profile": told["by"]["profile"]}
    hidden = {name: HIDDEN for name in ("session", "network", "patient") if told[name]}
    return told | hidden | {"by": {"iss": "", "sub": HIDDEN, "user": "", "act": ""} | by, "objects": kinds, "facts": {}}


def is_accounted(entry: Mapping[str, Any]) -> bool:
    return entry["outcome"] == "success" and entry["purpose"] in ACCOUNTED


def anchor_folder(tenant: str) -> str:
    return f"anchors/{tenant}/"


def anchor_prefix(tenant: str, chain: int) -> str:
    return f"{anchor_folder(tenant)}{chain:02d}/"


def anchor_key(tenant: str, chain: int, number: int) -> str:
    """Keys sort as their numbers do."""
    return f"{anchor_prefix(tenant, chain)}{number:012d}"


def archive_key(tenant: str, chain: int, first: int, last: int) -> str:
    return f"archives/{tenant}/{chain:02d}/{first:012d}-{last:012d}"
