"""Which embedding model made the vectors of a tenant's passages, and room for those of the model that follows.

Online-safe: the type of `embedding` loses its fixed length and new columns are empty, neither rewrites the table; rooms
that do not know the new tables go on with the one model there is.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# The id of a model is name/quantisation/pooling/weights. All vectors so far come from one model of 384 numbers that
# takes 512 tokens.
TABLES = """
create table embedding_models (
    id text primary key,
    name text not null,
    weights text not null,
    dimension integer not null check (dimension between 1 and 16000),
    pooling text not null,
    max_tokens integer not null,
    quantisation text not null,
    created_at timestamptz not null default now()
);
create table passage_indexes (
    tenant_id uuid primary key references tenants (id),
    model_id text not null references embedding_models (id),
    previous_model_id text references embedding_models (id),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
alter table chunks
    alter column embedding type halfvec,
    add column next_embedding halfvec,
    add column next_model text;
create index chunks_with_next on chunks (tenant_id, next_model) where next_model is not null;
alter table chunks no force row level security;
insert into embedding_models (id, name, weights, dimension, pooling, max_tokens, quantisation)
    select distinct embedding_model, split_part(embedding_model, '/', 1), split_part(embedding_model, '/', 4), 384,
        split_part(embedding_model, '/', 3), 512, split_part(embedding_model, '/', 2)
    from chunks;
insert into passage_indexes (tenant_id, model_id)
    select distinct on (tenant_id) tenant_id, embedding_model from chunks order by tenant_id, updated_at desc;
alter table chunks force row level security;
"""
TENANT = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    op.execute("alter table passage_indexes enable row level security")
    op.execute("alter table passage_indexes force row level security")
    op.execute(f"create policy passage_indexes_all on passage_indexes using ({TENANT}) with check ({TENANT})")
    op.execute("grant select, insert on embedding_models to va_app")
    op.execute("grant select, insert, update on passage_indexes to va_app")


def downgrade() -> None:
    op.execute("alter table chunks no force row level security")
    # Vectors of another length do not fit the old column; their documents are indexed again when asked for.
    op.execute("delete from chunks where vector_dims(embedding) <> 384")
    op.execute("alter table chunks force row level security")
    op.execute("alter table chunks drop column next_model, drop column next_embedding")
    op.execute("alter table chunks alter column embedding type halfvec(384)")
    op.execute("drop table passage_indexes")
    op.execute("drop table embedding_models")
