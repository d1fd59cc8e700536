"""All SQL of inbox_api: `relation` defines the inbox, `inbox` reads it, `states` writes its states, `history` reads sent messages.

Called by actions only. Every function takes the connection first, commits nothing and raises no HTTP error.
"""
