"""Titles, names and passages of documents are sealed, and their words for search are blind.

Online-safe: the new columns are empty and the old ones get a default; `words` keeps what it holds and is from now on
written by who writes the passage. Rows in clear are read and found as they are until `voiceassist encryption
reencrypt`, or the hourly round of ingestion, has sealed them. What PostgreSQL keeps of the old rows on the disk goes
with `vacuum full` (docs/reference/encryption.md).
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = """
alter table documents
    alter column title set default '',
    alter column file_name set default '',
    add column title_sealed bytea,
    add column file_name_sealed bytea,
    add column source_sealed bytea,
    add column doc_key_sealed bytea,
    add column words tsvector;
alter table chunks
    alter column content set default '',
    alter column words drop expression,
    add column heading_sealed bytea,
    add column content_sealed bytea;
alter table uploads
    alter column title set default '',
    alter column file_name set default '',
    alter column doc_key set default '',
    alter column source set default '',
    add column title_sealed bytea,
    add column file_name_sealed bytea,
    add column source_sealed bytea,
    add column doc_key_sealed bytea;
create index documents_clear on documents (tenant_id, id) where title_sealed is null;
create index chunks_clear on chunks (tenant_id, id) where content_sealed is null;
"""
# The older schema cannot read what is sealed: such documents lose their names and have to be indexed again, from the
# sealed file, which is as it was.
BACK = """
delete from chunks where content_sealed is not null;
update indexing_jobs j set state = 'failed' from documents d
    where d.id = j.document_id and d.title_sealed is not null and j.state in ('pending', 'running', 'completed');
update documents set status = 'failed'
    where title_sealed is not null and status in ('pending', 'running', 'completed');
update documents set title = 'Document', file_name = 'document' where title_sealed is not null;
delete from uploads where title_sealed is not null;
drop index documents_clear;
drop index chunks_clear;
drop index chunks_words;
alter table documents
    drop column title_sealed, drop column file_name_sealed, drop column source_sealed, drop column doc_key_sealed,
    drop column words, alter column title drop default, alter column file_name drop default;
alter table chunks
    drop column heading_sealed, drop column content_sealed, drop column words, alter column content drop default;
alter table chunks
    add column words tsvector generated always as (to_tsvector('english', heading || ' ' || content)) stored;
create index chunks_words on chunks using gin (words);
alter table uploads
    drop column title_sealed, drop column file_name_sealed, drop column source_sealed, drop column doc_key_sealed,
    alter column title drop default, alter column file_name drop default, alter column doc_key drop default,
    alter column source drop default;
"""
NAMES = ("documents", "chunks", "indexing_jobs", "uploads")


def upgrade() -> None:
    run(TABLES)


def downgrade() -> None:
    for table in NAMES:
        op.execute(f"alter table {table} no force row level security")
    run(BACK)
    for table in NAMES:
        op.execute(f"alter table {table} force row level security")


def run(statements: str) -> None:
    for statement in statements.split(";\n"):
        if statement.strip():
            op.execute(statement)
