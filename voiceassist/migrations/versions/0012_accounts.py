"""Invitations, tombstones, and a role that an invitation gave.

Online-safe: new columns are null or have a default, a new state is added to those allowed, the new table is empty.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# `granted_role` stands where the issuer tells no role that we know.
TABLES = """
alter table users
    add column granted_role text check (granted_role in ('admin', 'viewer', 'user')),
    add column granted_profile text not null default '',
    drop constraint users_status_check,
    add constraint users_status_check check (status in ('invited', 'active', 'disabled', 'deprovisioned'));
create table invitations (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    name text not null,
    email text not null,
    role text not null check (role in ('admin', 'viewer', 'user')),
    profile text not null,
    token_hash bytea not null unique,
    invited_by uuid not null references users (id),
    expires_at timestamptz not null,
    accepted_at timestamptz,
    accepted_by uuid references users (id),
    revoked_at timestamptz,
    created_at timestamptz not null default now()
);
create index invitations_tenant on invitations (tenant_id, id desc);
"""
RULE = (
    "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
    " and current_setting('app.role', true) = 'service'"
)
# The older schema knows no tombstone: who is deprovisioned stays out as disabled.
BACK = """
update users set status = 'disabled' where status = 'deprovisioned';
alter table users
    drop constraint users_status_check,
    add constraint users_status_check check (status in ('invited', 'active', 'disabled')),
    drop column granted_role,
    drop column granted_profile;
"""


def upgrade() -> None:
    run(TABLES)
    op.execute("alter table invitations enable row level security")
    op.execute("alter table invitations force row level security")
    op.execute(f"create policy invitations_all on invitations using ({RULE}) with check ({RULE})")
    op.execute("grant select, insert, update on invitations to va_app")


def downgrade() -> None:
    op.execute("drop table invitations")
    op.execute("alter table users no force row level security")
    run(BACK)
    op.execute("alter table users force row level security")


def run(statements: str) -> None:
    for statement in statements.split(";\n"):
        if statement.strip():
            op.execute(statement)
