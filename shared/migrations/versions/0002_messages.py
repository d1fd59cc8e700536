"""Messages, sent and drafted: their fan-out in batches, each user's inbox, and the monthly partitions of it. Sessions of the console."""

from shared import follow_ups
from shared.migrations import script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
-- A message is accepted once its row is committed; the row is its own outbox. compose_api writes it and later only the
-- recall; the worker writes the lifecycle. Outside, a message with a recall is `recalled`, whatever its lifecycle says.
CREATE TABLE messages (
    id uuid PRIMARY KEY,
    platform_id bigint NOT NULL REFERENCES platforms,
    sender_id bigint NOT NULL REFERENCES users,
    title text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 70),
    body text NOT NULL CHECK (char_length(body) BETWEEN 1 AND 1000),
    -- One of the platform's categories then.
    category text,
    priority text NOT NULL DEFAULT 'normal' CHECK (priority IN ('normal', 'important')),
    pinned_until timestamptz,
    -- From then on it is in no inbox any more. Its entries are written all the same.
    expires_at timestamptz,
    -- Only to those recipients of the earlier message who had not read or acknowledged it before sent_at.
    follows uuid REFERENCES messages,
    follows_only text CHECK (follows_only IN ('unread', 'not_acknowledged')),
    -- What recipients are asked to confirm, until when; null where no acknowledgement is asked for.
    -- content_hash: shared/acknowledgements.py.
    statement text CHECK (char_length(statement) BETWEEN 1 AND 200),
    due_at timestamptz,
    content_hash bytea CHECK (length(content_hash) = 32),
    remind_days_before integer[],
    -- The message that this one corrects, which asks for nothing from superseded_at on.
    supersedes uuid REFERENCES messages,
    change_summary text CHECK (char_length(change_summary) BETWEEN 8 AND 300),
    superseded_at timestamptz,
    -- Only to people with this role in a target.
    recipient_role membership_role CHECK (recipient_role = 'administrator'),
    -- The message that an automatic reminder or notice is about.
    notice_of uuid REFERENCES messages,
    -- The version in which the audience is read: of a follow-up the earlier message's, else the platform's on acceptance.
    directory_version bigint NOT NULL,
    request_id text NOT NULL,
    idempotency_key text,
    request_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    sent_at timestamptz NOT NULL,
    recalled_at timestamptz,
    recalled_by_id bigint REFERENCES users,
    status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'sending', 'sent')),
    recipient_count bigint,
    completed_at timestamptz,
    expand_published_at timestamptz,
    expand_attempts integer NOT NULL DEFAULT 0,
    last_error text,
    -- When its recipients were counted by scope (acknowledgement_counts), which is done where an acknowledgement is asked for.
    counted_at timestamptz,
    UNIQUE (sender_id, idempotency_key),
    UNIQUE (platform_id, sent_at),
    CHECK ((recalled_at IS NULL) = (recalled_by_id IS NULL)),
    CHECK ((status = 'sent') = (completed_at IS NOT NULL)),
    CHECK (status <> 'sent' OR recipient_count IS NOT NULL),
    CHECK ((follows IS NULL) = (follows_only IS NULL)),
    CHECK ((statement IS NULL) = (content_hash IS NULL)),
    CHECK (statement IS NOT NULL OR (due_at IS NULL AND remind_days_before IS NULL)),
    CHECK ((supersedes IS NULL) = (change_summary IS NULL))
);
CREATE INDEX messages_by_sender ON messages (sender_id, sent_at, id);
CREATE INDEX messages_unfinished ON messages (sent_at) WHERE status <> 'sent' AND recalled_at IS NULL;
CREATE INDEX messages_hidden ON messages (platform_id, sent_at) INCLUDE (recalled_at, expires_at)
    WHERE recalled_at IS NOT NULL OR expires_at IS NOT NULL;
CREATE INDEX messages_by_recall ON messages (platform_id, recalled_at) WHERE recalled_at IS NOT NULL;
CREATE INDEX messages_by_expiry ON messages (platform_id, expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX messages_by_pin ON messages (platform_id, pinned_until) WHERE pinned_until IS NOT NULL;
CREATE INDEX messages_by_due ON messages (platform_id, due_at) WHERE due_at IS NOT NULL;
-- A message is superseded once.
CREATE UNIQUE INDEX messages_by_superseded ON messages (supersedes) WHERE supersedes IS NOT NULL;
CREATE INDEX messages_to_acknowledge ON messages (platform_id, sent_at) INCLUDE (id) WHERE statement IS NOT NULL AND superseded_at IS NULL;
CREATE INDEX messages_to_count ON messages (id) WHERE statement IS NOT NULL AND counted_at IS NULL;

-- The choice as it was made, in its order.
CREATE TABLE message_targets (
    message_id uuid NOT NULL REFERENCES messages,
    position integer NOT NULL,
    scope_id bigint NOT NULL,
    PRIMARY KEY (message_id, position),
    UNIQUE (message_id, scope_id)
);

-- Every target with all its ancestors as of the message's directory version, which is repeated here so that a filter needs no other
-- table. is_target: the scope itself was chosen, not only something inside it.
CREATE TABLE message_visibility (
    scope_id bigint NOT NULL,
    sent_at timestamptz NOT NULL,
    message_id uuid NOT NULL,
    is_target boolean NOT NULL,
    directory_version bigint NOT NULL,
    PRIMARY KEY (scope_id, sent_at, message_id)
);
CREATE INDEX message_visibility_targets ON message_visibility (scope_id, sent_at, message_id) WHERE is_target;
CREATE INDEX message_visibility_by_message ON message_visibility (message_id);

-- What the sent history is searched by: each message's words (shared/sent_messages/words.py). Insert only, and not in `messages`, whose
-- rows are updated several times. New words wait in a list, which a search reads too and which is merged into the index when it is full.
-- The list is short, because the insert that fills it merges it under the platform's lock. Without it an insert of 120 words takes twice
-- as long.
CREATE TABLE message_words (
    message_id uuid PRIMARY KEY,
    words tsvector NOT NULL
);
CREATE INDEX message_words_by_word ON message_words USING gin (words) WITH (gin_pending_list_limit = 256);

-- Messages to come. The id becomes the message's. content: what POST /v1/messages takes, as far as it is known; scope_ids: its audience
-- when it was saved, for who may see the draft. sender_id: whom it is sent by, the author unless another administrator scheduled it or
-- changed it since. local_time and time_zone: how send_at was asked for.
CREATE TABLE drafts (
    id uuid PRIMARY KEY,
    platform_id bigint NOT NULL REFERENCES platforms,
    author_id bigint NOT NULL REFERENCES users,
    sender_id bigint NOT NULL REFERENCES users,
    content jsonb NOT NULL CHECK (jsonb_typeof(content) = 'object'),
    scope_ids bigint[] NOT NULL,
    state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'scheduled', 'released', 'cancelled', 'missed', 'failed')),
    revision bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    send_at timestamptz,
    not_after timestamptz,
    local_time timestamp,
    time_zone text,
    adjusted text CHECK (adjusted IN ('gap', 'ambiguous')),
    ended_at timestamptz,
    reason text,
    detail text,
    idempotency_key text,
    request_hash bytea,
    UNIQUE (author_id, idempotency_key),
    CHECK ((send_at IS NULL) = (not_after IS NULL)),
    CHECK (not_after >= send_at),
    CHECK ((local_time IS NULL) = (time_zone IS NULL)),
    CHECK (state <> 'scheduled' OR send_at IS NOT NULL),
    CHECK ((state IN ('draft', 'scheduled')) = (ended_at IS NULL)),
    CHECK ((state IN ('missed', 'failed')) = (reason IS NOT NULL))
);
CREATE INDEX drafts_by_platform ON drafts (platform_id, id);
CREATE INDEX drafts_by_sender ON drafts (sender_id);
CREATE INDEX drafts_by_scope ON drafts USING gin (scope_ids);
CREATE INDEX drafts_scheduled ON drafts (send_at, id) WHERE state = 'scheduled';
CREATE INDEX drafts_ended ON drafts (ended_at, id) WHERE ended_at IS NOT NULL;

-- One row. While held_at is set, no scheduled draft is released.
CREATE TABLE draft_hold (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    held_at timestamptz
);
INSERT INTO draft_hold (held_at) VALUES (NULL);

-- What the recipients of a follow-up are computed from (shared/follow_ups.py): the message that it follows, the one that this follows, and
-- so on. Each row excludes, of the people of directory_version, those who read or acknowledged (follows_only) the earlier message before
-- accepted_at, and those who were not active any more in active_version.
CREATE TABLE followed_messages (
    message_id uuid NOT NULL,
    earlier_id uuid NOT NULL,
    earlier_sent_at timestamptz NOT NULL,
    follows_only text NOT NULL CHECK (follows_only IN ('unread', 'not_acknowledged')),
    accepted_at timestamptz NOT NULL,
    platform_id bigint NOT NULL,
    directory_version bigint NOT NULL,
    active_version bigint NOT NULL,
    PRIMARY KEY (message_id, earlier_id)
);

-- The targets of messages whose entries are not all written yet. Small and busy: vacuumed by count, not by share.
CREATE TABLE inflight_targets (
    scope_id bigint NOT NULL,
    message_id uuid NOT NULL,
    PRIMARY KEY (scope_id, message_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX inflight_targets_by_message ON inflight_targets (message_id);

-- A batch is the part of an audience with after_user_id < user id <= up_to_user_id.
CREATE TABLE fanout_batches (
    message_id uuid NOT NULL,
    seq integer NOT NULL,
    after_user_id bigint NOT NULL,
    up_to_user_id bigint NOT NULL,
    recipient_count bigint NOT NULL,
    published_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    delivered_at timestamptz,
    last_error text,
    PRIMARY KEY (message_id, seq),
    CHECK (up_to_user_id > after_user_id)
);
CREATE INDEX fanout_batches_undelivered ON fanout_batches (published_at) WHERE delivered_at IS NULL;

-- What was written to whom: insert only. What people did with it stands in inbox_states.
CREATE TABLE inbox_entries (
    user_id bigint NOT NULL,
    sent_at timestamptz NOT NULL,
    message_id uuid NOT NULL,
    PRIMARY KEY (user_id, sent_at, message_id)
) PARTITION BY RANGE (sent_at);

CREATE TABLE inbox_states (
    user_id bigint NOT NULL,
    sent_at timestamptz NOT NULL,
    message_id uuid NOT NULL,
    seen_at timestamptz,
    read_at timestamptz,
    archived_at timestamptz,
    -- When it was read for the first time; never cleared, not even when it is marked as unread. Follow-ups rely on it.
    first_read_at timestamptz,
    -- Repeated from acknowledgements, where a feed would have to open the partitions of many more months.
    acknowledged_at timestamptz,
    -- The key carries what is counted, so that one index-only scan counts all of it.
    PRIMARY KEY (user_id, sent_at, message_id) INCLUDE (seen_at, read_at, archived_at, acknowledged_at),
    CHECK (read_at IS NULL OR seen_at IS NOT NULL),
    CHECK (read_at IS NULL OR first_read_at IS NOT NULL),
    CHECK (acknowledged_at IS NULL OR first_read_at IS NOT NULL)
) PARTITION BY RANGE (sent_at);
CREATE INDEX inbox_states_seen ON inbox_states (message_id) WHERE seen_at IS NOT NULL;
-- With the user: the readers of a message in the order of its recipients.
CREATE INDEX inbox_states_read ON inbox_states (message_id, user_id) INCLUDE (read_at, first_read_at) WHERE first_read_at IS NOT NULL;

-- Who confirmed which message: insert only (0004), and kept longer than the inbox. authentication: how the person had signed in.
CREATE TABLE acknowledgements (
    message_id uuid NOT NULL,
    user_id bigint NOT NULL,
    sent_at timestamptz NOT NULL,
    acknowledged_at timestamptz NOT NULL,
    content_hash bytea NOT NULL CHECK (length(content_hash) = 32),
    authentication text NOT NULL,
    request_id text NOT NULL,
    PRIMARY KEY (message_id, user_id, sent_at) INCLUDE (acknowledged_at)
) PARTITION BY RANGE (sent_at);

-- Incremented in every transaction that changes the user's inbox_states, so that a poll can see that nothing changed. A row is
-- rewritten in place: no index but the key.
CREATE TABLE inbox_revisions (
    user_id bigint PRIMARY KEY,
    revision bigint NOT NULL
) WITH (fillfactor = 70);

-- What the workers have counted since the beginning: sweeps, what they repaired, tasks that were refused. For status and metrics.
CREATE TABLE fanout_counters (
    name text PRIMARY KEY,
    value bigint NOT NULL,
    changed_at timestamptz NOT NULL,
    detail text
) WITH (fillfactor = 20);

-- One row: everything sent before dropped_before has had its entries dropped, and before acknowledgements_dropped_before what was
-- acknowledged too.
CREATE TABLE inbox_retention (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    dropped_before timestamptz NOT NULL,
    acknowledgements_dropped_before timestamptz NOT NULL,
    CHECK (acknowledgements_dropped_before <= dropped_before)
);
INSERT INTO inbox_retention (dropped_before, acknowledgements_dropped_before) VALUES ('-infinity', '-infinity');

-- One row. known_good: the newest time of PostgreSQL's clock that a sweep found plausible, never set back. accept_until: up to here an
-- operator lets messages have times ahead of the clock.
CREATE TABLE known_time (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    known_good timestamptz NOT NULL,
    accept_until timestamptz NOT NULL
) WITH (fillfactor = 20);
INSERT INTO known_time (known_good, accept_until) VALUES (clock_timestamp(), '-infinity');
"""

# The worker looks after partitions without owning anything: these run as the owner of the schema.
# ATTACH instead of CREATE … PARTITION OF, which would make every reader wait behind the oldest open one.
FUNCTIONS = """
CREATE FUNCTION create_inbox_partitions(month date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '500ms' AS $$
DECLARE
    lower_bound timestamptz := date_trunc('month', month);
    upper_bound timestamptz := date_trunc('month', month) + interval '1 month';
    parent text;
    child text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('partitions', 0));
    FOREACH parent IN ARRAY ARRAY['inbox_entries', 'inbox_states', 'acknowledgements'] LOOP
        child := parent || to_char(lower_bound, '_YYYY_MM');
        CONTINUE WHEN to_regclass(child) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', child, parent);
        EXECUTE format('ALTER TABLE %I ADD CHECK (sent_at >= %L AND sent_at < %L)', child, lower_bound, upper_bound);
        -- Counts are index-only scans: they need the visibility map to follow the inserts closely.
        EXECUTE format('ALTER TABLE %I SET (autovacuum_vacuum_insert_scale_factor = 0.05, '
                       'autovacuum_vacuum_insert_threshold = 20000, autovacuum_vacuum_scale_factor = 0.05)', child);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       parent, child, lower_bound, upper_bound);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

-- Drops the parent's partitions of every month before keep_from; returns how many.
CREATE FUNCTION drop_partitions(parent regclass, keep_from timestamptz) RETURNS integer
LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    child text;
    dropped integer := 0;
BEGIN
    FOR child IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
        WHERE p.oid = parent AND p.relkind = 'p' AND to_date(right(c.relname, 7), 'YYYY_MM') < keep_from::date
        ORDER BY c.relname
    LOOP
        EXECUTE format('ALTER TABLE %s DETACH PARTITION %I', parent, child);
        EXECUTE format('DROP TABLE %I', child);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;

-- Drops the inbox's partitions of every month before inbox_month, and those of acknowledgements before acknowledgement_month, which are
-- kept at least as long as the inbox. Notes how far; returns how many tables went.
CREATE FUNCTION drop_inbox_partitions(inbox_month date, acknowledgement_month date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '500ms' AS $$
DECLARE
    keep_from timestamptz := date_trunc('month', inbox_month);
    acknowledgements_from timestamptz;
    dropped integer;
BEGIN
    IF keep_from > date_trunc('month', plausible_time()) THEN
        RAISE EXCEPTION 'the running month is never dropped';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('partitions', 0));
    -- Workers need the states of earlier messages until a follow-up is written.
    SELECT least(keep_from, date_trunc('month', min(f.earlier_sent_at))) INTO keep_from
    FROM messages m JOIN followed_messages f ON f.message_id = m.id WHERE m.status <> 'sent' AND m.recalled_at IS NULL;
    acknowledgements_from := least(keep_from, date_trunc('month', acknowledgement_month));
    dropped := drop_partitions('inbox_entries', keep_from) + drop_partitions('inbox_states', keep_from)
        + drop_partitions('acknowledgements', acknowledgements_from);
    UPDATE inbox_retention SET dropped_before = keep_from WHERE dropped_before < keep_from;
    UPDATE inbox_retention SET acknowledgements_dropped_before = acknowledgements_from
    WHERE acknowledgements_dropped_before < acknowledgements_from;
    IF FOUND THEN
        DELETE FROM acknowledgement_counts c USING messages m WHERE m.id = c.message_id AND m.sent_at < acknowledgements_from;
    END IF;
    RETURN dropped;
END
$$;

-- Whether PostgreSQL's clock is wrong: more than a week from the known good time (a hub may stand still for a week), or five minutes
-- behind `newest`, the time of the platform's newest message. One expression, which PostgreSQL inlines.
CREATE FUNCTION is_clock_wrong(clock timestamptz, known known_time, newest timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT clock > greatest(known.known_good, newest) + interval '7 days'
        OR clock < known.known_good - interval '7 days'
        OR coalesce(newest > greatest(clock, known.accept_until) + interval '5 minutes', false)
$$;

-- The clock, or the known good time where the clock is wrong. For what must go on and for what must not be early.
CREATE FUNCTION plausible_time() RETURNS timestamptz LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN is_clock_wrong(t.clock, k, NULL) THEN k.known_good ELSE t.clock END
    FROM known_time k, (SELECT clock_timestamp() AS clock) AS t
$$;

-- The time of a message that is being accepted: later than that of every message of the platform committed before, even if the clock was
-- set back. Raises 55CLK where the clock is wrong. The lock is held until the commit, so messages of a platform become visible in the
-- order of their times.
-- A function, so that the time is read after the lock was got and no client is waited for while it is held.
CREATE FUNCTION next_sent_at(of_platform bigint) RETURNS timestamptz
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    newest timestamptz;
    known known_time;
    clock timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('accept:' || of_platform, 0));
    SELECT max(sent_at) INTO newest FROM messages WHERE platform_id = of_platform;
    SELECT * INTO known FROM known_time;
    clock := clock_timestamp();
    IF is_clock_wrong(clock, known, newest) THEN
        RAISE EXCEPTION 'the clock is wrong: it says %, the last known good time is %, the newest message is of %',
            clock, known.known_good, newest USING ERRCODE = '55CLK';
    END IF;
    RETURN greatest(clock, newest + interval '1 microsecond');
END
$$;

-- The time of a follow-up that is being accepted, as `next_sent_at`; null where the states of the `earlier` message, or of one that it
-- follows, are dropped. It waits for those who are reading and keeps others from reading until the commit.
CREATE FUNCTION next_follow_up_sent_at(of_platform bigint, earlier uuid) RETURNS timestamptz
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('partitions', 0));
    PERFORM pg_advisory_xact_lock(hashtextextended('read:' || of_platform, 0));
    IF EXISTS (SELECT FROM messages m JOIN inbox_retention r ON m.sent_at < r.dropped_before
               WHERE m.id = earlier OR m.id IN (SELECT f.earlier_id FROM followed_messages f WHERE f.message_id = earlier)) THEN
        RETURN NULL;
    END IF;
    RETURN next_sent_at(of_platform);
END
$$;

-- The time at which a user's states change. It is never before a message that is committed already, even if the clock was set back.
-- The shared lock, held until the commit, excludes accepting a follow-up: whether a message was read before it never changes afterwards.
CREATE FUNCTION next_state_at(of_platform bigint) RETURNS timestamptz
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('read:' || of_platform, 0));
    RETURN (SELECT greatest(clock_timestamp(), max(sent_at)) FROM messages WHERE platform_id = of_platform);
END
$$;

SELECT create_inbox_partitions((date_trunc('month', now() AT TIME ZONE 'UTC') + m * interval '1 month')::date)
FROM generate_series(0, 3) m;
"""

# The inbox asks a function: a subquery over two partitioned tables would be prepared for every feed, 10 % of its time, though hardly any
# message in flight is a follow-up.
FOLLOW_UPS = f"""
CREATE FUNCTION is_follow_up_recipient(of_message uuid, of_user bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT {follow_ups.is_recipient("of_user")} FROM messages m WHERE m.id = of_message);
END
$$;
"""  # noqa: S608 (a constant)


# Written by the directory: identity_providers, sign_in_domains. By compose_api: the sessions that it starts.
SIGN_IN = """
-- Where a platform's people sign in to the console (OpenID Connect). user_claim: the claim that holds a user's external_id, or `email`.
CREATE TABLE identity_providers (
    platform_id bigint PRIMARY KEY REFERENCES platforms,
    issuer text NOT NULL,
    client_id text NOT NULL,
    client_secret text,
    user_claim text NOT NULL CHECK (user_claim IN ('sub', 'oid', 'email'))
);
CREATE INDEX identity_providers_by_issuer ON identity_providers (issuer);

-- The e-mail domains of a platform's people, each of one platform only.
CREATE TABLE sign_in_domains (
    domain text PRIMARY KEY,
    platform_id bigint NOT NULL REFERENCES identity_providers ON DELETE CASCADE
);

-- The browser holds the id, of which only the SHA-256 is stored. id_token: the provider may ask for it at sign-out; gone once the
-- session has ended. Rows stay for a day after that.
CREATE TABLE console_sessions (
    id_hash bytea PRIMARY KEY CHECK (length(id_hash) = 32),
    id uuid NOT NULL UNIQUE DEFAULT uuidv7(),
    platform_id bigint NOT NULL REFERENCES platforms,
    user_id bigint NOT NULL REFERENCES users,
    issuer text NOT NULL,
    client_id text NOT NULL,
    subject text NOT NULL,
    sid text,
    id_token text,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_reason text CHECK (ended_reason IN ('signed-out', 'provider', 'replaced', 'user-inactive', 'operator')),
    CHECK ((ended_at IS NULL) = (ended_reason IS NULL)),
    CHECK (ended_at IS NULL OR id_token IS NULL)
);
CREATE INDEX console_sessions_by_user ON console_sessions (user_id);
CREATE INDEX console_sessions_by_subject ON console_sessions (issuer, subject);
CREATE INDEX console_sessions_by_end ON console_sessions (expires_at);

-- The logout tokens of providers that were accepted, until they have expired: none is accepted twice.
CREATE TABLE console_logouts (
    issuer text NOT NULL,
    jti text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, jti)
);

-- compose_api may look for an address, but read none.
CREATE FUNCTION find_users_by_email(of_platform bigint, address text) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id FROM users
    WHERE platform_id = of_platform AND casefold(email COLLATE pg_unicode_fast) = casefold(address COLLATE pg_unicode_fast)
      AND email <> '' AND erased_at IS NULL
    LIMIT 2
$$;
"""


def upgrade() -> None:
    for statements in (TABLES, FUNCTIONS, FOLLOW_UPS, SIGN_IN):
        script.run(statements)
