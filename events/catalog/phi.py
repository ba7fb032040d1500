"""Texts that are looked through for identifiers; the texts themselves lie in the object store."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from events.catalog.payload import DOCUMENT, OTHER, OWNER, TENANT, Count, EventType, Payload

Digest = Annotated[str, Meta(pattern="^[0-9a-f]{32}$", description="digest of the rules in force")]


class PhiScanRequested(Payload, frozen=True, kw_only=True):
    """A stored text is to be looked through. `object_id`: of the claim its owner made; `kind`: what the text is."""

    TYPE = "org.voiceassist.phi.scan_requested.v1"
    scan_id: UUID
    tenant_id: UUID
    owner_id: UUID
    object_id: UUID
    kind: Literal["note", "query", "asr", "log"] | None = None


class PhiScanCompleted(Payload, frozen=True, kw_only=True):
    """A stored text was looked through: `findings` in all, and how many of each kind. The text is gone from the store.

    Numbers by themselves: `MRN:1000` in words would be taken for a record number by whoever guards a way out.
    """

    TYPE = "org.voiceassist.phi.scan_completed.v1"
    scan_id: UUID
    tenant_id: UUID
    owner_id: UUID
    object_id: UUID
    findings: Count
    characters: Count
    rules: Digest
    name: Count = 0
    geo: Count = 0
    facility: Count = 0
    date: Count = 0
    age90: Count = 0
    phone: Count = 0
    fax: Count = 0
    email: Count = 0
    ssn: Count = 0
    mrn: Count = 0
    health_plan: Count = 0
    account: Count = 0
    license: Count = 0
    vehicle: Count = 0
    device: Count = 0
    url: Count = 0
    ip: Count = 0
    biometric: Count = 0
    photo: Count = 0
    other_id: Count = 0


EVENTS = (
    EventType(
        payload=PhiScanRequested,
        says=(),
        heard_by=("phi",),
        example=PhiScanRequested(scan_id=OTHER, tenant_id=TENANT, owner_id=OWNER, object_id=DOCUMENT, kind="note"),
        external=True,  # an integrator about a text of its own
    ),
    EventType(
        payload=PhiScanCompleted,
        says=("phi",),
        heard_by=(),
        example=PhiScanCompleted(
            scan_id=OTHER,
            tenant_id=TENANT,
            owner_id=OWNER,
            object_id=DOCUMENT,
            findings=4,
            characters=2480,
            rules="5f70bf18a086007b9c1d2e3f4a5b6c7d",
            name=3,
            mrn=1,
        ),
    ),
)
