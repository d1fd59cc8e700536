"""What each service's role may do. `shared.migrations.upgrade` applies it after every run, so a restored database gets it back.

pg_dump does not contain roles, so a restore in a new server loses every GRANT and policy. Each statement may be repeated.
A revision that adds a table or a column adds the privileges here.
"""

# Roles belong to the whole server, so another database may have made them already. The role that migrates may act as each.
ROLES = """
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['message_hub_compose', 'message_hub_worker', 'message_hub_inbox', 'message_hub_directory'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
        IF NOT pg_has_role(current_user, wanted, 'SET') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', wanted);
        END IF;
    END LOOP;
END
$$
"""

DIRECTORY = """
GRANT SELECT ON alembic_version, platforms, scopes, scope_ancestors, memberships
    TO message_hub_compose, message_hub_worker, message_hub_inbox, message_hub_directory;
-- E-mail addresses are read by the directory alone; the worker needs nothing of a user but the id.
GRANT SELECT ON users TO message_hub_directory;
GRANT SELECT (id, platform_id, external_id, name, status) ON users TO message_hub_compose, message_hub_inbox;
GRANT SELECT (id) ON users TO message_hub_worker;
GRANT INSERT, UPDATE ON platforms, scopes, scope_ancestors, users, memberships TO message_hub_directory;
GRANT MAINTAIN ON scopes, scope_ancestors, users, memberships TO message_hub_directory;
GRANT USAGE ON SEQUENCE scope_ids TO message_hub_directory;

GRANT SELECT, INSERT, UPDATE ON scim_tokens, scim_users, scim_groups, scim_brakes TO message_hub_directory;
GRANT SELECT, INSERT ON scim_members, stated_memberships, scim_refusals TO message_hub_directory;
GRANT DELETE ON scim_groups, scim_members, stated_memberships, scim_refusals TO message_hub_directory;
"""

MESSAGES = """
GRANT SELECT ON messages TO message_hub_compose, message_hub_inbox;
-- The worker reads no title and no body.
GRANT SELECT (id, platform_id, sender_id, follows, directory_version, request_id, created_at, sent_at, recalled_at, status, recipient_count,
              completed_at, expand_published_at, expand_attempts, last_error, statement, recipient_role, counted_at)
    ON messages TO message_hub_worker;
GRANT SELECT ON message_targets, message_visibility, followed_messages, inflight_targets, fanout_batches, fanout_counters, inbox_retention
    TO message_hub_compose, message_hub_worker, message_hub_inbox;
GRANT SELECT ON known_time TO message_hub_compose, message_hub_worker;
GRANT UPDATE (known_good) ON known_time TO message_hub_worker;

GRANT INSERT (id, platform_id, sender_id, title, body, category, priority, pinned_until, expires_at, follows, follows_only,
              statement, due_at, content_hash, remind_days_before, supersedes, change_summary, recipient_role, notice_of,
              directory_version, request_id, idempotency_key, request_hash, created_at, sent_at) ON messages TO message_hub_compose;
GRANT UPDATE (recalled_at, recalled_by_id, superseded_at) ON messages TO message_hub_compose;
GRANT INSERT ON message_targets, message_visibility, message_words, followed_messages, inflight_targets TO message_hub_compose;

GRANT SELECT, INSERT (id, platform_id, author_id, sender_id, content, scope_ids, idempotency_key, request_hash), DELETE,
      UPDATE (sender_id, content, scope_ids, state, revision, updated_at, send_at, not_after, local_time, time_zone, adjusted, ended_at,
              reason, detail) ON drafts TO message_hub_compose;
GRANT SELECT ON draft_hold TO message_hub_compose;
GRANT SELECT, INSERT (message_id, kind, at), UPDATE (after_scope_id, done_at, skipped_reason) ON acknowledgement_steps
    TO message_hub_compose;

GRANT UPDATE (status, recipient_count, completed_at, expand_published_at, expand_attempts, last_error, counted_at)
    ON messages TO message_hub_worker;
GRANT INSERT, UPDATE ON fanout_batches, fanout_counters TO message_hub_worker;
GRANT DELETE ON inflight_targets TO message_hub_worker;
GRANT SELECT, INSERT ON inbox_entries TO message_hub_worker;

GRANT SELECT ON inbox_entries, message_words TO message_hub_inbox;
GRANT SELECT, INSERT, UPDATE ON inbox_states, inbox_revisions TO message_hub_inbox;
GRANT SELECT, INSERT ON acknowledgements TO message_hub_inbox;
-- Whom a follow-up goes to.
GRANT SELECT (user_id, sent_at, message_id, first_read_at) ON inbox_states TO message_hub_compose, message_hub_worker;
GRANT SELECT (user_id, sent_at, message_id, acknowledged_at) ON acknowledgements TO message_hub_compose, message_hub_worker;
-- A trigger fills the queue.
GRANT SELECT ON uncounted_acknowledgements TO message_hub_compose, message_hub_worker, message_hub_inbox;
GRANT DELETE ON uncounted_acknowledgements TO message_hub_worker;
GRANT SELECT ON acknowledgement_counts TO message_hub_worker, message_hub_inbox;
GRANT INSERT (message_id, scope_id, recipients), UPDATE (acknowledged, delays) ON acknowledgement_counts TO message_hub_worker;

REVOKE EXECUTE ON FUNCTION next_sent_at(bigint), next_follow_up_sent_at(bigint, uuid), next_state_at(bigint),
    is_follow_up_recipient(uuid, bigint), plausible_time(),
    is_clock_wrong(timestamptz, known_time, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION next_sent_at(bigint), next_follow_up_sent_at(bigint, uuid) TO message_hub_compose;
GRANT EXECUTE ON FUNCTION next_state_at(bigint), is_follow_up_recipient(uuid, bigint) TO message_hub_inbox;
GRANT EXECUTE ON FUNCTION plausible_time(), is_clock_wrong(timestamptz, known_time, timestamptz) TO message_hub_compose, message_hub_worker;
REVOKE EXECUTE ON FUNCTION create_inbox_partitions(date), drop_inbox_partitions(date, date), drop_partitions(regclass, timestamptz),
    refuse_to_change_acknowledgements(), queue_acknowledgements(), delay_bucket(interval), add_delays(integer[], integer[]),
    median_hours(integer[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION delay_bucket(interval), add_delays(integer[], integer[]), median_hours(integer[]) TO message_hub_worker;
GRANT EXECUTE ON FUNCTION create_inbox_partitions(date), drop_inbox_partitions(date, date) TO message_hub_worker;
"""

# The directory sets a client secret and cannot read it.
SIGN_IN = """
GRANT SELECT ON identity_providers, sign_in_domains TO message_hub_compose;
GRANT SELECT (platform_id, issuer, client_id, user_claim), INSERT, UPDATE, DELETE ON identity_providers TO message_hub_directory;
GRANT SELECT, INSERT, DELETE ON sign_in_domains TO message_hub_directory;
GRANT SELECT, INSERT, DELETE, UPDATE (last_seen_at, ended_at, ended_reason, id_token) ON console_sessions TO message_hub_compose;
GRANT SELECT, INSERT, DELETE ON console_logouts TO message_hub_compose;
REVOKE EXECUTE ON FUNCTION find_users_by_email(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_users_by_email(bigint, text) TO message_hub_compose;
"""

# Id and time are the database's. Each role writes of what it does itself, and cannot read what is there.
AUDIT = """
REVOKE EXECUTE ON FUNCTION refuse_to_change_audit_events() FROM PUBLIC;
GRANT INSERT (action, outcome, reason, platform_id, user_id, message_id, request_id, address, detail)
    ON audit_events TO message_hub_compose, message_hub_inbox;
GRANT INSERT (action, outcome, reason, platform_id, user_id, operator, directory_version, request_id, address, detail)
    ON audit_events TO message_hub_directory;
-- Repeated without a lock on the table. A revision that changes a policy drops it.
DO $$
BEGIN
    IF NOT (SELECT relrowsecurity FROM pg_class WHERE oid = 'audit_events'::regclass) THEN
        ALTER TABLE audit_events ENABLE ROW LEVEL SECURITY;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_policies WHERE tablename = 'audit_events' AND policyname = 'compose_records') THEN
        CREATE POLICY compose_records ON audit_events FOR INSERT TO message_hub_compose
            WITH CHECK (action IN ('compose', 'recall', 'session', 'draft'));
    END IF;
    IF NOT EXISTS (SELECT FROM pg_policies WHERE tablename = 'audit_events' AND policyname = 'inbox_records') THEN
        CREATE POLICY inbox_records ON audit_events FOR INSERT TO message_hub_inbox WITH CHECK (action = 'export');
    END IF;
    IF NOT EXISTS (SELECT FROM pg_policies WHERE tablename = 'audit_events' AND policyname = 'directory_records') THEN
        CREATE POLICY directory_records ON audit_events FOR INSERT TO message_hub_directory
            WITH CHECK (action IN ('import', 'platform', 'erase', 'scim', 'scope'));
    END IF;
END
$$;
"""

ALL = (ROLES, DIRECTORY, MESSAGES, SIGN_IN, AUDIT)
