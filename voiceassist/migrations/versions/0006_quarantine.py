"""Documents in quarantine, and who decided what about them.

Online-safe: a new column has a default and a new state is added to those allowed; the new table is empty.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# A review outlives its document: the record of a decision is kept, and holds kinds and counts alone.
TABLES = """
alter table documents
    add column phi_released boolean not null default false,
    drop constraint documents_status_check,
    add constraint documents_status_check check
        (status in ('pending', 'running', 'completed', 'failed', 'cancelled', 'superseded', 'quarantined', 'deleted'));
create index documents_quarantined on documents (tenant_id, id) where status = 'quarantined';
alter table indexing_jobs
    drop constraint indexing_jobs_state_check,
    add constraint indexing_jobs_state_check check
        (state in ('pending', 'running', 'completed', 'failed', 'dead', 'cancelled', 'superseded', 'quarantined'));
create table document_reviews (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    document_id uuid not null,
    owner_id uuid not null,
    visibility text not null check (visibility in ('private', 'shared')),
    findings jsonb not null,
    rules text not null default '',
    decision text check (decision in ('released', 'deleted')),
    judgement text check (judgement in ('patient_data', 'no_patient_data')),
    reason text,
    reviewer_id uuid,
    decided_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check ((decision is null) = (reviewer_id is null) and (decision is null) = (decided_at is null))
);
create index document_reviews_tenant on document_reviews (tenant_id, id desc);
create unique index document_reviews_open on document_reviews (document_id) where decision is null;
"""
RULE = (
    "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
    " and current_setting('app.role', true) = 'service'"
)
# The older schema knows no quarantine: what is held stays out of the index as a document that failed.
BACK = """
update documents set status = 'failed' where status = 'quarantined';
update indexing_jobs set state = 'failed' where state = 'quarantined';
alter table documents
    drop constraint documents_status_check,
    add constraint documents_status_check check
        (status in ('pending', 'running', 'completed', 'failed', 'cancelled', 'superseded', 'deleted')),
    drop column phi_released;
drop index documents_quarantined;
alter table indexing_jobs
    drop constraint indexing_jobs_state_check,
    add constraint indexing_jobs_state_check check
        (state in ('pending', 'running', 'completed', 'failed', 'dead', 'cancelled', 'superseded'));
"""


def upgrade() -> None:
    run(TABLES)
    op.execute("alter table document_reviews enable row level security")
    op.execute("alter table document_reviews force row level security")
    op.execute(f"create policy document_reviews_all on document_reviews using ({RULE}) with check ({RULE})")
    # Nobody takes a record away again.
    op.execute("grant select, insert, update on document_reviews to va_app")


def downgrade() -> None:
    op.execute("drop table document_reviews")
    for table in ("documents", "indexing_jobs"):
        op.execute(f"alter table {table} no force row level security")
    run(BACK)
    for table in ("documents", "indexing_jobs"):
        op.execute(f"alter table {table} force row level security")


def run(statements: str) -> None:
    for statement in statements.split(";\n"):
        if statement.strip():
            op.execute(statement)
