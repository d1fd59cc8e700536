"""The directory: platforms, their trees of scopes, users, and who belonged where in which version."""

from shared.migrations import script
from shared.sent_messages import words

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# One tree: a platform is the root scope of its own tree and shares its id with it, so a scope is named by one number at every level.
TABLES = f"""
CREATE SEQUENCE scope_ids AS bigint;

CREATE TYPE scope_level AS ENUM ('platform', 'organisation', 'clinic');
-- In this order: of two roles in one scope the smaller one counts.
CREATE TYPE membership_role AS ENUM ('administrator', 'member', 'implied');

CREATE TABLE platforms (
    id bigint PRIMARY KEY DEFAULT nextval('scope_ids'),
    key text NOT NULL UNIQUE CHECK (key ~ '^[A-Za-z0-9][A-Za-z0-9._-]{{0,62}}$'),
    plan text NOT NULL CHECK (plan IN ('enterprise', 'standard')),
    directory_version bigint NOT NULL DEFAULT 0,
    issuer text UNIQUE,
    jwks_url text,
    -- Who changes the directory: CSV imports, or an identity provider over SCIM.
    managed_by text NOT NULL DEFAULT 'csv' CHECK (managed_by IN ('csv', 'scim')),
    -- What messages can be about, in the order in which they are offered.
    categories text[] NOT NULL CHECK (cardinality(categories) BETWEEN 1 AND 20),
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
-- The collation knows the letters of all scripts.
CREATE INDEX users_by_email ON users (platform_id, casefold(email COLLATE pg_unicode_fast)) WHERE email <> '';
CREATE INDEX users_by_name ON users USING gin (({words.person(platform_id="platform_id", name="name")}));

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
-- Who has left a scope since a version, without touching the table either.
CREATE INDEX memberships_ended ON memberships (scope_id, valid_to_version) INCLUDE (user_id, valid_from_version)
    WHERE valid_to_version IS NOT NULL;
"""

# What an identity provider states over SCIM beyond the directory. Memberships follow from it, and are kept while a user is disabled.
PROVISIONING = """
-- Bearer tokens of the provider: their SHA-256 only.
CREATE TABLE scim_tokens (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    platform_id bigint NOT NULL REFERENCES platforms,
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX scim_tokens_by_platform ON scim_tokens (platform_id);

-- The users that the provider has written. external_id: as it stated it; null where users.external_id is the user name for want of one.
-- attributes: displayName, name and emails as it stated them. A user whom it deleted is hidden. deactivated_at: since when an active user
-- is not active any more.
CREATE TABLE scim_users (
    user_id bigint PRIMARY KEY REFERENCES users,
    platform_id bigint NOT NULL,
    user_name text NOT NULL CHECK (char_length(user_name) BETWEEN 1 AND 255),
    external_id text,
    attributes jsonb NOT NULL,
    hidden boolean NOT NULL DEFAULT false,
    deactivated_at timestamptz,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX scim_users_by_user_name ON scim_users (platform_id, casefold(user_name COLLATE pg_unicode_fast)) WHERE NOT hidden;
CREATE INDEX scim_users_deactivated ON scim_users (platform_id, deactivated_at) WHERE deactivated_at IS NOT NULL;

-- scope_id and role: what membership in the group means; null while it means nothing. is_mapped: an operator said so, else the provider
-- did (stated_*, as it stated them; the scope may not exist yet). revision: for ETags.
CREATE TABLE scim_groups (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    platform_id bigint NOT NULL REFERENCES platforms,
    display_name text NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 255),
    external_id text,
    scope_id bigint REFERENCES scopes,
    role membership_role CHECK (role <> 'implied'),
    is_mapped boolean NOT NULL DEFAULT false,
    stated_level scope_level,
    stated_scope text,
    stated_role membership_role CHECK (stated_role <> 'implied'),
    revision bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CHECK ((scope_id IS NULL) = (role IS NULL))
);
CREATE UNIQUE INDEX scim_groups_by_name ON scim_groups (platform_id, casefold(display_name COLLATE pg_unicode_fast));
CREATE INDEX scim_groups_by_external_id ON scim_groups (platform_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX scim_groups_by_scope ON scim_groups (scope_id) WHERE scope_id IS NOT NULL;

CREATE TABLE scim_members (
    group_id bigint NOT NULL,
    user_id bigint NOT NULL,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX scim_members_by_user ON scim_members (user_id);

-- Memberships that the last import stated before the platform was handed over to SCIM. They hold beside those of groups until an operator
-- ends them.
CREATE TABLE stated_memberships (
    user_id bigint NOT NULL,
    scope_id bigint NOT NULL,
    platform_id bigint NOT NULL,
    role membership_role NOT NULL CHECK (role <> 'implied'),
    PRIMARY KEY (user_id, scope_id)
);
CREATE INDEX stated_memberships_by_platform ON stated_memberships (platform_id);

-- braked_at: since then deactivations are refused. The other braked_*: the request that was refused first. released_until: an
-- administrator or an operator lets all of them through until then.
CREATE TABLE scim_brakes (
    platform_id bigint PRIMARY KEY REFERENCES platforms,
    braked_at timestamptz,
    braked_request text,
    braked_token_id bigint,
    braked_request_id text,
    released_until timestamptz
);

-- The newest refused requests of each platform; a new one replaces the oldest. request: method and path.
CREATE TABLE scim_refusals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    platform_id bigint NOT NULL REFERENCES platforms,
    happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    token_id bigint NOT NULL,
    request text NOT NULL CHECK (char_length(request) <= 200),
    status smallint NOT NULL,
    code text NOT NULL,
    detail text NOT NULL CHECK (char_length(detail) <= 500),
    request_id text NOT NULL
);
CREATE INDEX scim_refusals_by_platform ON scim_refusals (platform_id, id);
"""


def upgrade() -> None:
    for statements in (TABLES, PROVISIONING):
        script.run(statements)
