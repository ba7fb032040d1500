"""First tables: tenants, users and second factors, API keys, documents and chunks, notifications,
outbox and the memory of handled events; row-level security from the first day.

Online-safe: nothing exists before it.
"""

from alembic import op

from voiceassist.core.identity import DEFAULT_TENANT

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
create table tenants (
    id uuid primary key,
    name text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create table users (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    iss text not null,
    sub text not null,
    email text not null default '',
    display_name text not null default '',
    role text not null check (role in ('admin', 'viewer', 'user')),
    profile text not null default '',
    status text not null default 'active' check (status in ('invited', 'active', 'disabled')),
    mfa_enrolled boolean not null default false,
    last_login_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (iss, sub)
);
create table mfa_totp (
    user_id uuid primary key references users (id) on delete cascade,
    tenant_id uuid not null references tenants (id),
    secret bytea not null,
    last_step bigint not null default 0,
    confirmed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create table api_keys (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    owner_id uuid not null references users (id) on delete cascade,
    name text not null,
    hash bytea not null unique,
    scopes text[] not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create table documents (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    owner_id uuid not null references users (id) on delete cascade,
    doc_key text not null,
    version integer not null default 1,
    content_hash bytea not null,
    title text not null,
    file_name text not null,
    format text not null check (format in ('pdf', 'docx', 'html', 'txt', 'md')),
    size_bytes bigint not null,
    page_count integer,
    visibility text not null default 'private' check (visibility in ('private', 'shared')),
    status text not null default 'pending'
        check (status in ('pending', 'running', 'completed', 'failed', 'superseded', 'deleted')),
    object_key text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (tenant_id, owner_id, content_hash)
);
create table indexing_jobs (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    owner_id uuid not null references users (id) on delete cascade,
    document_id uuid not null references documents (id) on delete cascade,
    state text not null default 'pending'
        check (state in ('pending', 'running', 'completed', 'failed', 'superseded')),
    step text not null default 'upload',
    total_chunks integer not null default 0,
    processed_chunks integer not null default 0,
    retry_count integer not null default 0,
    error_code text,
    started_at timestamptz,
    completed_at timestamptz,
    failed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index indexing_jobs_document on indexing_jobs (document_id);
create table chunks (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    owner_id uuid not null references users (id) on delete cascade,
    document_id uuid not null references documents (id) on delete cascade,
    visibility text not null default 'private' check (visibility in ('private', 'shared')),
    index integer not null,
    page integer,
    heading text not null default '',
    content text not null,
    token_count integer not null,
    embedding halfvec(384) not null,
    embedding_model text not null,
    words tsvector generated always as (to_tsvector('english', heading || ' ' || content)) stored,
    superseded boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (document_id, index)
);
-- No HNSW here: one user's chunks are searched exactly, since a filter under an approximate index
-- loses results silently (ADR 0004).
create index chunks_owner on chunks (tenant_id, owner_id);
create index chunks_words on chunks using gin (words);
create table notifications (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    owner_id uuid not null references users (id) on delete cascade,
    kind text not null,
    document_id uuid,
    data jsonb not null default '{}',
    read_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index notifications_owner on notifications (owner_id, id desc);
create table outbox (
    id uuid primary key,
    room text not null,
    event bytea not null,
    created_at timestamptz not null default now(),
    published_at timestamptz,
    refused smallint
);
create index outbox_unsent on outbox (id) where published_at is null and refused is null;
create table processed_events (
    room text not null,
    source text not null,
    event_id text not null,
    handled_at timestamptz not null default now(),
    primary key (room, source, event_id)
);
"""

# A row is seen inside its tenant only, and a person's row only by that person or by a service acting
# for the tenant. `nullif`: on a pooled connection the setting is '' after a transaction, not NULL.
TENANT = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
SERVICE = "current_setting('app.role', true) = 'service'"
OWNER = "owner_id = nullif(current_setting('app.owner', true), '')::uuid"
SHARED = "visibility = 'shared'"
SELF = "id = nullif(current_setting('app.owner', true), '')::uuid"

READ = {
    "users": f"{TENANT} and ({SERVICE} or {SELF})",
    "mfa_totp": f"{TENANT} and {SERVICE}",
    "api_keys": f"{TENANT} and ({SERVICE} or {OWNER})",
    "documents": f"{TENANT} and ({SERVICE} or {OWNER} or {SHARED})",
    "indexing_jobs": f"{TENANT} and ({SERVICE} or {OWNER})",
    "chunks": f"{TENANT} and ({SERVICE} or {OWNER} or {SHARED})",
    "notifications": f"{TENANT} and ({SERVICE} or {OWNER})",
}
WRITE = READ | {
    "documents": f"{TENANT} and ({SERVICE} or {OWNER})",
    "chunks": f"{TENANT} and ({SERVICE} or {OWNER})",
}
ALL = ["tenants", *READ, "outbox", "processed_events"]


def upgrade() -> None:
    op.execute("create extension if not exists vector")
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for table, rule in READ.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy {table}_read on {table} for select using ({rule})")
        change = WRITE[table]
        op.execute(f"create policy {table}_insert on {table} for insert with check ({change})")
        op.execute(f"create policy {table}_update on {table} for update using ({change}) with check ({change})")
        op.execute(f"create policy {table}_delete on {table} for delete using ({change})")
    for table in ALL:
        op.execute(f"grant select, insert, update, delete on {table} to va_app")
    op.execute(f"insert into tenants (id, name) values ('{DEFAULT_TENANT}', 'Default organisation')")  # noqa: S608


def downgrade() -> None:
    for table in reversed(ALL):
        op.execute(f"drop table {table} cascade")
