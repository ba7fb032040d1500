"""The outbox knows each event's key and place in line, and which rows a publisher has on lease.

Online-safe: numbering rewrites the outbox, which holds a week of sent events at most; rooms wait a moment for it, and
rows of rooms that do not know the columns yet get a key of their own.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# `position` is counted by the database in the order of inserts: ids hold the clock of whoever made them, and the clocks
# of two pods differ.
STATEMENTS = """
alter table outbox
    add column position bigint generated always as identity,
    add column key text not null default gen_random_uuid()::text,
    add column held_until timestamptz;
update outbox set key = convert_from(event, 'UTF8')::jsonb ->> 'partitionkey'
    where published_at is null and convert_from(event, 'UTF8')::jsonb ->> 'partitionkey' is not null;
drop index outbox_unsent;
create index outbox_unsent on outbox (position) where published_at is null and refused is null;
create index outbox_unsent_of_key on outbox (key, position) where published_at is null and refused is null;
create index outbox_sent on outbox (published_at) where published_at is not null;
create index processed_events_age on processed_events (handled_at);
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    for index in ("processed_events_age", "outbox_sent", "outbox_unsent_of_key", "outbox_unsent"):
        op.execute(f"drop index {index}")
    op.execute("alter table outbox drop column held_until, drop column key, drop column position")
    op.execute("create index outbox_unsent on outbox (id) where published_at is null and refused is null")
