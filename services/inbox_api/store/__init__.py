"""All SQL of inbox_api. `relation` defines the inbox; `inbox`, `counts` and `single` read it; `states` writes states; `history` reads what
was sent.

Called by actions only. Every function takes the connection first, commits nothing and raises no HTTP error.
"""
