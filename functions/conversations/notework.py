"""Notes: drafted, edited, signed by a physician, taken along; each is put on record, and no record means no answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from functions.conversations import domain, drafting, note_store, store
from functions.conversations import note_schema as schema
from functions.conversations.kit import Kit
from voiceassist.core import ids
from voiceassist.core.errors import ConflictError, NeedsInputError, NotFoundError, ValidationError
from voiceassist.core.identity import Principal
from voiceassist.ports.auditing import Act, Outcome, named
from voiceassist.runtime import cases, memory

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from voiceassist.adapters.encryption.keys import TenantKeys

DRAFT = timedelta(hours=24)  # N73
SIGNED = timedelta(days=2_192)  # N71: six years


@dataclass(frozen=True, slots=True)
class Material:
    """What a note is made of."""

    title: str
    case: cases.Case | None
    conversation_id: UUID | None
    items: Sequence[memory.Kept]


async def drafted(kit: Kit, caller: Principal, asked: schema.NewNote) -> schema.Note:
    """Raises ValidationError without conversation and case, NotFoundError, NeedsInputError without any sentence."""
    if asked.conversation_id is None and asked.case_id is None:
        raise ValidationError("A note is drafted from a conversation or a case.")
    keys = await kit.keyring.of(caller.tenant_id)
    note_id, now = ids.new_id(), kit.now()
    async with kit.database.transaction(caller) as connection:
        material = await _material(kit, connection, keys, caller, asked)
        content = material and drafting.drafted(
            asked.format, material.title, material.case.facts if material.case else (), material.items
        )
        if material and content:
            await note_store.add(
                connection,
                caller,
                note_id,
                note_store.BODY.seal(keys, note_id, content.model_dump_json()),
                case_id=material.case.id if material.case else None,
                conversation_id=material.conversation_id,
                now=now,
                ends=now + DRAFT,
            )
        row = await note_store.find(connection, caller, note_id, now=now)
        objects = (
            *named("note", [note_id] if row else []),
            *named("conversation", [asked.conversation_id] if asked.conversation_id else []),
            *named("case", [material.case.id] if material and material.case else []),
        )
        await _record(kit, connection, caller, "note.drafted", objects, found=material is not None, format=asked.format)
    if material is None:
        raise NotFoundError("There is no such conversation or case for you.")
    if row is None:
        raise NeedsInputError("There is nothing yet that a note could be drafted from.")
    return _shown(keys, row)


async def _material(
    kit: Kit, connection: "AsyncConnection", keys: "TenantKeys", caller: Principal, asked: schema.NewNote
) -> Material | None:
    """None where one of the two is not there, or is not this person's."""
    case_id, items, title = asked.case_id, list[memory.Kept](), ""
    if asked.conversation_id:
        talk = await note_store.conversation(connection, caller, asked.conversation_id)
        if talk is None or case_id not in {None, talk["case_id"]}:
            return None
        case_id = talk["case_id"]
        items = await memory.items(connection, keys, asked.conversation_id)
        first = next((one.text for one in items if one.role == "user"), "")
        title = domain.title_of(first)
    case = await cases.find(connection, keys, caller, case_id, now=kit.now()) if case_id else None
    if case_id and case is None:
        return None
    return Material(case.title if case else title, case, asked.conversation_id, items)


async def listed(kit: Kit, caller: Principal, before: UUID | None, limit: int) -> schema.Notes:
    keys = await kit.keyring.of(caller.tenant_id)
    async with kit.database.transaction(caller) as connection:
        rows = await note_store.listed(connection, caller, now=kit.now(), before=before, limit=limit)
        await _record(kit, connection, caller, "note.listed", named("note", [row["id"] for row in rows]))
    items = tuple(_summary(row, _content(keys, row)) for row in rows)
    return schema.Notes(items=items, next_cursor=str(items[-1].id) if len(items) == limit else None)


async def shown(kit: Kit, caller: Principal, note_id: UUID, action: str = "note.read", **facts: str) -> schema.Note:
    """Raises NotFoundError; that somebody asked for it is on record then, too."""
    keys = await kit.keyring.of(caller.tenant_id)
    async with kit.database.transaction(caller) as connection:
        row = await note_store.find(connection, caller, note_id, now=kit.now())
        objects = named("note", [note_id])
        await _record(kit, connection, caller, action, objects, found=row is not None, **facts)
    if row is None:
        raise NotFoundError("There is no such note for you.")
    return _shown(keys, row)


async def edited(kit: Kit, caller: Principal, note_id: UUID, asked: schema.Edited) -> schema.Note:
    """Raises NotFoundError, and ConflictError for a signed note or one that was changed meanwhile."""
    return await _changed(kit, caller, note_id, "note.updated", asked)


async def signed(kit: Kit, caller: Principal, note_id: UUID, asked: schema.Signature) -> schema.Note:
    """From now on it is the caller's note and changes no more. Raises as `edited` does."""
    return await _changed(kit, caller, note_id, "note.signed", asked)


async def _changed(
    kit: Kit, caller: Principal, note_id: UUID, action: str, asked: schema.Edited | schema.Signature
) -> schema.Note:
    keys, now = await kit.keyring.of(caller.tenant_id), kit.now()
    refused: ConflictError | None = None
    async with kit.database.transaction(caller) as connection:
        row = await note_store.find(connection, caller, note_id, now=now, lock=True)
        refused = _refusal(row, asked.revision) if row else None
        if row and not refused:
            content = _content(keys, row)
            if isinstance(asked, schema.Edited):
                body = drafting.edited(content, asked.sections)
                sealed = note_store.BODY.seal(keys, note_id, body.model_dump_json())
                await note_store.edit(connection, note_id, sealed, now=now)
            else:
                body = content.model_copy(update={"signed_by": await store.name_of(connection, caller)})
                sealed = note_store.BODY.seal(keys, note_id, body.model_dump_json())
                await note_store.sign(connection, note_id, sealed, now=now, ends=now + SIGNED)
            row = await note_store.find(connection, caller, note_id, now=now)
        act = Act(
            caller,
            action,
            "refused" if refused else "success" if row else "not_found",
            named("note", [note_id]),
            facts={"revision": asked.revision},
        )
        await kit.auditor.record(act, connection)
    if refused:
        raise refused
    if row is None:
        raise NotFoundError("There is no such note for you.")
    return _shown(keys, row)


def _refusal(row: dict[str, Any], revision: int) -> ConflictError | None:
    if row["state"] == "signed":
        return ConflictError("A signed note is not changed any more.", code="NOTE_SIGNED")
    if row["revision"] != revision:
        return ConflictError("The note was changed meanwhile; please look at it again.", code="NOTE_CHANGED")
    return None


async def removed(kit: Kit, caller: Principal, note_id: UUID) -> None:
    """Raises NotFoundError, and ConflictError for a signed note."""
    async with kit.database.transaction(caller) as connection:
        row = await note_store.find(connection, caller, note_id, now=kit.now(), lock=True)
        is_signed = row is not None and row["state"] == "signed"
        if row and not is_signed:
            await note_store.remove(connection, note_id)
        outcome: Outcome = "refused" if is_signed else "success" if row else "not_found"
        await kit.auditor.record(Act(caller, "note.deleted", outcome, named("note", [note_id])), connection)
    if row is None:
        raise NotFoundError("There is no such note for you.")
    if is_signed:
        raise ConflictError("A signed note is kept for as long as the law asks.", code="NOTE_SIGNED")


def _content(keys: "TenantKeys", row: dict[str, Any]) -> schema.Content:
    return schema.Content.model_validate_json(note_store.BODY.open(keys, row["id"], row["body"]))


def _summary(row: dict[str, Any], content: schema.Content) -> schema.Summary:
    kept = ("id", "state", "case_id", "conversation_id", "created_at", "updated_at", "expires_at", "signed_at")
    return schema.Summary(**{name: row[name] for name in kept}, title=content.title, format=content.format)


def _shown(keys: "TenantKeys", row: dict[str, Any]) -> schema.Note:
    content = _content(keys, row)
    return schema.Note(
        **_summary(row, content).model_dump(),
        revision=row["revision"],
        sections=content.sections,
        sources=content.sources,
        watermark=schema.WATERMARK if row["state"] == "draft" else None,
        signed_by=content.signed_by,
    )


async def _record(
    kit: Kit,
    connection: "AsyncConnection",
    caller: Principal,
    action: str,
    objects: tuple[str, ...],
    *,
    found: bool = True,
    **facts: str,
) -> None:
    await kit.auditor.record(Act(caller, action, "success" if found else "not_found", objects, facts=facts), connection)
