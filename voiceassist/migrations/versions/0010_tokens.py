"""Keys that sign access tokens, what applications were granted, their refresh tokens, and keys bound to a key pair.

Online-safe: the new tables are empty, the new column has a default.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Of a refresh token only its SHA-256 is kept: 256 random bits need no slow hash.
TABLES = """
create table signing_keys (
    id uuid primary key,
    kid text not null unique,
    signs_from timestamptz not null unique,
    sealed bytea not null,
    created_at timestamptz not null default now()
);
create table app_grants (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    owner_id uuid not null references users (id) on delete cascade,
    name text not null,
    scopes text[] not null,
    jkt text not null default '',
    amr text[] not null,
    auth_time timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    ended_because text not null default '' check (ended_because in ('', 'owner', 'reuse')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check ((ended_at is null) = (ended_because = ''))
);
create index app_grants_owner on app_grants (tenant_id, owner_id, id desc);
create table refresh_tokens (
    hash bytea primary key,
    tenant_id uuid not null references tenants (id),
    grant_id uuid not null references app_grants (id) on delete cascade,
    expires_at timestamptz not null,
    used_at timestamptz,
    created_at timestamptz not null default now()
);
create index refresh_tokens_grant on refresh_tokens (grant_id);
alter table api_keys add column jkt text not null default '';
"""
TENANT = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
SERVICE = "current_setting('app.role', true) = 'service'"
RULES = {"signing_keys": SERVICE, "app_grants": f"{TENANT} and {SERVICE}", "refresh_tokens": f"{TENANT} and {SERVICE}"}


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for table, rule in RULES.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy {table}_all on {table} using ({rule}) with check ({rule})")
        op.execute(f"grant select, insert, update, delete on {table} to va_app")


def downgrade() -> None:
    op.execute("alter table api_keys drop column jkt")
    for table in ("refresh_tokens", "app_grants", "signing_keys"):
        op.execute(f"drop table {table}")
