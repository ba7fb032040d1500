"""Wrapped data keys of tenants, and the certificates of destroyed ones.

Online-safe: two new tables that nothing reads before the release that makes keys.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = """
create table data_keys (
    tenant_id uuid not null references tenants (id),
    purpose text not null check (purpose in ('seal', 'index')),
    version integer not null check (version > 0),
    wrapped bytea,
    kek text not null,
    state text not null default 'live' check (state in ('live', 'destroyed')),
    messages bigint not null default 0,
    usable_from timestamptz not null,
    created_at timestamptz not null default now(),
    rewrapped_at timestamptz,
    destroyed_at timestamptz,
    primary key (tenant_id, purpose, version),
    check ((wrapped is null) = (state = 'destroyed'))
);
create table key_erasures (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    certificate jsonb not null,
    created_at timestamptz not null default now()
);
"""
RULE = (
    "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
    " and current_setting('app.role', true) = 'service'"
)
# A destroyed key stays as a row, so that nobody makes the tenant a new one; a certificate is never changed.
GRANTS = {"data_keys": "select, insert, update", "key_erasures": "select, insert"}


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for table, grants in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy {table}_all on {table} using ({RULE}) with check ({RULE})")
        op.execute(f"grant {grants} on {table} to va_app")


def downgrade() -> None:
    for table in GRANTS:
        op.execute(f"drop table {table}")
