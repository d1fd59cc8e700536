"""No comparison mixes the clocks of two hosts: times that are stored or published come from PostgreSQL.

A host's own clock is read only where this list says what it is compared with.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OWN_CLOCK = re.compile(
    r"\btime\.time(?:_ns)?\(|\bdatetime\.(?:now|utcnow|today)\(|\bdate\.today\(|\btime\.(?:localtime|gmtime)\("
)

COMPARED_WITH = {
    "services/inbox_api/stream/endpoint.py": "the end of a token, which its issuer made",
    "services/inbox_api/evidence_keys.py": "the names of earlier keys, which the same host made",
    "services/compose_api/providers.py": "the time of a logout token, which its issuer made",
    "services/compose_api/discovery.py": "the clock of an identity provider, to find the difference",
    "shared/auth/tokens.py": "the end of a token, and what this process kept",
    "shared/health.py": "the time of a file on this host",
    "cli/run/banner.py": "nothing: makes the end of a token",
    "cli/commands/token.py": "nothing: makes the end of a token",
    "cli/commands/doctor_checks.py": "PostgreSQL's clock, to find the difference",
}


def readers() -> dict[str, str]:
    """Each file of the product that reads its host's clock, with the line."""
    found = {}
    for part in ("services", "shared", "cli"):
        for path in sorted((ROOT / part).rglob("*.py")):
            for line in path.read_text(encoding="utf-8").splitlines():
                if OWN_CLOCK.search(line):
                    found[str(path.relative_to(ROOT))] = line.strip()
    return found


def test_the_clock_of_a_host_is_read_only_where_it_is_known_what_it_is_compared_with() -> None:
    unknown = {path: line for path, line in readers().items() if path not in COMPARED_WITH}
    assert not unknown, "take the time from PostgreSQL, or write down what this host's clock is compared with"


@pytest.mark.parametrize("name", sorted(COMPARED_WITH))
def test_no_file_is_listed_that_reads_no_clock(name: str) -> None:
    assert name in readers()


@pytest.mark.parametrize(
    "line", ["now = time.time()", "datetime.now(UTC)", "at = datetime.utcnow()", "date.today()", "time.time_ns()"]
)
def test_a_new_comparison_would_be_found(line: str) -> None:
    assert OWN_CLOCK.search(line)
