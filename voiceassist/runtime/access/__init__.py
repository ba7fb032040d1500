"""May this caller do that? Asked at the door of every room, once for each request (docs/reference/access.md).

await access.permit(principal, "document.read", purpose=…)        the door, which knows no record
await access.permit(principal, "document.read", owner=…, …)       a room that has looked at one
"""

from voiceassist.runtime.access.guarding import NO_RECORD, PURPOSE, Guard, Record, asked, bundle_path, guard, permit

__all__ = ["NO_RECORD", "PURPOSE", "Guard", "Record", "asked", "bundle_path", "guard", "permit"]
