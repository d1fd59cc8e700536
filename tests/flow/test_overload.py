"""Senders that send too much, against the real servers. Overload itself is the gateway's: tests/deploy/test_gateway.py."""

import collections
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from drills.hub import REDIS
from tests import factories
from tests.flow.conftest import Tree
from tests.flow.hub import Hub


def test_whoever_sends_too_much_is_told_when_to_come_back_whatever_redis_does(hub: Hub, tree: Tree) -> None:
    def post() -> tuple[float, httpx.Response]:
        began_at = time.perf_counter()
        answer = hub.http.post(
            f"{hub.apis.compose_url}/v1/messages",
            json={"title": "Notice", "body": "Again and again", "audience": {"everyone": True}},
            headers=factories.bearer(tree.administrator, tree.platform),
        )
        return time.perf_counter() - began_at, answer

    with hub.another_compose_api(compose_rate_limit="5 per hour"), hub.paused(REDIS):
        posts = [post() for _ in range(7)]
        assert [answer.status_code for _, answer in posts] == [202] * 5 + [429] * 2
        # On a busy machine one of them may be slow for other reasons.
        assert statistics.median(took for took, _ in posts) < 0.3
        assert posts[-1][1].json()["code"] == "rate-limited"
        assert 1 <= int(posts[-1][1].headers["Retry-After"]) <= 3600


def test_a_sender_who_is_alone_may_use_16_connections_also_while_redis_hangs(hub: Hub, tree: Tree) -> None:
    def post(number: int) -> int:
        return hub.http.post(
            f"{hub.apis.compose_url}/v1/messages",
            json={"title": f"Notice {number}", "body": "Many at once", "audience": {"everyone": True}},
            headers=factories.bearer(tree.administrator, tree.platform),
        ).status_code

    with hub.paused(REDIS), ThreadPoolExecutor(16) as pool:
        assert collections.Counter(pool.map(post, range(64))) == {202: 64}
