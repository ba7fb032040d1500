"""Conversations and their items, as the voice service keeps them; what was said is sealed.

Online-safe: the new tables are empty.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# `seq` counts the changes of a conversation, and stands with each item for its last one. An item's id follows from the
# conversation's and the client's own name of it, which stands in `body` beside the words: a name may tell something.
TABLES = """
create table conversations (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    owner_id uuid not null references users (id) on delete cascade,
    seq bigint not null default 0,
    expires_at timestamptz not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index conversations_owner on conversations (tenant_id, owner_id, id desc);
create index conversations_expiry on conversations (tenant_id, expires_at);
create table conversation_items (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    owner_id uuid not null references users (id) on delete cascade,
    conversation_id uuid not null references conversations (id) on delete cascade,
    number integer not null,
    seq bigint not null,
    role text not null check (role in ('user', 'assistant', 'system')),
    interrupted boolean not null default false,
    body bytea not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index conversation_items_number on conversation_items (conversation_id, number);
"""
NEW = ("conversations", "conversation_items")
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
    for table in reversed(NEW):
        op.execute(f"drop table {table}")
