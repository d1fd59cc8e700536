"""The directory's SQL. Called by `actions` only, on its connection and inside its transaction; nothing here commits.

platforms    the platform's row, its lock and its version
staging      the temporary tables of an import, and what is wrong between their lines
scopes       organisations, clinics, and how many people each scope reaches
users        people
memberships  who belongs where in which version
upkeep       VACUUM and ANALYZE afterwards, outside any transaction
"""
