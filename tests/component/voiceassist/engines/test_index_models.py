"""The migration after which an index says which model it has: passages keep their vectors and get a name for them."""

import asyncio

import asyncpg
import pytest

from voiceassist.core import ids
from voiceassist.migrations import downgrade, upgrade
from voiceassist.runtime.engines.postgres import ADMIN, PostgresEngine

pytestmark = pytest.mark.req("P1.7")

MINILM = "all-MiniLM-L6-v2/int8-channel/mean/53aa5117"


async def passage(connection, *, model, dimension):
    """A tenant with one passage; whoever owns the tables is bound by their policies, the cluster's owner is not."""
    tenant, user, document = ids.new_id(), ids.new_id(), ids.new_id()
    await connection.execute("insert into tenants (id, name) values ($1, 't')", tenant)
    await connection.execute(
        "insert into users (id, tenant_id, iss, sub, role) values ($1, $2, 'i', $3, 'user')", user, tenant, str(user)
    )
    await connection.execute(
        "insert into documents (id, tenant_id, owner_id, doc_key, content_hash, title, file_name, format, size_bytes,"
        " object_key) values ($1, $2, $3, 'k', $4, 't', 'f', 'txt', 1, 'o')",
        document, tenant, user, document.bytes,
    )  # fmt: skip
    await connection.execute(
        "insert into chunks (id, tenant_id, owner_id, document_id, index, content, token_count, embedding,"
        " embedding_model) values ($1, $2, $3, $4, 0, 'c', 1, cast($5::text as halfvec), $6)",
        ids.new_id(), tenant, user, document, str([1.0] * dimension), model,
    )  # fmt: skip
    return tenant


async def test_passages_keep_their_vectors_both_ways(engines):
    postgres = PostgresEngine(engines.layout, engines.secrets, engines.account)
    access = {"host": str(postgres.sockets), "user": ADMIN, "password": engines.secrets.postgres_admin}
    admin = await asyncpg.connect(**access, database="postgres")
    await admin.execute("create database models owner va_owner")
    try:
        inside = await asyncpg.connect(**access, database="models")
        await inside.execute("create extension vector; alter schema public owner to va_owner")
        dsn = postgres.dsn("va_owner").replace("/voiceassist?", "/models?")
        await asyncio.to_thread(upgrade, dsn, "0004")
        tenant = await passage(inside, model=MINILM, dimension=384)

        await asyncio.to_thread(upgrade, dsn, "0005")
        assert await inside.fetch("select tenant_id, model_id, previous_model_id from passage_indexes") == [
            (tenant, MINILM, None)
        ]
        (model,) = await inside.fetch(
            "select name, weights, dimension, pooling, max_tokens, quantisation from embedding_models"
        )
        assert tuple(model) == ("all-MiniLM-L6-v2", "53aa5117", 384, "mean", 512, "int8-channel")
        assert await inside.fetchval("select relforcerowsecurity from pg_class where relname = 'chunks'")
        await passage(inside, model="another/float32/cls/00000000", dimension=48)

        await asyncio.to_thread(downgrade, dsn, "0004")
        rows = await inside.fetch("select tenant_id, vector_dims(embedding) from chunks")
        assert [tuple(row) for row in rows] == [(tenant, 384)]
        assert await inside.fetchval("select relforcerowsecurity from pg_class where relname = 'chunks'")
        await inside.close()
    finally:
        await admin.execute("drop database models with (force)")
        await admin.close()
