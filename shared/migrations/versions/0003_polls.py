"""What polls ask, cheaper: whether an inbox is as it was (a revision per user, the newest recall), and counts of states by one index."""

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

-- The key carries what is counted, so that one index-only scan counts all of it; two partial indexes took a scan each.
ALTER TABLE inbox_states DROP CONSTRAINT inbox_states_pkey;
ALTER TABLE inbox_states ADD PRIMARY KEY (user_id, sent_at, message_id) INCLUDE (seen_at, read_at, archived_at);
DROP INDEX inbox_states_not_unread, inbox_states_not_unseen;

GRANT SELECT, INSERT, UPDATE ON inbox_revisions TO message_hub_inbox;
"""


def upgrade() -> None:
    script.run(STATEMENTS)
