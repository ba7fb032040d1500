"""What of a document is sealed in PostgreSQL, and how rows of older releases are brought to it.

Title, names and passages are sealed columns; words for search are blind (encryption/words.py). The key under which a
document's versions stand together is looked up by a blind index, which takes the key's place in `doc_key`.
A row without a sealed title or text was written by an older release, in clear: it is read as it is, found as it is, and
sealed by `seal_clear`.
"""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from voiceassist.adapters.encryption import words
from voiceassist.adapters.encryption.columns import Column
from voiceassist.adapters.encryption.keyring import Keyring
from voiceassist.adapters.postgres import Database
from voiceassist.core.identity import Principal

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from voiceassist.adapters.encryption.keys import TenantKeys

TITLE = Column("documents", "title_sealed", plain="title")
FILE_NAME = Column("documents", "file_name_sealed", plain="file_name")
PUBLISHER = Column("documents", "source_sealed", plain="source")
KEY = Column("documents", "doc_key_sealed")
HEADING = Column("chunks", "heading_sealed", plain="heading")
CONTENT = Column("chunks", "content_sealed", plain="content")
SEALED = (TITLE, FILE_NAME, PUBLISHER, KEY, HEADING, CONTENT)

BATCH = 64

# Ordered as the indexes of rows in clear are: an `exists` would read the whole table while other tenants have some.
ANY_CLEAR = """
(select true from documents where title_sealed is null order by tenant_id, id limit 1) is not null
or (select true from chunks where content_sealed is null order by tenant_id, id limit 1) is not null
""".strip()
_ANY_CLEAR = f"select {ANY_CLEAR}"
# An upload under the same key waits, and neither sees half of a family.
_CLEAR_DOCUMENTS = """
select id, owner_id, doc_key, doc_key_sealed, title, title_sealed, file_name, file_name_sealed, source, source_sealed
from documents
where title_sealed is null and (owner_id, doc_key) in (
    select distinct owner_id, doc_key from documents
    where title_sealed is null and (cast(:owner as uuid) is null or owner_id = :owner and doc_key = :key) limit :limit
)
order by id for update
"""
# A version that somebody gave its number meanwhile, under the blind key, keeps it.
_SEAL_DOCUMENT = """
update documents d set
    title = '', file_name = '', source = '', doc_key = :key, title_sealed = :title_sealed,
    file_name_sealed = :file_name_sealed, source_sealed = :source_sealed, doc_key_sealed = :doc_key_sealed,
    words = setweight(cast(:words as tsvector), 'A'),
    version = (
        select case when bool_or(o.version = d.version) then max(o.version) + 1 else d.version end
        from documents o where o.tenant_id = d.tenant_id and o.owner_id = d.owner_id and o.doc_key = :key
    )
where id = :id
"""
_CLEAR_PASSAGES = """
select id, heading, content from chunks where content_sealed is null order by id limit :limit for update skip locked
"""
_SEAL_PASSAGE = """
update chunks set heading = '', content = '', heading_sealed = :heading_sealed, content_sealed = :content_sealed,
    words = cast(:words as tsvector)
where id = :id
"""


def key_index(keys: "TenantKeys", owner_id: UUID, key: str) -> str:
    """What stands in `doc_key`: equal for equal keys of one owner, and for nothing else."""
    return keys.blind("documents.doc_key", f"{owner_id}/{key}".encode()).hex()


def sealed_document(
    keys: "TenantKeys", document_id: UUID, *, title: str, file_name: str, source: str, doc_key: str
) -> dict[str, bytes]:
    """The sealed columns of a row by their names."""
    texts = {TITLE: title, FILE_NAME: file_name, PUBLISHER: source, KEY: doc_key}
    return {column.name: column.seal(keys, document_id, told) for column, told in texts.items()}


def sealed_passage(keys: "TenantKeys", chunk_id: UUID, *, heading: str, content: str) -> dict[str, bytes]:
    return {
        HEADING.name: HEADING.seal(keys, chunk_id, heading),
        CONTENT.name: CONTENT.seal(keys, chunk_id, content),
    }


def opened_document(keys: "TenantKeys", document_id: UUID, row: Any) -> dict[str, str]:
    """Title, file name, source and key by their columns' names, of those that the row, a mapping, has."""
    texts = {"title": TITLE, "file_name": FILE_NAME, "source": PUBLISHER, "doc_key": KEY}
    return {
        name: column.open_or(keys, document_id, row[column.name], row[name])
        for name, column in texts.items()
        if column.name in row
    }


def opened_passage(keys: "TenantKeys", chunk_id: UUID, row: Any) -> tuple[str, str]:
    """Heading and text of a row, a mapping."""
    heading = HEADING.open_or(keys, chunk_id, row[HEADING.name], row["heading"])
    return heading, CONTENT.open_or(keys, chunk_id, row[CONTENT.name], row["content"])


def searchable(heading: str, content: str) -> str:
    """What of a passage is searched by words, beside its document's title."""
    return f"{heading} {content}"


async def seal_clear(database: Database, keyring: Keyring, actor: Principal) -> int:
    """Seal what older releases wrote in clear for the actor's tenant; returns how many rows.

    Batch by batch while everything runs, and safe several times at once. What is read meanwhile is the same.
    """
    from sqlalchemy import text

    async with database.transaction(actor) as connection:
        if not (await connection.execute(text(_ANY_CLEAR))).scalar_one():
            return 0  # and no keys are made for a tenant without documents
    count = 0
    for work in (seal_documents, seal_passages):
        done = 1
        while done:
            keys = await keyring.of(actor.tenant_id)
            async with database.transaction(actor) as connection:
                done = await work(connection, keys)
            count += done
    return count


async def seal_documents(
    connection: "AsyncConnection",
    keys: "TenantKeys",
    *,
    owner_id: UUID | None = None,
    key: str = "",
    limit: int = BATCH,
) -> int:
    """Documents in clear of at most `limit` keys, or an owner's of one key; returns how many there were.

    All versions of a key at once: they are told to belong together by what stands in `doc_key`.
    """
    from sqlalchemy import text

    asked = {"owner": owner_id, "key": key, "limit": limit}
    rows = (await connection.execute(text(_CLEAR_DOCUMENTS), asked)).mappings().all()
    told = [opened_document(keys, row["id"], row) for row in rows]
    blind = await words.vectors(connection, keys, [each["title"] for each in told])
    for row, each, vector in zip(rows, told, blind, strict=True):
        given = {"id": row["id"], "key": key_index(keys, row["owner_id"], each["doc_key"]), "words": vector}
        await connection.execute(text(_SEAL_DOCUMENT), sealed_document(keys, row["id"], **each) | given)
    return len(rows)


async def seal_passages(connection: "AsyncConnection", keys: "TenantKeys", *, limit: int = BATCH) -> int:
    """One batch of passages in clear; returns how many there were."""
    from sqlalchemy import text

    rows = (await connection.execute(text(_CLEAR_PASSAGES), {"limit": limit})).all()
    blind = await words.vectors(connection, keys, [searchable(row.heading, row.content) for row in rows])
    sealed = [
        sealed_passage(keys, row.id, heading=row.heading, content=row.content) | {"id": row.id, "words": vector}
        for row, vector in zip(rows, blind, strict=True)
    ]
    if sealed:
        await connection.execute(text(_SEAL_PASSAGE), sealed)
    return len(rows)
