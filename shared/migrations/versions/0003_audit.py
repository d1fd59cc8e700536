"""The audit trail: who did what when and from where, and what became of it. Rows are added and never changed."""

from shared.migrations import script

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Neither texts nor tokens nor names: ids, codes, and a detail that the hub words itself. It refers to nothing by a foreign key, so
# that it outlives what it speaks of, and accepting a message locks no more rows for it.
TABLE = """
CREATE TABLE audit_events (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    action text NOT NULL,
    outcome text NOT NULL,
    reason text CHECK (reason ~ '^[a-z][a-z-]{0,63}$'),
    platform_id bigint,
    user_id bigint,
    operator text CHECK (char_length(operator) BETWEEN 1 AND 200 AND operator !~ '[[:cntrl:]]'),
    message_id uuid,
    directory_version bigint,
    request_id text CHECK (request_id ~ '^[A-Za-z0-9._-]{1,64}$'),
    address inet,
    detail text CHECK (char_length(detail) BETWEEN 1 AND 500 AND detail !~ '[[:cntrl:]]'),
    CHECK (CASE action
        WHEN 'compose' THEN outcome IN ('accepted', 'refused')
        WHEN 'recall' THEN outcome IN ('recalled', 'refused')
        WHEN 'draft' THEN outcome IN ('scheduled', 'changed', 'unscheduled', 'cancelled', 'missed', 'failed', 'held', 'resumed', 'refused')
        WHEN 'export' THEN outcome = 'exported' AND message_id IS NOT NULL
        WHEN 'session' THEN outcome IN ('signed-in', 'signed-out', 'refused')
        WHEN 'clock' THEN outcome = 'changed'
        WHEN 'repair' THEN outcome = 'changed' AND message_id IS NOT NULL
        WHEN 'retry' THEN outcome = 'changed' AND message_id IS NOT NULL
        WHEN 'import' THEN outcome IN ('changed', 'unchanged', 'tried', 'refused')
        WHEN 'erase' THEN outcome IN ('changed', 'unchanged', 'refused')
        WHEN 'platform' THEN outcome IN ('created', 'updated', 'unchanged', 'refused')
        WHEN 'scim' THEN outcome IN ('changed', 'refused')
        WHEN 'scope' THEN outcome = 'changed'
        ELSE false
    END),
    CHECK ((outcome IN ('refused', 'missed', 'failed')) = (reason IS NOT NULL)),
    -- A user through the API, or an operator through the command or a directory token; either may export, and change a scope and
    -- provisioning. A refused sign-in may have no user.
    CHECK (CASE WHEN action IN ('compose', 'recall') THEN user_id IS NOT NULL AND platform_id IS NOT NULL AND operator IS NULL
           WHEN action = 'export' THEN (user_id IS NULL) = (operator IS NOT NULL) AND platform_id IS NOT NULL
           WHEN action = 'session' THEN platform_id IS NOT NULL AND (operator IS NULL OR outcome = 'signed-out')
                AND (user_id IS NOT NULL OR outcome = 'refused')
           WHEN action = 'draft' THEN (user_id IS NULL) = (operator IS NOT NULL)
                AND (outcome = 'refused' OR (message_id IS NULL) = (outcome IN ('held', 'resumed')))
           WHEN action = 'scope' THEN (user_id IS NULL) = (operator IS NOT NULL) AND platform_id IS NOT NULL AND message_id IS NULL
           WHEN action = 'scim' THEN (user_id IS NULL) = (operator IS NOT NULL) AND message_id IS NULL
           ELSE operator IS NOT NULL AND user_id IS NULL AND (message_id IS NULL OR action IN ('repair', 'retry')) END),
    CHECK (message_id IS NOT NULL OR outcome NOT IN ('accepted', 'recalled'))
);
CREATE INDEX audit_events_by_message ON audit_events (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX audit_events_by_platform ON audit_events (platform_id, id);
"""

# ALWAYS: also in a session that replicates, where ordinary triggers rest. Whoever owns the table can still drop the trigger, but not
# change a row by mistake.
APPEND_ONLY = """
CREATE FUNCTION refuse_to_change_audit_events() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'audit_events is only ever added to: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_audit_events();
ALTER TABLE audit_events ENABLE ALWAYS TRIGGER append_only;
"""


def upgrade() -> None:
    for statements in (TABLE, APPEND_ONLY):
        script.run(statements)
