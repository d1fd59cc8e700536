"""The directory's SQL. Called by `actions` only, on its connection and inside its transaction; nothing here commits.

platforms    the platform's row, its lock and its version
staging      the temporary tables of an import, and the errors between their lines
scopes       the tree, its history, and the number of users of each scope
users        users
memberships  users' memberships by directory version
vacuum       VACUUM and ANALYZE afterwards, outside any transaction
"""
