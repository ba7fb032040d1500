"""Subscriptions of integrators and what became of each delivery to them.

Online-safe: two new tables that nothing reads before the room that owns them.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
create table subscriptions (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    owner_id uuid not null references users (id) on delete cascade,
    name text not null,
    sink text not null,
    filters jsonb not null,
    active boolean not null,
    disabled_reason text,
    secret bytea not null,
    previous_secret bytea,
    previous_until timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index subscriptions_owner on subscriptions (owner_id, id desc);
create table subscription_deliveries (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    owner_id uuid not null references users (id) on delete cascade,
    subscription_id uuid not null references subscriptions (id) on delete cascade,
    event_id text not null,
    event_type text not null,
    outcome text not null,
    status smallint,
    duration_ms integer not null,
    created_at timestamptz not null default now()
);
create index subscription_deliveries_of on subscription_deliveries (subscription_id, id desc);
create index subscription_deliveries_age on subscription_deliveries (created_at);
"""
NAMES = ("subscriptions", "subscription_deliveries")
# The owner, an administrator of the tenant, or a service acting for it.
RULE = (
    "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
    " and (current_setting('app.role', true) in ('service', 'admin')"
    " or owner_id = nullif(current_setting('app.owner', true), '')::uuid)"
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
    for table in reversed(NAMES):
        op.execute(f"drop table {table}")
