"""All SQL of inbox_api. `inbox` reads what a user has, `states` writes what they did with it, `history` reads what was sent.

Called by actions only. Every function takes the connection first, commits nothing and raises no HTTP error.
"""
