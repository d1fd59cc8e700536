"""How many examples hypothesis and schemathesis try: few and always the same in `make test`, many and ever new by hand.

TEST_EXAMPLES=thorough makes fifty times as many, =soak five hundred times (CONTRIBUTING.md); a number is a factor of its own.
"""

import os

import hypothesis

_NAMED = {"": 1, "suite": 1, "thorough": 50, "soak": 500}
_CHOSEN = os.environ.get("TEST_EXAMPLES", "")
FACTOR = _NAMED.get(_CHOSEN) or int(_CHOSEN)

_COMMON = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [
        hypothesis.HealthCheck.function_scoped_fixture,  # every example leaves the world as it found it
        hypothesis.HealthCheck.too_slow,
        hypothesis.HealthCheck.filter_too_much,
        hypothesis.HealthCheck.data_too_large,
        hypothesis.HealthCheck.large_base_example,
    ],
}
hypothesis.settings.register_profile("suite", derandomize=True, **_COMMON)
hypothesis.settings.register_profile("by-hand", print_blob=True, **_COMMON)


def settings(count: int, **more: object) -> hypothesis.settings:
    """The settings of a test that tries `count` examples in `make test`."""
    profile = hypothesis.settings.get_profile("suite" if FACTOR == 1 else "by-hand")
    return hypothesis.settings(profile, max_examples=count * FACTOR, **more)
