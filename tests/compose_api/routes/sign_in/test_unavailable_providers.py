"""A provider that does not answer, or answers for another one, does not delay other platforms."""

import threading
import time

from werkzeug import serving

from tests.compose_api.routes.sign_in.hub import SignIn, refusal


def test_a_provider_that_is_away_says_so_and_delays_nobody_else(hub: SignIn) -> None:
    platform = hub.platform_with(issuer="http://127.0.0.1:9")
    answer = hub.browser().get("/auth/login", params={"platform": platform.key})
    assert refusal(answer) == (503, "provider-unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert hub.browser().start(hub.platform.key)


def test_a_provider_that_hangs_takes_few_threads_and_comes_to_an_end(hub: SignIn) -> None:
    server = serving.make_server("127.0.0.1", 0, lambda _environ, _start: time.sleep(4) or [], threaded=True)  # type: ignore[func-returns-value]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    platform = hub.platform_with(issuer=f"http://127.0.0.1:{server.port}")
    codes: list[int] = []

    def attempt() -> None:
        codes.append(hub.browser().get("/auth/login", params={"platform": platform.key}).status_code)

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    assert hub.browser().start(hub.platform.key)
    assert time.monotonic() - began < 2
    for thread in threads:
        thread.join()
    assert codes == [503] * 8
    assert time.monotonic() - began < 7
    server.shutdown()


def test_an_issuer_that_describes_another_one_is_not_used(hub: SignIn) -> None:
    platform = hub.platform_with(issuer=f"{hub.provider.issuer}/")
    assert refusal(hub.browser().get("/auth/login", params={"platform": platform.key}))[1] == "provider-unavailable"
