"""Since when the attempts of an indexing job fail in a row, so that an outage of seconds kills none.

Online-safe: a column without a default.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table indexing_jobs add column failing_since timestamptz")


def downgrade() -> None:
    op.execute("alter table indexing_jobs drop column failing_since")
