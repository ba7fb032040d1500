"""The migration after which documents are sealed: what is there stays readable and findable, both ways."""

import asyncio

import asyncpg
import pytest

from voiceassist.core import ids
from voiceassist.migrations import downgrade, upgrade
from voiceassist.runtime.engines.postgres import ADMIN, PostgresEngine

pytestmark = pytest.mark.req("P11.2")

BEFORE, AFTER = "0013", "0014"


async def document(connection, tenant, user):
    document = ids.new_id()
    await connection.execute(
        "insert into documents (id, tenant_id, owner_id, doc_key, content_hash, title, file_name, format, size_bytes,"
        " object_key, status) values ($1, $2, $3, $4, $5, 'Title', 'f', 'txt', 1, 'o', 'completed')",
        document, tenant, user, str(document), document.bytes,
    )  # fmt: skip
    await connection.execute(
        "insert into indexing_jobs (id, tenant_id, owner_id, document_id, state) values ($1, $2, $3, $1, 'completed')",
        document, tenant, user,
    )  # fmt: skip
    await connection.execute(
        "insert into chunks (id, tenant_id, owner_id, document_id, index, content, token_count, embedding,"
        " embedding_model) values ($1, $2, $3, $1, 0, 'gout flares', 1, '[1]', 'm')",
        document, tenant, user,
    )  # fmt: skip
    return document


async def test_rows_in_clear_keep_their_words_and_sealed_ones_are_indexed_again_after_a_way_back(engines):
    postgres = PostgresEngine(engines.layout, engines.secrets, engines.account)
    access = {"host": str(postgres.sockets), "user": ADMIN, "password": engines.secrets.postgres_admin}
    admin = await asyncpg.connect(**access, database="postgres")
    await admin.execute("create database sealing owner va_owner")
    try:
        inside = await asyncpg.connect(**access, database="sealing")
        await inside.execute("create extension vector; alter schema public owner to va_owner")
        dsn = postgres.dsn("va_owner").replace("/voiceassist?", "/sealing?")
        await asyncio.to_thread(upgrade, dsn, BEFORE)
        tenant, user = ids.new_id(), ids.new_id()
        await inside.execute("insert into tenants (id, name) values ($1, 't')", tenant)
        await inside.execute(
            "insert into users (id, tenant_id, iss, sub, role) values ($1, $2, 'i', 's', 'user')", user, tenant
        )
        clear, sealed = [await document(inside, tenant, user) for _ in range(2)]

        await asyncio.to_thread(upgrade, dsn, AFTER)
        words = "select count(*) from chunks where words @@ to_tsquery('english', 'flare') and content = 'gout flares'"
        assert await inside.fetchval(words) == 2
        await inside.execute(
            "update documents set title = '', file_name = '', title_sealed = 's' where id = $1", sealed
        )
        await inside.execute(
            "update chunks set content = '', content_sealed = 's', words = '''blind'':1' where id = $1", sealed
        )

        await asyncio.to_thread(downgrade, dsn, BEFORE)
        assert await inside.fetchval(words) == 1
        kept = await inside.fetch(
            "select d.id, d.title, d.status, j.state from documents d join indexing_jobs j on j.document_id = d.id"
        )
        assert {tuple(row) for row in kept} == {
            (clear, "Title", "completed", "completed"), (sealed, "Document", "failed", "failed"),
        }  # fmt: skip
        for table in ("documents", "chunks", "uploads", "indexing_jobs"):
            assert await inside.fetchval("select relforcerowsecurity from pg_class where relname = $1", table)
        await inside.close()
    finally:
        await admin.execute("drop database sealing with (force)")
        await admin.close()
