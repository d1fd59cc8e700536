-- One PostgreSQL login per service, each a member of nothing but the role of its service (which the migrations make).
-- Run by psql as the owner of the schema, after every migration: docker-compose.yml does. Safe to run again at any time; the
-- passwords of the environment are then the ones that hold. docs/decisions/0005-database-logins.md says why.

\set ON_ERROR_STOP on
\set QUIET on
\set compose_api_password ''
\set fanout_worker_password ''
\set inbox_api_password ''
\getenv compose_api_password HUB_DATABASE_COMPOSE_API_PASSWORD
\getenv fanout_worker_password HUB_DATABASE_FANOUT_WORKER_PASSWORD
\getenv inbox_api_password HUB_DATABASE_INBOX_API_PASSWORD

BEGIN;
-- Two at once: the second waits.
SELECT pg_advisory_xact_lock(hashtextextended('logins', 0)) \g /dev/null
-- A statement that fails is never logged with the password in it.
SET LOCAL log_min_error_statement = panic;
SET LOCAL client_min_messages = warning;

SELECT set_config('hub.missing', concat_ws(', ',
    CASE :'compose_api_password' WHEN '' THEN 'HUB_DATABASE_COMPOSE_API_PASSWORD' END,
    CASE :'fanout_worker_password' WHEN '' THEN 'HUB_DATABASE_FANOUT_WORKER_PASSWORD' END,
    CASE :'inbox_api_password' WHEN '' THEN 'HUB_DATABASE_INBOX_API_PASSWORD' END), true) \g /dev/null
DO $$
BEGIN
    IF current_setting('hub.missing') <> '' THEN
        RAISE EXCEPTION 'No login was changed: set % first.', current_setting('hub.missing');
    END IF;
END
$$;

SELECT format('CREATE ROLE %I', login)
FROM unnest(ARRAY['compose_api', 'fanout_worker', 'inbox_api']) login
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login)
\gexec

ALTER ROLE compose_api LOGIN NOCREATEDB NOCREATEROLE PASSWORD :'compose_api_password';
ALTER ROLE fanout_worker LOGIN NOCREATEDB NOCREATEROLE PASSWORD :'fanout_worker_password';
ALTER ROLE inbox_api LOGIN NOCREATEDB NOCREATEROLE PASSWORD :'inbox_api_password';

-- The login itself may do nothing: it has to act as its role, which shared/db.py asks for when it connects.
GRANT message_hub_compose TO compose_api WITH INHERIT FALSE, SET TRUE;
GRANT message_hub_worker TO fanout_worker WITH INHERIT FALSE, SET TRUE;
GRANT message_hub_inbox TO inbox_api WITH INHERIT FALSE, SET TRUE;
COMMIT;
\echo The logins compose_api, fanout_worker and inbox_api are as the environment says.
