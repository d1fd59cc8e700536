-- One PostgreSQL login per service, each a member of nothing but the role of its service (which the migrations make).
-- Run by psql 16 or newer as the owner of the schema, after every migration: docker-compose.yml does. It needs CREATEROLE, no superuser.
-- Safe to run again at any time; the passwords of the environment are then the ones that hold. docs/decisions/0005-database-logins.md
-- says why.

\set ON_ERROR_STOP on
\set QUIET on
\set compose_api_password ''
\set fanout_worker_password ''
\set inbox_api_password ''
\set directory_password ''
\getenv compose_api_password HUB_DATABASE_COMPOSE_API_PASSWORD
\getenv fanout_worker_password HUB_DATABASE_FANOUT_WORKER_PASSWORD
\getenv inbox_api_password HUB_DATABASE_INBOX_API_PASSWORD
\getenv directory_password HUB_DATABASE_DIRECTORY_PASSWORD

BEGIN;
-- Two at once: the second waits.
SELECT pg_advisory_xact_lock(hashtextextended('logins', 0)) \g /dev/null
SET LOCAL client_min_messages = warning;

-- Passwords are parameters, never part of a statement: the server logs a statement that fails, and only a superuser can stop it.
SELECT set_config('hub.compose_api', $1, true), set_config('hub.fanout_worker', $2, true), set_config('hub.inbox_api', $3, true),
       set_config('hub.directory', $4, true)
\bind :compose_api_password :fanout_worker_password :inbox_api_password :directory_password \g /dev/null

DO $$
DECLARE
    login text;
    own_role text;
    missing text;
BEGIN
    SELECT string_agg(format('HUB_DATABASE_%s_PASSWORD', upper(service)), ', ') INTO missing
    FROM unnest(ARRAY['compose_api', 'fanout_worker', 'inbox_api', 'directory']) service
    WHERE current_setting('hub.' || service) = '';
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'No login was changed: set % first.', missing;
    END IF;

    FOR login, own_role IN VALUES
        ('compose_api', 'message_hub_compose'), ('fanout_worker', 'message_hub_worker'), ('inbox_api', 'message_hub_inbox'),
        ('directory', 'message_hub_directory')
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login) THEN
            EXECUTE format('CREATE ROLE %I', login);
        END IF;
        BEGIN
            EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L', login, current_setting('hub.' || login));
        EXCEPTION WHEN OTHERS THEN
            -- Raised again without its context, which quotes the statement.
            RAISE EXCEPTION 'The login % cannot be changed: %', login, SQLERRM USING ERRCODE = SQLSTATE;
        END;
        -- The login itself may do nothing: it has to act as its role, which shared/db.py asks for when it connects.
        EXECUTE format('GRANT %I TO %I WITH INHERIT FALSE, SET TRUE', own_role, login);
    END LOOP;
END
$$;
COMMIT;
\echo The logins compose_api, fanout_worker, inbox_api and directory are as the environment says.
