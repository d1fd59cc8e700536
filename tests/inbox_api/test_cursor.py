import uuid
from datetime import UTC, datetime, timedelta, timezone

import itsdangerous
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inbox_api import cursor
from shared import errors
from tests import examples

POSITION = cursor.Position(datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC), uuid.UUID(int=7))
moments = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@examples.settings(100)
@given(sent_at=moments, message_id=st.uuids())
def test_a_position_comes_back_as_it_was_to_the_microsecond(sent_at: datetime, message_id: uuid.UUID) -> None:
    position = cursor.Position(sent_at, message_id)
    text = cursor.encode(position)
    assert cursor.decode(text) == position
    assert text.isascii()
    assert not set(text) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_the_time_zone_of_a_position_does_not_matter() -> None:
    there = cursor.Position(POSITION.sent_at.astimezone(timezone(timedelta(hours=9))), POSITION.message_id)
    assert cursor.encode(there) == cursor.encode(POSITION)


@examples.settings(100)
@given(st.text())
def test_any_text_that_is_not_a_cursor_is_refused_as_such(text: str) -> None:
    with pytest.raises(errors.HubError) as caught:
        cursor.decode(text)
    assert caught.value.code == "bad-cursor"


@examples.settings(100)
@given(place=st.integers(0, 76), letter=st.sampled_from("ABCXYZabcxyz0189-_"))
def test_one_changed_letter_is_noticed(place: int, letter: str) -> None:
    text = cursor.encode(POSITION)
    changed = text[:place] + letter + text[place + 1 :]
    if changed != text:
        with pytest.raises(errors.HubError):
            cursor.decode(changed)


def _signed(payload: str, salt: str = "cursor-1") -> str:
    return itsdangerous.Signer("message-hub", salt=salt).sign(payload).decode()


ID = POSITION.message_id.hex


@pytest.mark.parametrize(
    "text",
    [
        "",
        cursor.encode(POSITION) + "=",
        cursor.encode(POSITION) + "A",
        cursor.encode(POSITION)[:-1],
        " " + cursor.encode(POSITION),
        cursor.encode(POSITION) + "\n",
        _signed(f"0.{ID}", salt="cursor-2"),
        _signed(f"{2**64}.{ID}"),
        _signed(f"{253402300800 * 10**6}.{ID}"),
        _signed(f"0.{ID}0"),
        _signed("0"),
        _signed(f"1_0.{ID}"),
        _signed(f"+1.{ID}"),
        _signed(f"0.5.{ID}"),
        _signed(f"{'9' * 5_000}.{ID}"),
        _signed(f"0.{POSITION.message_id}"),
        _signed(f"0.{ID.replace('7', '７')}"),
    ],
    ids=[
        "empty",
        "padded",
        "longer",
        "shorter",
        "blank before",
        "line end",
        "another version",
        "time beyond all calendars",
        "year 10000",
        "too long inside",
        "too short inside",
        "underscore",
        "sign",
        "half a microsecond",
        "more digits than Python reads",
        "another spelling of the id",
        "other digits",
    ],
)
def test_what_encode_would_not_write_is_refused(text: str) -> None:
    with pytest.raises(errors.HubError) as caught:
        cursor.decode(text)
    assert (caught.value.code, caught.value.status) == ("bad-cursor", 400)
