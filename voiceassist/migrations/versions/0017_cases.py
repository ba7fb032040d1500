"""Cases with their facts, rounds, and notes; a conversation may belong to a case and have a summary.

Online-safe: the new tables are empty, the new columns have no default.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# What rounds hold goes with their row. A signed note outlives its case, its conversation and its author's account: it
# is kept for as long as the law asks (docs/reference/rooms/conversations.md).
TABLES = """
create table rounds (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    owner_id uuid not null unique references users (id) on delete cascade,
    expires_at timestamptz not null,
    created_at timestamptz not null
);
create index rounds_expiry on rounds (tenant_id, expires_at);
create table cases (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    owner_id uuid not null references users (id) on delete cascade,
    rounds_id uuid references rounds (id) on delete cascade,
    body bytea not null,
    expires_at timestamptz not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index cases_owner on cases (tenant_id, owner_id, id desc);
create index cases_expiry on cases (tenant_id, expires_at);
create index cases_rounds on cases (rounds_id);
create table case_facts (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    owner_id uuid not null references users (id) on delete cascade,
    case_id uuid not null references cases (id) on delete cascade,
    body bytea not null,
    created_at timestamptz not null
);
create index case_facts_case on case_facts (case_id, id);
create table notes (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    owner_id uuid references users (id) on delete set null,
    case_id uuid references cases (id) on delete set null,
    conversation_id uuid references conversations (id) on delete set null,
    state text not null check (state in ('draft', 'signed')),
    revision integer not null default 1,
    body bytea not null,
    signed_at timestamptz,
    expires_at timestamptz not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index notes_owner on notes (tenant_id, owner_id, id desc);
create index notes_expiry on notes (tenant_id, expires_at);
create index notes_case on notes (case_id);
create index notes_conversation on notes (conversation_id);
alter table conversations
    add column case_id uuid references cases (id) on delete set null,
    add column summary bytea;
create index conversations_case on conversations (case_id);
"""
NEW = ("rounds", "cases", "case_facts", "notes")
RULE = (
    "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
    " and (current_setting('app.role', true) = 'service'"
    " or owner_id = nullif(current_setting('app.owner', true), '')::uuid)"
)


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for table in NEW:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy {table}_all on {table} using ({RULE}) with check ({RULE})")
        op.execute(f"grant select, insert, update, delete on {table} to va_app")


def downgrade() -> None:
    op.execute("alter table conversations drop column case_id, drop column summary")
    for table in reversed(NEW):
        op.execute(f"drop table {table}")
