"""What tells inbox_api cheaply that an inbox is as it was: a revision per user, and the newest recall of a platform."""

from shared.migrations import script

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = """
-- Raised in every transaction that changes the user's inbox_states. A row is rewritten in place: no index but the key.
CREATE TABLE inbox_revisions (
    user_id bigint PRIMARY KEY,
    revision bigint NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX messages_by_recall ON messages (platform_id, recalled_at) WHERE recalled_at IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON inbox_revisions TO message_hub_inbox;
"""


def upgrade() -> None:
    script.run(STATEMENTS)
