"""People, documents, passages and vectors for the tests of the stores."""

from uuid import uuid4

import numpy as np
from sqlalchemy import text

from voiceassist.adapters.vectors.index_models import literal
from voiceassist.core import ids
from voiceassist.core.identity import Principal, service
from voiceassist.ports.embedding import Model
from voiceassist.ports.vectors import Chunk

DIMENSION = 384
MODEL = Model("test", "7e57" * 16, DIMENSION, "mean", 512)
TEXTS = ["Warfarin is reversed with vitamin K.", "Apixaban needs no monitoring.", "Gout flares are treated early."]


async def owner_of(database, tenant_id=None) -> Principal:
    """A new user, of a new tenant unless one is named: other tests share documents in theirs."""
    tenant_id = tenant_id or ids.new_id()
    user_id = ids.new_id()
    async with database.transaction(service("test", tenant_id)) as connection:
        await connection.execute(
            text("insert into tenants (id, name) values (:id, 't') on conflict do nothing"), {"id": tenant_id}
        )
        await connection.execute(
            text("insert into users (id, tenant_id, iss, sub, role) values (:id, :tenant, 'i', :sub, 'user')"),
            {"id": user_id, "tenant": tenant_id, "sub": str(user_id)},
        )
    return Principal(str(user_id), tenant_id, "user", user_id)


async def document_of(database, owner, title="Handbook", visibility="private") -> str:
    document_id = ids.new_id()
    async with database.transaction(owner) as connection:
        await connection.execute(
            text(
                "insert into documents (id, tenant_id, owner_id, doc_key, content_hash, title, file_name, format,"
                " size_bytes, object_key, status, visibility) values (:id, :tenant, :owner, :key, :hash, :title, 'f',"
                " 'txt', 1, 'o', 'completed', :visibility)"
            ),
            {
                "id": document_id,
                "tenant": owner.tenant_id,
                "owner": owner.user_id,
                "key": str(document_id),
                "hash": document_id.bytes,
                "title": title,
                "visibility": visibility,
            },
        )
    return str(document_id)


def vectors(count: int, seed: int = 7, dimension: int = DIMENSION) -> np.ndarray:
    values = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def chunks(document_id: str, texts: list[str], title: str = "Handbook") -> list[Chunk]:
    return [
        Chunk(
            chunk_id=str(uuid4()), document_id=document_id, title=title, text=text_, heading="Treatment",
            position=number, page=number + 1,
        )
        for number, text_ in enumerate(texts)
    ]  # fmt: skip


async def bulk(database, owner, document_id, rows, *, model=MODEL, visibility="private"):
    """Passages `passage 1` and so on, in clear as older releases wrote them, without the adapter's own checks."""
    async with database.transaction(owner) as connection:
        await connection.execute(
            text(
                "insert into chunks (id, tenant_id, owner_id, document_id, visibility, index, content, words,"
                " token_count, embedding, embedding_model)"
                " select gen_random_uuid(), :tenant, :owner, :document, :visibility, n,"
                " 'passage ' || n, to_tsvector('english', 'passage ' || n), 1, cast(v as halfvec), :model"
                " from unnest(cast(:vectors as text[])) with ordinality as t(v, n)"
            ),
            {
                "tenant": owner.tenant_id,
                "owner": owner.user_id,
                "document": document_id,
                "visibility": visibility,
                "vectors": [literal(row) for row in rows],
                "model": model.id,
            },
        )
