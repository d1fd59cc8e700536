"""Makes the tokens that the hub's APIs accept, for operators and for trying things out. Platforms make their own otherwise."""

import jwt

from shared.auth import tokens


def make(secret: str, *, platform: str, user: str, now: float, ttl_s: int) -> str:
    """A token for the user with this external id on the platform with this key; it ends `ttl_s` seconds after `now`."""
    claims = {"sub": user, "platform": platform, "aud": tokens.AUDIENCE, "iat": int(now), "exp": int(now) + ttl_s}
    return jwt.encode(claims, secret, algorithm=tokens.SECRET_ALGORITHM)
