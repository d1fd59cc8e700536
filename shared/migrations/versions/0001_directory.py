"""The directory: platforms, their trees of scopes, users, and who belonged where in which version."""

from shared.migrations import script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# One tree: a platform is the root scope of its own tree and shares its id with it, so a scope is named by one number at every level.
TABLES = """
CREATE SEQUENCE scope_ids AS bigint;

CREATE TYPE scope_level AS ENUM ('platform', 'organisation', 'clinic');
-- In this order: of two roles in one scope the smaller one counts.
CREATE TYPE membership_role AS ENUM ('administrator', 'member', 'implied');

CREATE TABLE platforms (
    id bigint PRIMARY KEY DEFAULT nextval('scope_ids'),
    key text NOT NULL UNIQUE CHECK (key ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    plan text NOT NULL CHECK (plan IN ('enterprise', 'standard')),
    directory_version bigint NOT NULL DEFAULT 0,
    issuer text UNIQUE,
    jwks_url text,
    CHECK ((issuer IS NULL) = (jwks_url IS NULL))
);

-- A platform's own scope has the platform's id and key. user_count: how many people belong to the scope now; the service that changes
-- the memberships keeps it in the same transaction.
CREATE TABLE scopes (
    id bigint PRIMARY KEY DEFAULT nextval('scope_ids'),
    platform_id bigint NOT NULL REFERENCES platforms,
    parent_id bigint REFERENCES scopes,
    level scope_level NOT NULL,
    external_id text NOT NULL CHECK (char_length(external_id) BETWEEN 1 AND 255),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    active boolean NOT NULL DEFAULT true,
    user_count bigint NOT NULL DEFAULT 0 CHECK (user_count >= 0),
    UNIQUE (platform_id, level, external_id),
    CHECK ((parent_id IS NULL) = (id = platform_id))
);
CREATE INDEX scopes_by_parent ON scopes (parent_id);

-- The history of the tree. A row says: in every directory version from valid_from up to, not including, valid_to this scope was
-- inside that ancestor. Every active scope is its own ancestor too.
CREATE TABLE scope_ancestors (
    scope_id bigint NOT NULL REFERENCES scopes,
    ancestor_id bigint NOT NULL REFERENCES scopes,
    valid_from_version bigint NOT NULL,
    valid_to_version bigint,
    platform_id bigint NOT NULL,
    -- At most one valid row for a scope and an ancestor.
    UNIQUE NULLS NOT DISTINCT (scope_id, ancestor_id, valid_to_version),
    CHECK (valid_to_version > valid_from_version)
);
CREATE INDEX scope_ancestors_by_ancestor ON scope_ancestors (ancestor_id, scope_id) WHERE valid_to_version IS NULL;

-- erased_at: since then name and email hold no personal data.
CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    platform_id bigint NOT NULL REFERENCES platforms,
    external_id text NOT NULL CHECK (char_length(external_id) BETWEEN 1 AND 255),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    email text NOT NULL CHECK (char_length(email) <= 320),
    status text NOT NULL CHECK (status IN ('active', 'pending', 'disabled')),
    disabled_at timestamptz,
    erased_at timestamptz CHECK (erased_at IS NULL OR status = 'disabled'),
    UNIQUE (platform_id, external_id)
);

-- A row says: in every directory version from valid_from up to, not including, valid_to this active user belonged to this scope: as
-- stated (administrator, member), or because they belong to a scope inside it (implied).
CREATE TABLE memberships (
    user_id bigint NOT NULL,
    scope_id bigint NOT NULL,
    valid_from_version bigint NOT NULL,
    valid_to_version bigint,
    platform_id bigint NOT NULL,
    role membership_role NOT NULL,
    -- At most one valid row for a user in a scope.
    UNIQUE NULLS NOT DISTINCT (user_id, scope_id, valid_to_version),
    CHECK (valid_to_version > valid_from_version)
);
-- The audience of any scope, in the order of user ids, as of any version, without touching the table.
CREATE INDEX memberships_by_scope ON memberships (scope_id, user_id) INCLUDE (valid_from_version, valid_to_version);
"""


def upgrade() -> None:
    script.run(TABLES)
