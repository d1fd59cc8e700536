"""The directory: platforms, organisations, clinics, users, and memberships with the versions in which they are valid."""

from shared.migrations import script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Roles belong to the whole server, so another database may have made them already. Whoever migrates may act as each.
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

# Platforms, organisations and clinics draw their ids from one sequence: a scope is named by one number, whatever its level.
TABLES = """
CREATE SEQUENCE scope_ids AS bigint;

CREATE TYPE scope_level AS ENUM ('platform', 'organisation', 'clinic');

CREATE TABLE platforms (
    id bigint PRIMARY KEY DEFAULT nextval('scope_ids'),
    key text NOT NULL UNIQUE CHECK (key ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    plan text NOT NULL CHECK (plan IN ('enterprise', 'standard')),
    directory_version bigint NOT NULL DEFAULT 0,
    issuer text UNIQUE,
    jwks_url text,
    CHECK ((issuer IS NULL) = (jwks_url IS NULL))
);

CREATE TABLE organisations (
    id bigint PRIMARY KEY DEFAULT nextval('scope_ids'),
    platform_id bigint NOT NULL REFERENCES platforms,
    external_id text NOT NULL CHECK (char_length(external_id) BETWEEN 1 AND 255),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    active boolean NOT NULL DEFAULT true,
    UNIQUE (platform_id, external_id)
);

CREATE TABLE clinics (
    id bigint PRIMARY KEY DEFAULT nextval('scope_ids'),
    platform_id bigint NOT NULL REFERENCES platforms,
    organisation_id bigint NOT NULL REFERENCES organisations,
    external_id text NOT NULL CHECK (char_length(external_id) BETWEEN 1 AND 255),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    active boolean NOT NULL DEFAULT true,
    UNIQUE (platform_id, external_id)
);
CREATE INDEX clinics_by_organisation ON clinics (organisation_id);

CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    platform_id bigint NOT NULL REFERENCES platforms,
    external_id text NOT NULL CHECK (char_length(external_id) BETWEEN 1 AND 255),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    email text NOT NULL CHECK (char_length(email) <= 320),
    status text NOT NULL CHECK (status IN ('active', 'pending', 'disabled')),
    UNIQUE (platform_id, external_id)
);

-- A row says: in every directory version from valid_from up to, not including, valid_to this active user belongs to this
-- scope. scope_id is the id of the platform, organisation or clinic; a clinic's row carries its organisation as it then was.
CREATE TABLE memberships (
    user_id bigint NOT NULL,
    scope_id bigint NOT NULL,
    valid_from_version bigint NOT NULL,
    valid_to_version bigint,
    platform_id bigint NOT NULL,
    organisation_id bigint,
    clinic_id bigint,
    level scope_level NOT NULL,
    role text NOT NULL CHECK (role IN ('member', 'administrator')),
    PRIMARY KEY (user_id, scope_id, valid_from_version),
    CHECK (valid_to_version > valid_from_version),
    CHECK (CASE level
        WHEN 'platform' THEN scope_id = platform_id AND organisation_id IS NULL AND clinic_id IS NULL
        WHEN 'organisation' THEN scope_id = organisation_id AND clinic_id IS NULL
        WHEN 'clinic' THEN scope_id = clinic_id AND organisation_id IS NOT NULL
    END)
);
-- At most one valid row for a user in a scope.
CREATE UNIQUE INDEX memberships_valid_once ON memberships (user_id, scope_id) WHERE valid_to_version IS NULL;
-- The audience of a scope, in the order of user ids, as of any version, without touching the table.
CREATE INDEX memberships_of_platform ON memberships (platform_id, user_id)
    INCLUDE (valid_from_version, valid_to_version) WHERE level = 'platform';
CREATE INDEX memberships_of_organisation ON memberships (organisation_id, user_id)
    INCLUDE (valid_from_version, valid_to_version) WHERE organisation_id IS NOT NULL;
CREATE INDEX memberships_of_clinic ON memberships (clinic_id, user_id)
    INCLUDE (valid_from_version, valid_to_version) WHERE clinic_id IS NOT NULL;

-- How many people each scope reaches now. Kept by whoever changes the directory, in the same transaction.
CREATE TABLE scope_user_counts (
    scope_id bigint PRIMARY KEY,
    platform_id bigint NOT NULL REFERENCES platforms,
    user_count bigint NOT NULL
);
"""

GRANTS = """
GRANT SELECT ON alembic_version, platforms, organisations, clinics, users, memberships, scope_user_counts
    TO message_hub_compose, message_hub_worker, message_hub_inbox, message_hub_directory;
GRANT INSERT, UPDATE ON platforms, organisations, clinics, users, memberships, scope_user_counts TO message_hub_directory;
GRANT DELETE ON scope_user_counts TO message_hub_directory;
GRANT MAINTAIN ON users, memberships TO message_hub_directory;
GRANT USAGE ON SEQUENCE scope_ids TO message_hub_directory;
"""


def upgrade() -> None:
    for statements in (ROLES, TABLES, GRANTS):
        script.run(statements)
