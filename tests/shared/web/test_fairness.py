"""One caller, or one platform, never takes all threads of a process."""

import concurrent.futures
import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from shared.auth import tokens
from shared.server import THREADS
from shared.web import fairness
from tests import factories
from tests.shared import answers
from tests.shared.web import frame

ADA, BEN, CAT, EVE, SAM = (
    tokens.Identity(platform, user, None)
    for platform, user in [("p", "ada"), ("p", "ben"), ("p", "cat"), ("q", "eve"), ("r", "sam")]
)
ALONE = THREADS - fairness.CALLER[1]
OF_PLATFORM = THREADS - fairness.PLATFORM[1]


def test_who_is_alone_may_use_all_but_the_reserve_and_others_get_their_shares_at_once() -> None:
    shares = fairness.Shares()
    assert [shares.acquire(ADA) for _ in range(ALONE + 1)] == [None] * ALONE + ["caller"]
    assert [shares.acquire(BEN) for _ in range(OF_PLATFORM - ALONE)] == [None] * (OF_PLATFORM - ALONE)
    assert shares.acquire(CAT) == "platform"
    assert [shares.acquire(EVE) for _ in range(fairness.CALLER[0])] == [None] * fairness.CALLER[0]
    assert shares.acquire(EVE) == "caller"
    # What Ada's requests leave is for the others, until all have the same.
    for _ in range(ALONE - fairness.CALLER[0]):
        shares.release(ADA)
    assert [shares.acquire(BEN), shares.acquire(EVE)] == [None, None]


def test_two_greedy_callers_leave_threads_for_a_third() -> None:
    shares = fairness.Shares()
    for _ in range(100):
        shares.acquire(ADA)
        shares.acquire(EVE)
    assert [shares.acquire(SAM) for _ in range(fairness.CALLER[0])] == [None] * fairness.CALLER[0]


def test_nothing_is_kept_of_those_who_have_no_request_open() -> None:
    shares = fairness.Shares()
    for _ in range(3):
        for one in (ADA, BEN, EVE):
            shares.acquire(one)
    for _ in range(3):
        for one in (ADA, BEN, EVE):
            shares.release(one)
    assert not shares._counts


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_greedy_caller_is_rejected_while_others_are_served(
    reader: Engine, tenants_owner: Engine, work: frame.Work, method: str
) -> None:
    """200 connections of one user, whose requests hang; a modest user of the same platform and one of another are served at once."""
    with tenants_owner.begin() as connection:
        platform, other = factories.platform(connection), factories.platform(connection)
        greedy, modest = factories.user(connection, platform), factories.user(connection, platform)
        elsewhere = factories.user(connection, other)
    app = frame.make_app(reader, work=work)

    def ask(client: FlaskClient, path: str, header: dict[str, str]) -> int:
        call: Callable[..., object] = getattr(client, method)
        return call(path, headers=header).status_code  # type: ignore[attr-defined, no-any-return]

    with concurrent.futures.ThreadPoolExecutor(ALONE) as pool:
        hanging = [
            pool.submit(ask, app.test_client(), "/v1/work", factories.bearer(greedy, platform)) for _ in range(ALONE)
        ]
        for _ in hanging:
            assert work.begun.acquire(timeout=10)
        began_at = time.monotonic()
        for _ in range(200):
            rejected = app.test_client().get("/whoami", headers=factories.bearer(greedy, platform))
            answers.problem(rejected, "unavailable")
        assert rejected.headers["Retry-After"] == "1"
        assert (time.monotonic() - began_at) / 200 < 0.05
        for who, of in ((modest, platform), (elsewhere, other)):
            assert app.test_client().get("/whoami", headers=factories.bearer(who, of)).status_code == 200
        work.go_on.set()
        assert {one.result(10) for one in hanging} == {200}
    assert app.test_client().get("/whoami", headers=factories.bearer(greedy, platform)).status_code == 200


def test_many_users_of_one_platform_leave_room_for_other_platforms(
    reader: Engine, tenants_owner: Engine, work: frame.Work
) -> None:
    with tenants_owner.begin() as connection:
        platform, other = factories.platform(connection), factories.platform(connection)
        users = [factories.user(connection, platform) for _ in range(OF_PLATFORM + 1)]
        elsewhere = factories.user(connection, other)
    app = frame.make_app(reader, work=work)
    *hang, last = users
    with concurrent.futures.ThreadPoolExecutor(len(hang)) as pool:
        hanging = [
            pool.submit(app.test_client().get, "/v1/work", headers=factories.bearer(one, platform)) for one in hang
        ]
        for _ in hanging:
            assert work.begun.acquire(timeout=10)
        answers.problem(app.test_client().get("/whoami", headers=factories.bearer(last, platform)), "unavailable")
        assert app.test_client().get("/whoami", headers=factories.bearer(elsewhere, other)).status_code == 200
        work.go_on.set()
        assert {one.result(10).status_code for one in hanging} == {200}
