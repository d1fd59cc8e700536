"""Who is let in to a stream, and what is left for the event loop to go on with."""

import time
import uuid
from datetime import UTC, datetime

import jwt
import prometheus_client
import pytest
from werkzeug.test import TestResponse

from services.inbox_api import cursor
from services.inbox_api.stream import actions, connection, entrance, metrics, switchboard
from tests import factories
from tests.inbox_api.hub import Hub

PATH = "/v1/notifications/stream"


def make_entrance(*, limit: int = 10, board: switchboard.Switchboard | None = None) -> entrance.Entrance:
    board = board or switchboard.Switchboard(limit=limit)
    return entrance.Entrance(
        board, metrics.Metrics(prometheus_client.CollectorRegistry(), count_open=lambda: board.count)
    )


def ask(
    hub: Hub, who: factories.User, way_in: entrance.Entrance | None, *, path: str = PATH, **headers: str
) -> TestResponse:
    given = factories.bearer(who, hub.platforms[who.platform_id])
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    environ = {} if way_in is None else {entrance.KEY: way_in}
    return hub.app.test_client().get(path, headers=given, environ_overrides=environ)


def names(answer: TestResponse) -> list[str]:
    return [line.removeprefix("event: ") for line in answer.text.splitlines() if line.startswith("event: ")]


def test_whoever_is_let_in_begins_at_the_newest_message_and_stays_until_the_token_is_refused(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent = hub.send(sender, platform)
    way_in = make_entrance()
    token = factories.token(user, platform, ttl=600)
    answer = ask(hub, user, way_in, Authorization=f"bearer  {token}")
    assert (answer.status_code, names(answer)) == (200, ["ready"])
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert way_in.admitted == entrance.Admitted(
        platform_id=platform.id,
        user_id=user.id,
        position=cursor.Position(sent.sent_at, sent.id),
        expires_at=jwt.decode(token, options={"verify_signature": False})["exp"] + 30,
    )
    assert 600 <= way_in.admitted.expires_at - time.time() <= 631


def test_nobody_is_let_in_who_may_not_read(hub: Hub, platform: factories.Platform) -> None:
    for who, status, code in (
        (hub.user(platform, status="disabled"), 403, "user-inactive"),
        (hub.user(platform, status="pending"), 403, "user-inactive"),
    ):
        way_in = make_entrance(limit=0)
        answer = ask(hub, who, way_in)
        assert (answer.status_code, answer.get_json()["code"]) == (status, code), (
            "who it is comes before whether there is room"
        )
        assert way_in.admitted is None


@pytest.mark.parametrize("path", [f"{PATH}?token=x", f"{PATH}?limit=1"])
def test_nothing_is_said_in_the_address(hub: Hub, user: factories.User, path: str) -> None:
    way_in = make_entrance()
    answer = ask(hub, user, way_in, path=path)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "validation-failed")
    assert way_in.admitted is None


def test_when_all_streams_are_taken_the_next_is_sent_away_for_a_while(hub: Hub, user: factories.User) -> None:
    way_in = make_entrance(limit=0)
    answer = ask(hub, user, way_in)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) >= 10
    assert way_in.admitted is None


def test_whoever_has_as_many_streams_as_one_may_have_is_sent_away_and_nobody_else(
    hub: Hub, platform: factories.Platform, user: factories.User
) -> None:
    board = switchboard.Switchboard(limit=1_000)
    beginning = cursor.Position(datetime.now(UTC), uuid.UUID(int=0))
    for _ in range(switchboard.MOST_OF_A_USER):
        board.join(connection.Stream(platform_id=platform.id, user_id=user.id, position=beginning))
    refused = ask(hub, user, make_entrance(board=board))
    assert (refused.status_code, refused.get_json()["code"]) == (503, "unavailable")
    assert int(refused.headers["Retry-After"]) >= 10
    assert ask(hub, hub.user(platform), make_entrance(board=board)).status_code == 200


def test_where_no_streams_are_served_there_is_nothing(hub: Hub, user: factories.User) -> None:
    assert ask(hub, user, None).status_code == 404


def test_a_cursor_of_a_page_is_as_good_as_that_of_an_event(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent = [hub.send(sender, platform) for _ in range(5)]
    page = hub.feed(user, "?limit=3")
    answer = ask(hub, user, make_entrance(), Last_Event_ID=page["next_cursor"])
    assert names(answer) == ["notification", "notification", "ready"]
    assert 0 < answer.text.index(str(sent[3].id)) < answer.text.index(str(sent[4].id)), "oldest first"
    assert ask(hub, user, make_entrance(), Last_Event_ID="").status_code == 200


def test_as_many_as_a_page_has_are_replayed_and_more_are_a_sync(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    first = hub.deliver(sender, platform)
    after = cursor.encode(cursor.Position(first.sent_at, first.id))
    for _ in range(actions.MOST_REPLAYED):
        hub.send(sender, platform)
    answer = ask(hub, user, make_entrance(), Last_Event_ID=after)
    assert names(answer) == ["notification"] * actions.MOST_REPLAYED + ["ready"]
    hub.send(sender, platform)
    assert names(ask(hub, user, make_entrance(), Last_Event_ID=after)) == ["sync", "ready"]


def test_what_is_replayed_shows_what_became_of_it(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    first, read, archived = (hub.deliver(sender, platform) for _ in range(3))
    hub.ask(user, f"/v1/notifications/{read.id}/read", method="PUT")
    hub.ask(user, f"/v1/notifications/{archived.id}/archived", method="PUT")
    after = cursor.encode(cursor.Position(first.sent_at, first.id))
    answer = ask(hub, user, make_entrance(), Last_Event_ID=after)
    assert names(answer) == ["notification", "ready"]
    assert '"read_at":null' not in answer.text
    assert answer.text.endswith('data: {"unread_count":1,"unseen_count":1}\n\n')


def test_whoever_is_up_to_date_is_told_nothing_and_only_counted(hub: Hub, user: factories.User) -> None:
    """Two thousand streams that come back at once shall not read two thousand pages."""
    empty = ask(hub, user, make_entrance()).text
    position = next(line.removeprefix("id: ") for line in empty.splitlines() if line.startswith("id: "))
    assert names(ask(hub, user, make_entrance(), Last_Event_ID=position)) == ["ready"]


def test_head_promises_what_get_would_answer(hub: Hub, user: factories.User, platform: factories.Platform) -> None:
    answer = hub.app.test_client().head(
        PATH, headers=factories.bearer(user, platform), environ_overrides={entrance.KEY: make_entrance()}
    )
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/event-stream")
