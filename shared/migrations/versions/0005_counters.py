"""What the workers counted since the beginning: sweeps, what they repaired, tasks that failed. For status and metrics."""

from shared.migrations import script

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# A row for each thing counted, rewritten in place; a few changes a second at most, each last in its transaction.
STATEMENTS = """
CREATE TABLE fanout_counters (
    name text PRIMARY KEY,
    value bigint NOT NULL,
    changed_at timestamptz NOT NULL,
    detail text
) WITH (fillfactor = 20);

GRANT SELECT ON fanout_counters TO message_hub_compose, message_hub_worker, message_hub_inbox, message_hub_directory;
GRANT INSERT, UPDATE ON fanout_counters TO message_hub_worker;
"""


def upgrade() -> None:
    script.run(STATEMENTS)
