"""Accounts that follow a directory, what was last taken over from it, and the report of the last look.

Online-safe: new columns have a default, the new tables are empty.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Of a disabled account: `disabled_in_directory` says that the directory wants it so, `disabled_here` that an
# administrator had done it before; an account is open again when neither holds.
TABLES = """
alter table users
    add column from_directory boolean not null default false,
    add column disabled_in_directory boolean not null default false,
    add column disabled_here boolean not null default false;
create table directory_people (
    tenant_id uuid not null references tenants (id),
    uid text not null,
    hash bytea not null,
    state text not null check (state in ('active', 'disabled', 'gone')),
    primary key (tenant_id, uid)
);
create table directory_reports (
    tenant_id uuid primary key references tenants (id),
    report jsonb not null,
    retry_at timestamptz
);
"""
BACK = """
alter table users
    drop column from_directory,
    drop column disabled_in_directory,
    drop column disabled_here;
"""
RULE = (
    "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
    " and current_setting('app.role', true) = 'service'"
)
NEW = ("directory_people", "directory_reports")


def upgrade() -> None:
    run(TABLES)
    for table in NEW:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy {table}_all on {table} using ({RULE}) with check ({RULE})")
        op.execute(f"grant select, insert, update, delete on {table} to va_app")


def downgrade() -> None:
    for table in reversed(NEW):
        op.execute(f"drop table {table}")
    run(BACK)


def run(statements: str) -> None:
    for statement in statements.split(";\n"):
        if statement.strip():
            op.execute(statement)
