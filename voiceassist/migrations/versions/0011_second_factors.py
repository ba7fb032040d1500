"""Passkeys and recovery codes beside the authenticator app.

Online-safe: the new tables are empty.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = """
create table mfa_passkeys (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    user_id uuid not null references users (id) on delete cascade,
    credential_id bytea not null unique,
    public_key bytea not null,
    sign_count bigint not null,
    name text not null,
    transports text[] not null default '{}',
    synced boolean not null default false,
    last_used_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index mfa_passkeys_user on mfa_passkeys (user_id);
create table mfa_recovery_codes (
    user_id uuid not null references users (id) on delete cascade,
    selector text not null,
    tenant_id uuid not null references tenants (id),
    hash text not null,
    used_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (user_id, selector)
);
"""
NAMES = ("mfa_passkeys", "mfa_recovery_codes")
RULE = (
    "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
    " and current_setting('app.role', true) = 'service'"
)


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for table in NAMES:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy {table}_all on {table} using ({RULE}) with check ({RULE})")
        op.execute(f"grant select, insert, update, delete on {table} to va_app")


def downgrade() -> None:
    for table in NAMES:
        op.execute(f"drop table {table}")
