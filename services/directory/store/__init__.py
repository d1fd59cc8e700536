"""The directory's SQL. Called by `actions` only, on its connection and inside its transaction; nothing here commits.

platforms       the platform's row, its lock and its version
providers       where a platform's people sign in
audit           the audit trail
users           users

An import:
staging         its temporary tables, and the errors between their lines
scopes          the tree, its history, and the number of users of each scope
memberships     users' memberships by directory version
vacuum          VACUUM and ANALYZE afterwards, outside any transaction

Provisioning:
administrators  the user of a request, and whether they administer the platform
scim_tokens     directory tokens
scim_users      users as the client sees them
scim_groups     groups, their scopes and their members
scim_pages      what the lists of both share
stated          the memberships that follow from groups, of single users
tree            single scopes
brakes          the brake on mass deactivation
refusals        refused requests
"""
