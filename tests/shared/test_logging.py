"""What the logs must never hold: a body, a token, a parameter or a row."""

import io
import json
import logging as stdlib_logging
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy
import structlog

from shared import logging, settings
from tests.conftest import Connect


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], io.StringIO]]:
    """`configure(format)`: what is logged from now on; all is as it was afterwards."""
    root = stdlib_logging.getLogger()
    handlers, level, before = list(root.handlers), root.level, structlog.get_config()

    def configured(format_: str) -> io.StringIO:
        written = io.StringIO()
        monkeypatch.setattr("sys.stderr", written)
        logging.configure(settings.Log(level="info", format=format_), service="tests")
        return written

    yield configured
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


@pytest.fixture(params=["json", "console"])
def lines(request: pytest.FixtureRequest, configure: Callable[[str], io.StringIO]) -> io.StringIO:
    """What is logged, in either format."""
    return configure(request.param)


@pytest.fixture
def json_lines(configure: Callable[[str], io.StringIO]) -> io.StringIO:
    return configure("json")


def fail(body: str) -> None:
    token = body.upper()
    raise RuntimeError(f"it failed after {len(token)} characters")


def test_a_traceback_shows_where_and_why_and_no_local_variables(lines: io.StringIO) -> None:
    try:
        fail("".join(["the", "-text"]))
    except RuntimeError:
        logging.get_logger("x").exception("failed")
    assert "it failed after 8 characters" in lines.getvalue()
    assert "test_logging.py" in lines.getvalue()
    assert "the-text" not in lines.getvalue()
    assert "THE-TEXT" not in lines.getvalue()


def test_a_database_error_is_logged_without_parameters(lines: io.StringIO, connection: Connect) -> None:
    statement = sqlalchemy.text("SELECT CAST(:value AS integer) / 0")
    with pytest.raises(sqlalchemy.exc.DBAPIError) as error, connection().begin_nested():
        connection().execute(statement, {"value": int("776" + "655")})
    logging.get_logger("x").error("failed", exc_info=error.value)
    assert "division by zero" in lines.getvalue()
    assert "776655" not in lines.getvalue()


def test_json_lines_carry_what_is_bound_and_the_service(json_lines: io.StringIO) -> None:
    logging.bind(request_id="r")
    logging.get_logger("x").info("one", number=1)
    stdlib_logging.getLogger("library").warning("two %s", "three")
    logging.get_logger("x").debug("too quiet")
    logging.clear()
    logging.get_logger("x").info("last")
    one, two, last = [json.loads(line) for line in json_lines.getvalue().splitlines()]
    assert (one["event"], one["number"], one["request_id"], one["service"], one["level"]) == (
        "one",
        1,
        "r",
        "tests",
        "info",
    )
    assert (two["event"], two["logger"], two["request_id"]) == ("two three", "library", "r")
    assert "request_id" not in last
    for line in (one, two, last):
        assert line["timestamp"].endswith("Z")


def test_a_traceback_leaves_out_the_row_that_postgresql_quotes(lines: io.StringIO, connection: Connect) -> None:
    statement = sqlalchemy.text(
        "INSERT INTO platforms (key, issuer, jwks_url, plan, categories) VALUES (:key, :issuer, 'x', 'none', '{other}')"
    )
    private = "-".join(("a", "private", "name"))  # a traceback shows the lines of the code
    with pytest.raises(sqlalchemy.exc.IntegrityError) as error, connection().begin_nested():
        connection().execute(statement, {"key": "k", "issuer": f"one\n\n{private}\nDETAIL: {private}"})
    assert "DETAIL:  Failing row contains" in str(error.value)
    logging.get_logger("x").error("failed", exc_info=error.value)
    assert "platforms_plan_check" in lines.getvalue()
    assert "test_logging.py" in lines.getvalue(), "where it happened stands behind what caused it"
    assert private not in lines.getvalue()
