"""Small things that answers are made of: ETags, ids, times."""

import uuid
from datetime import UTC, datetime, timedelta, timezone

import flask
import pytest

from shared import errors
from shared.web import etags, ids, times

APP = flask.Flask("tests")


def conditional(data: str, *, user_id: int, given: str | None = None) -> flask.Response:
    headers = {} if given is None else {"If-None-Match": given}
    with APP.test_request_context(headers=headers):
        return etags.conditional(flask.Response(data), user_id=user_id)


def test_the_same_answer_to_the_same_user_has_the_same_tag_and_no_other_has() -> None:
    tags = [conditional(data, user_id=user).headers["ETag"] for data, user in [("a", 1), ("a", 1), ("b", 1), ("a", 2)]]
    assert tags[0] == tags[1]
    assert len(set(tags)) == 3


def test_who_has_the_answer_already_is_told_so() -> None:
    tag = conditional("a", user_id=1).headers["ETag"]
    zipped = f'{tag[:-1]}-gzip"'  # as proxies write it that compress the answer
    for given in (
        tag,
        f'"other", {tag}',
        "*",
        f"W/{tag}",
        zipped,
        f"W/{zipped}",
        f'"other", W/{zipped}',
        f'W/{tag[:-1]}-br"',
    ):
        assert conditional("a", user_id=1, given=given).status_code == 304, given
    for given in ('"other"', "", '""', 'W/""', "nonsense", '"-gzip"', f'{tag[:-1]}-other"', f'{tag[:-1]}-gzip-gzip"'):
        assert conditional("a", user_id=1, given=given).status_code == 200
    assert conditional("a", user_id=2, given=tag).status_code == 200


def test_a_tagged_answer_is_the_callers_own() -> None:
    answer = conditional("a", user_id=1)
    assert (answer.headers["Cache-Control"], answer.headers["Vary"]) == ("private, no-cache", "Authorization")


@pytest.mark.parametrize("text", ["", "1", "x" * 36, "{0}", "urn:uuid:{0}", "{1}", "{0}\n", " {0}", "{{{0}}}"])
def test_only_the_canonical_spelling_is_an_id(text: str) -> None:
    known = uuid.uuid4()
    with pytest.raises(errors.HubError, match="no such message") as error:
        ids.read_uuid(text.format(known, known.hex) if text != "{0}" else f"{known}0", "message")
    assert error.value.code == "not-found"


def test_an_id_is_read_in_either_case() -> None:
    known = uuid.uuid4()
    assert ids.read_uuid(str(known), "x") == ids.read_uuid(str(known).upper(), "x") == known


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (datetime(2026, 11, 22, 15, 30, tzinfo=UTC), "2026-11-22T15:30:00.000000Z"),
        (
            datetime(2026, 11, 22, 15, 30, 0, 123_456, tzinfo=timezone(timedelta(hours=2))),
            "2026-11-22T13:30:00.123456Z",
        ),
        (None, None),
    ],
)
def test_times_are_utc_with_microseconds(time: datetime | None, expected: str | None) -> None:
    assert times.Time().serialize("at", {"at": time}) == expected
