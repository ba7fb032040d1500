"""Versions of the policy, break-glass, and row-level security for the table of tenants.

Online-safe: new tables, and policies that are exchanged in one transaction.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = """
create table policies (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    number integer not null,
    revision text not null check (revision ~ '^[0-9a-f]{64}$'),
    files jsonb not null,
    state text not null default 'proposed' check (state in ('proposed', 'published', 'replaced', 'rejected')),
    needs_second boolean not null,
    author_id uuid not null references users (id),
    approver_id uuid references users (id),
    created_at timestamptz not null default now(),
    published_at timestamptz,
    -- What two people must agree to, one cannot publish, whatever the room believes.
    check (state not in ('published', 'replaced') or approver_id is not null),
    check (state not in ('published', 'replaced') or not needs_second or approver_id <> author_id)
);
create unique index policies_published on policies (tenant_id) where state = 'published';
create unique index policies_number on policies (tenant_id, number);
create table break_glass (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    user_id uuid not null references users (id) on delete cascade,
    owner_id uuid not null references users (id) on delete cascade,
    reason bytea not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    closed_at timestamptz,
    check (user_id <> owner_id),
    check (expires_at <= created_at + interval '31 minutes')
);
create index break_glass_user on break_glass (user_id, expires_at);
"""
TENANT = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
ROLE = "current_setting('app.role', true)"
ME = "nullif(current_setting('app.owner', true), '')::uuid"
SERVICE = f"{ROLE} = 'service'"
OPENED = f"""owner_id in (
    select b.owner_id from break_glass b where b.user_id = {ME} and b.closed_at is null and now() < b.expires_at)"""  # noqa: S608
DOCUMENTS = f"{TENANT} and ({SERVICE} or owner_id = {ME} or visibility = 'shared'"
RULES = f"""
create policy policies_read on policies for select using ({TENANT} and {ROLE} in ('admin', 'viewer', 'service'));
create policy policies_add on policies for insert with check ({TENANT} and {ROLE} = 'admin' and author_id = {ME});
create policy policies_change on policies for update using ({TENANT} and {ROLE} = 'admin') with check ({TENANT});
create policy break_glass_read on break_glass for select
    using ({TENANT} and ({ROLE} in ('admin', 'viewer', 'service') or user_id = {ME} or owner_id = {ME}));
create policy break_glass_add on break_glass for insert with check ({TENANT} and user_id = {ME});
create policy break_glass_close on break_glass for update
    using ({TENANT} and ({SERVICE} or user_id = {ME})) with check ({TENANT} and ({SERVICE} or user_id = {ME}));
drop policy documents_read on documents;
create policy documents_read on documents for select using ({DOCUMENTS} or {OPENED}));
create policy tenants_read on tenants for select
    using ({SERVICE} or id = nullif(current_setting('app.tenant', true), '')::uuid);
create policy tenants_change on tenants for all using ({SERVICE}) with check ({SERVICE});
grant select, insert on policies, break_glass to va_app;
grant update (state, approver_id, published_at, number) on policies to va_app;
grant update (closed_at, reason) on break_glass to va_app
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for table in ("policies", "break_glass"):
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
    op.execute("alter table tenants enable row level security")  # not forced: migrations read all tenants as the owner
    for rule in RULES.split(";\n"):
        if rule.strip():
            op.execute(rule)


def downgrade() -> None:
    op.execute("drop policy documents_read on documents")
    op.execute(f"create policy documents_read on documents for select using ({DOCUMENTS}))")
    op.execute("drop policy tenants_read on tenants")
    op.execute("drop policy tenants_change on tenants")
    op.execute("alter table tenants disable row level security")
    op.execute("drop table break_glass")
    op.execute("drop table policies")
