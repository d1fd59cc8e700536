"""Rejects secrets that must not sign tokens: too short, or left over from an example."""

SHORTEST = 32
_EXAMPLES = (
    "changeme",
    "change-me",
    "change_me",
    "replaceme",
    "replace-me",
    "replace_me",
    "placeholder",
    "example",
    "256-bit",
    "your-secret",
)


def find_weakness(secret: str) -> str | None:
    """A sentence that says why `secret` must not sign tokens, without showing it; None if it may."""
    if len(secret) < SHORTEST:
        return f"Shorter than minimum length {SHORTEST}."
    if any(word in secret.lower() for word in _EXAMPLES):
        return "Looks like an example that was never replaced; make a random one: openssl rand -hex 32."
    return None
