"""Who is calling: `tokens` verifies a bearer token, `store` finds its user in the directory.

Used by the HTTP guards only. What a user may do comes from the directory, never from the token.
"""
