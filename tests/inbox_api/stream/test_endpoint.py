"""Who may open a stream, what it begins with, when it ends."""

import asyncio
import collections
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from starlette.types import ASGIApp
from werkzeug.test import TestResponse

from services.inbox_api import cursor
from services.inbox_api.stream import actions, app, endpoint, poller, subscribers
from shared import errors, settings
from shared.auth import store
from tests import asgi, factories
from tests.inbox_api.hub import Hub
from tests.inbox_api.stream.conftest import play, until


@pytest.fixture
def hub(module_hub: Hub) -> Hub:
    return module_hub


ORIGIN = "https://portal.example.org"


def make_live(hub: Hub, *, limit: int = 10) -> app.Live:
    auth = settings.Auth(secret=factories.SECRET, jwks_url=None)
    return app.Live(hub.inbox, auth=auth, limit=limit, cors_origins=(ORIGIN,))


def ask(
    hub: Hub, who: factories.User, *, path: str = endpoint.PATH, limit: int = 10, method: str = "GET", **headers: str
) -> TestResponse:
    given = factories.bearer(who, hub.platforms[who.platform_id])
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    return asgi.get(make_live(hub, limit=limit).app, path, method=method, headers=given)


def names(answer: TestResponse) -> list[str]:
    return [line.removeprefix("event: ") for line in answer.text.splitlines() if line.startswith("event: ")]


class Client:
    """A client that stays until `leave`, and takes what it is sent while `reads` is set."""

    def __init__(self, live: ASGIApp, headers: dict[str, str]) -> None:
        self.status = 0
        self.text = b""
        self.pieces = 0
        self.reads = asyncio.Event()
        self.reads.set()
        self._gone = asyncio.Event()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "path": endpoint.PATH,
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }
        self.task = asyncio.ensure_future(live(scope, self._receive, self._send))

    async def leave(self) -> None:
        self._gone.set()
        await self.task

    async def ready(self) -> None:
        await until(lambda: b"event: ready\n" in self.text)

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        await self.reads.wait()
        self.pieces += 1
        self.text += message["body"]


@pytest.mark.parametrize("greedy_users", [1, 8], ids=["a greedy user", "a greedy platform"])
def test_a_modest_client_opens_its_stream_while_the_streams_of_a_greedy_one_wait(
    hub: Hub, platform: factories.Platform, monkeypatch: pytest.MonkeyPatch, greedy_users: int
) -> None:
    greedy = [hub.user(platform) for _ in range(greedy_users)]
    elsewhere = hub.platform()
    modest = [hub.user(elsewhere)] + ([hub.user(platform)] if greedy_users == 1 else [])
    go_on, open_stream = threading.Event(), actions.open_stream
    slow = {one.id for one in greedy}

    def be_slow(*args: Any, caller: store.Caller, **more: Any) -> Any:
        if caller.user_id in slow:
            go_on.wait(20)
        return open_stream(*args, caller=caller, **more)

    monkeypatch.setattr(actions, "open_stream", be_slow)

    async def scene() -> None:
        async with serving(make_live(hub, limit=100)) as connect:
            waiting = [connect(factories.bearer(one, platform)) for one in greedy * (24 // greedy_users)]
            await asyncio.sleep(0)
            for one in modest:
                client = connect(factories.bearer(one, hub.platforms[one.platform_id]))
                await client.ready()
            assert not any(client.status for client in waiting)
            go_on.set()
            for client in waiting:
                await client.ready()

    play(scene)


@contextlib.asynccontextmanager
async def serving(live: app.Live) -> AsyncIterator[Callable[[dict[str, str]], Client]]:
    """Opens streams; the application is started, and stopped at the end."""
    clients: list[Client] = []

    def connect(headers: dict[str, str]) -> Client:
        clients.append(Client(live.app, headers))
        return clients[-1]

    async with live.app.router.lifespan_context(live.app):
        yield connect
    for client in clients:
        await client.leave()
    assert live.subscribers.count == 0
    assert live.subscribers.platforms == {}


def test_a_stream_begins_at_the_newest_message(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent = hub.send(sender, platform)
    answer = ask(hub, user, Authorization=f"bearer  {factories.token(user, platform, ttl=600)}")
    assert (answer.status_code, names(answer)) == (200, ["ready"])
    assert f"id: {cursor.encode(cursor.Position(sent.sent_at, sent.id))}\n" in answer.text
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Buffering"] == "no"


@pytest.mark.parametrize("status", ["disabled", "pending"])
def test_only_active_users_may_open_a_stream(hub: Hub, platform: factories.Platform, status: str) -> None:
    answer = ask(hub, hub.user(platform, status=status), limit=0)
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (403, "user-inactive"), (
        "authorisation comes before the limit of streams"
    )


def test_a_user_who_is_disabled_while_the_stream_is_opened_is_rejected(hub: Hub, user: factories.User) -> None:
    caller = hub.caller(user)
    hub.set_status(user, "disabled")
    with pytest.raises(Exception, match="disabled"):
        actions.open_stream(hub.inbox, caller=caller, last_event_id=None)


@pytest.mark.parametrize("path", [f"{endpoint.PATH}?token=x", f"{endpoint.PATH}?limit=1"])
def test_query_parameters_are_rejected(hub: Hub, user: factories.User, path: str) -> None:
    answer = ask(hub, user, path=path)
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (422, "validation-failed")


def test_when_all_streams_are_open_the_next_is_rejected_for_a_while(hub: Hub, user: factories.User) -> None:
    answer = ask(hub, user, limit=0)
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) >= 10


def test_a_user_has_exactly_32_streams_however_many_are_opened_at_once(
    hub: Hub, platform: factories.Platform, user: factories.User
) -> None:
    live = make_live(hub, limit=1_000)
    mine = factories.bearer(user, platform)
    other = factories.bearer(hub.user(platform), platform)

    async def scene() -> None:
        async with serving(live) as connect:
            clients = [connect(mine) for _ in range(subscribers.USER_LIMIT + 15)]
            await until(lambda: all(client.status for client in clients), seconds=20)
            assert sorted(client.status for client in clients) == [200] * subscribers.USER_LIMIT + [503] * 15
            neighbour = connect(other)
            await neighbour.ready()
            await next(client for client in clients if client.status == 200).leave()
            again = connect(mine)
            await again.ready()

    play(scene)


def test_a_disabled_users_streams_end_within_seconds_and_the_others_go_on(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    live = make_live(hub)
    other = hub.user(platform)

    async def scene() -> None:
        async with serving(live) as connect:
            mine = [connect(factories.bearer(user, platform)) for _ in range(2)]
            theirs = connect(factories.bearer(other, platform))
            for client in (*mine, theirs):
                await client.ready()
            hub.set_status(user, "disabled")
            await until(lambda: all(client.task.done() for client in mine), seconds=3 * poller.INTERVAL_S)
            sent = hub.send(sender, platform)
            await until(lambda: str(sent.id).encode() in theirs.text)
            assert all(str(sent.id).encode() not in client.text for client in mine)

    play(scene)


def test_a_failed_status_query_is_repeated(
    hub: Hub, platform: factories.Platform, user: factories.User, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = make_live(hub)
    query = actions.list_inactive
    failures = iter([ConnectionError("once")])

    def fail_once(*args: Any, **kwargs: Any) -> list[int]:
        for error in failures:
            raise error
        return query(*args, **kwargs)

    monkeypatch.setattr(actions, "list_inactive", fail_once)
    monkeypatch.setattr(poller, "INTERVAL_S", 0.05)

    async def scene() -> None:
        async with serving(live) as connect:
            client = connect(factories.bearer(user, platform))
            await client.ready()
            hub.set_status(user, "disabled")
            await until(client.task.done)

    play(scene)


def test_a_cursor_of_a_page_is_as_good_as_that_of_an_event(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    sent = [hub.send(sender, platform) for _ in range(5)]
    page = hub.feed(user, "?limit=3")
    answer = ask(hub, user, Last_Event_ID=page["next_cursor"])
    assert names(answer) == ["notification", "notification", "ready"]
    assert 0 < answer.text.index(str(sent[3].id)) < answer.text.index(str(sent[4].id)), "oldest first"
    assert ask(hub, user, Last_Event_ID="").status_code == 200


def test_as_many_as_a_page_has_are_replayed_and_more_are_a_sync(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    first = hub.deliver(sender, platform)
    after = cursor.encode(cursor.Position(first.sent_at, first.id))
    for _ in range(actions.REPLAY_LIMIT):
        hub.send(sender, platform)
    assert names(ask(hub, user, Last_Event_ID=after)) == ["notification"] * actions.REPLAY_LIMIT + ["ready"]
    hub.send(sender, platform)
    assert names(ask(hub, user, Last_Event_ID=after)) == ["sync", "ready"]


def test_replayed_notifications_have_their_present_state(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    first, read, archived = (hub.deliver(sender, platform) for _ in range(3))
    hub.ask(user, f"/v1/notifications/{read.id}/read", method="PUT")
    hub.ask(user, f"/v1/notifications/{archived.id}/archived", method="PUT")
    after = cursor.encode(cursor.Position(first.sent_at, first.id))
    answer = ask(hub, user, Last_Event_ID=after)
    assert names(answer) == ["notification", "ready"]
    assert '"read_at":null' not in answer.text
    assert answer.text.endswith('data: {"unread_count":1,"unseen_count":1,"to_acknowledge_count":0}\n\n')


def test_what_is_to_be_acknowledged_is_counted_and_says_so(
    hub: Hub, platform: factories.Platform, sender: factories.User, user: factories.User
) -> None:
    first = hub.deliver(sender, platform)
    hub.deliver(sender, platform, statement="I have read it.")
    text = ask(hub, user, Last_Event_ID=cursor.encode(cursor.Position(first.sent_at, first.id))).text
    assert (
        '"acknowledgement":{"statement":"I have read it.","due_at":null,"overdue":false,"acknowledged_at":null' in text
    )
    assert '"to_acknowledge_count":1}' in text


def test_a_client_that_is_up_to_date_gets_only_the_counts(hub: Hub, user: factories.User) -> None:
    """Two thousand streams that reconnect together must not read two thousand pages."""
    empty = ask(hub, user).text
    position = next(line.removeprefix("id: ") for line in empty.splitlines() if line.startswith("id: "))
    assert names(ask(hub, user, Last_Event_ID=position)) == ["ready"]


def test_head_answers_as_get_would_and_opens_no_stream(hub: Hub, user: factories.User) -> None:
    answer = ask(hub, user, method="HEAD")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.text == ""


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", endpoint.PATH, 405, "method-not-allowed"),
        ("GET", "/v1/notifications", 404, "not-found"),
        ("GET", f"{endpoint.PATH}/", 404, "not-found"),
    ],
)
def test_other_addresses_and_methods_are_rejected_with_problem_details(
    hub: Hub, user: factories.User, method: str, path: str, status: int, code: str
) -> None:
    answer = ask(hub, user, path=path, method=method, Origin=ORIGIN, X_Request_ID="my-own-request")
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Request-ID"] == "my-own-request"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_a_failure_is_answered_without_its_reason(
    hub: Hub, user: factories.User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(actions, "open_stream", fail)
    answer = ask(hub, user)
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (500, "internal-error")
    assert "hunter2" not in answer.text


def test_pages_of_the_named_origins_may_open_streams_and_others_may_not(hub: Hub, user: factories.User) -> None:
    wanted = {"Access_Control_Request_Method": "GET", "Access_Control_Request_Headers": "authorization,last-event-id"}
    allowed = ask(hub, user, method="OPTIONS", Origin=ORIGIN, **wanted)
    assert allowed.status_code == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
    refused = ask(hub, user, method="OPTIONS", Origin="https://evil.example", **wanted)
    assert "Access-Control-Allow-Origin" not in refused.headers
    assert ask(hub, user, Origin=ORIGIN).headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Origin" not in ask(hub, user, Origin="https://evil.example").headers


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_health_and_metrics_are_public(hub: Hub, path: str) -> None:
    assert asgi.get(make_live(hub).app, path, headers={}).status_code == 200


def test_the_stream_exports_its_release_and_its_process(hub: Hub) -> None:
    exported = asgi.get(make_live(hub).app, "/metrics", headers={}).text
    for name in ("message_hub_build_info{", "message_hub_database_connections_in_use ", "process_open_fds "):
        assert name in exported


def test_a_quiet_stream_sends_heartbeats(
    hub: Hub, platform: factories.Platform, user: factories.User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "HEARTBEAT_S", 0.02)

    async def scene() -> None:
        async with serving(make_live(hub)) as connect:
            client = connect(factories.bearer(user, platform))
            await until(lambda: client.text.count(b": heartbeat\n\n") > 3)

    play(scene)


def test_a_client_that_reads_nothing_is_disconnected(
    hub: Hub,
    platform: factories.Platform,
    sender: factories.User,
    user: factories.User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(endpoint, "SEND_TIMEOUT_S", 0.05)
    live = make_live(hub)

    async def scene() -> None:
        async with serving(live) as connect:
            client = connect(factories.bearer(user, platform))
            await client.ready()
            client.reads.clear()
            hub.send(sender, platform)
            await until(client.task.done)
            assert live.subscribers.count == 0

    play(scene)


def test_a_stream_ends_when_its_token_does(hub: Hub, platform: factories.Platform, user: factories.User) -> None:
    async def scene() -> None:
        async with serving(make_live(hub)) as connect:
            # Tokens are accepted for 30 s after they expired.
            token = factories.token(user, platform, ttl=-28)
            began_at = time.monotonic()
            client = connect({"Authorization": f"Bearer {token}"})
            await until(client.task.done)
            assert time.monotonic() - began_at < 4

    play(scene)


def test_all_streams_end_when_the_process_stops_and_no_new_one_is_opened(
    hub: Hub, platform: factories.Platform, user: factories.User
) -> None:
    live = make_live(hub)
    headers = factories.bearer(user, platform)

    async def scene() -> None:
        async with serving(live) as connect:
            clients = [connect(headers) for _ in range(3)]
            for client in clients:
                await client.ready()
            live.subscribers.close()
            for client in clients:
                await client.task
            late = connect(headers)
            await late.task
            assert late.status == 503

    play(scene)


def test_many_streams_that_are_opened_at_once_wait_for_a_thread_and_are_rejected_after_a_while(
    hub: Hub, platform: factories.Platform, user: factories.User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "OPENING_TIMEOUT_S", 0.2)

    def be_slow(*_args: object, **_kwargs: object) -> None:
        time.sleep(0.5)
        raise errors.HubError("bad-cursor", "After half a second.")

    monkeypatch.setattr(actions, "open_stream", be_slow)
    headers = factories.bearer(user, platform)

    async def scene() -> None:
        async with serving(make_live(hub, limit=100)) as connect:
            clients = [connect(headers) for _ in range(30)]
            for client in clients:
                await client.task
            statuses = collections.Counter(client.status for client in clients)
            assert set(statuses) == {400, 503}
            assert statuses[400] <= endpoint.OPENING_THREADS

    play(scene)
