"""deploy/gateway/haproxy.cfg: what reaches which service, in which form, and what the gateway answers itself."""

import contextlib
import http.client
import re
import select
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drills.processes import wait_until
from tests.deploy import gateway as gateways
from tests.deploy.gateway import MAX_BODY, Gateway, Service

TOKEN = {"Authorization": "Bearer one"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with gateways.running(tmp_path_factory.mktemp("gateway")) as made:
        yield made


@pytest.fixture
def gateway(running: Gateway) -> Iterator[Gateway]:
    yield running
    for replicas in running.services.values():
        for service in replicas:
            service.answering.set()
    running.forget()


@pytest.mark.parametrize(
    ("path", "service", "arrives_as", "prefix"),
    [
        ("/", "compose_api", "/", []),
        ("/v1/messages", "compose_api", "/v1/messages", []),
        ("/v1/messages/1234", "compose_api", "/v1/messages/1234", []),
        ("/v1/drafts?state=draft", "compose_api", "/v1/drafts?state=draft", []),
        ("/v1/audiences/preview", "compose_api", "/v1/audiences/preview", []),
        ("/v1/viewer", "compose_api", "/v1/viewer", []),
        ("/console", "compose_api", "/console", []),
        ("/console/assets/a.js", "compose_api", "/console/assets/a.js", []),
        ("/demo/", "compose_api", "/demo/", []),
        ("/auth/login?platform=acme", "compose_api", "/auth/login?platform=acme", []),
        ("/compose/docs/", "compose_api", "/docs/", ["/compose"]),
        ("/compose/openapi.json", "compose_api", "/openapi.json", ["/compose"]),
        ("/v1/notifications?after=a%2Fb&limit=10", "inbox_api", "/v1/notifications?after=a%2Fb&limit=10", []),
        ("/v1/notifications/counts", "inbox_api", "/v1/notifications/counts", []),
        ("/v1/notifications/streams", "inbox_api", "/v1/notifications/streams", []),
        ("/v1/sent-messages/1234/export", "inbox_api", "/v1/sent-messages/1234/export", []),
        ("/v1/sent-messages/1234/acknowledgements", "inbox_api", "/v1/sent-messages/1234/acknowledgements", []),
        (
            "/v1/sent-messages/1234/acknowledgements/remind",
            "compose_api",
            "/v1/sent-messages/1234/acknowledgements/remind",
            [],
        ),
        ("/bell.js", "inbox_api", "/bell.js", []),
        ("/bell/de.json", "inbox_api", "/bell/de.json", []),
        ("/inbox/docs/swagger-ui.css", "inbox_api", "/docs/swagger-ui.css", ["/inbox"]),
        ("/inbox/openapi.json", "inbox_api", "/openapi.json", ["/inbox"]),
        (
            "/scim/v2/Users?filter=userName%20eq%20%22a%22",
            "directory",
            "/scim/v2/Users?filter=userName%20eq%20%22a%22",
            [],
        ),
        ("/v1/directory/clinics/c1", "directory", "/v1/directory/clinics/c1", []),
        ("/directory/docs/", "directory", "/docs/", ["/directory"]),
    ],
)
def test_each_path_is_served_by_its_service(
    gateway: Gateway, path: str, service: str, arrives_as: str, prefix: list[str]
) -> None:
    answer = gateway.call("GET", path)
    assert (answer.status, answer.json()["service"]) == (200, service)
    received = gateway.last(service)
    assert received.path == arrives_as
    assert received.values("X-Forwarded-Prefix") == prefix


@pytest.mark.parametrize(
    "path",
    [
        *("/metrics", "/healthz", "/readyz", "/docs", "/openapi.json", "/v1", "/v1/", "/v2/messages", "/v1/messagesx", "/v1/viewers"),
        *("/compose/metrics", "/inbox/readyz", "/compose/v1/messages", "/compose", "/bell.js/x", "/consolex"),
        *("/scim", "/v1/directory", "/directory/readyz"),
    ],
)  # fmt: skip
def test_a_path_that_is_not_published_reaches_no_service(gateway: Gateway, path: str) -> None:
    gateway.call("GET", path).assert_problem(404, "not-found")
    assert gateway.received() == []


@pytest.mark.parametrize(
    "path",
    [
        *("//v1/messages", "/v1//messages", "/v1/messages//", "/v1/../metrics", "/v1/messages/..", "/console/./x"),
        *("/console/%2e%2e/metrics", "/console/%2E/x", "/console/.%2e", "/console%2f%2fx", "/v1/messages/%2f..%2fmetrics"),
        *("/console/a%00b", "/console/a%0d%0aX-A:%20b", "/console/a%5cb", "/inbox/docs/../readyz", "/%2fv1/messages"),
    ],
)  # fmt: skip
def test_a_path_with_another_spelling_reaches_no_service(gateway: Gateway, path: str) -> None:
    gateway.call("GET", path).assert_problem(404, "not-found")
    assert gateway.received() == []


def test_services_learn_the_address_host_and_scheme_from_the_gateway_alone(gateway: Gateway) -> None:
    forged = {
        "Host": "hub.example.org",
        "X-Forwarded-For": "1.2.3.4",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "x-forwarded-prefix": "/evil",
        "X-Forwarded-Port": "1",
        "Forwarded": "for=1.2.3.4",
        "X_Forwarded_For": "1.2.3.4",
        "Idempotency_Key": "forged",
    }
    assert gateway.call("GET", "/v1/notifications", headers=forged).status == 200
    received = gateway.last("inbox_api")
    assert received.values("X-Forwarded-For") == ["127.0.0.1"]
    assert received.values("X-Forwarded-Host") == ["hub.example.org"] == received.values("Host")
    assert received.values("X-Forwarded-Proto") == ["http"]
    names = {name.lower() for name, _ in received.headers}
    assert not {name for name in names if "_" in name}
    assert not names & {"forwarded", "x-forwarded-prefix", "x-forwarded-port"}


def test_a_trusted_proxy_in_front_says_whose_request_it_is(tmp_path: Path) -> None:
    by_proxy = {
        "X-Forwarded-For": "1.2.3.4",
        "X-Forwarded-Host": "hub.example.org",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/hub",
    }
    with gateways.running(tmp_path, HUB_GATEWAY_TRUSTED_PROXIES="10.0.0.0/8 127.0.0.1") as gateway:
        assert gateway.call("GET", "/inbox/docs/", headers=by_proxy).status == 200
        received = gateway.last("inbox_api")
    assert received.values("X-Forwarded-For") == ["1.2.3.4", "127.0.0.1"]
    assert received.values("X-Forwarded-Host") == ["hub.example.org"]
    assert received.values("X-Forwarded-Proto") == ["https"]
    assert received.values("X-Forwarded-Prefix") == ["/hub/inbox"]


def test_a_request_keeps_its_id_and_gets_one_where_it_has_none(gateway: Gateway) -> None:
    own = {"X-Request-ID": "order-17.b_3"}
    assert gateway.call("GET", "/v1/notifications", headers=own).headers["X-Request-ID"] == "order-17.b_3"
    assert gateway.last("inbox_api").values("X-Request-ID") == ["order-17.b_3"]
    for bad in ({}, {"X-Request-ID": "short"}, {"X-Request-ID": 'a"b\\cdefgh'}, {"X-Request-ID": "a" * 65}):
        made = gateway.call("GET", "/v1/notifications", headers=bad).headers["X-Request-ID"]
        assert re.fullmatch("[0-9a-f-]{36}", made)
        assert gateway.last("inbox_api").values("X-Request-ID") == [made]
    assert gateway.call("GET", "/nowhere", headers=own).headers["X-Request-ID"] == "order-17.b_3"


def test_a_body_may_have_320_kib_and_no_more(gateway: Gateway) -> None:
    pieces = [b"x" * 1024] * 320
    for body in (b"x" * MAX_BODY, iter(pieces)):
        assert gateway.call("POST", "/v1/messages", body=body).status == 200
        assert len(gateway.last("compose_api").body) == MAX_BODY
    gateway.forget()
    for body in (b"x" * (MAX_BODY + 1), iter([*pieces, b"x"]), b"x" * 3_000_000):
        gateway.call("POST", "/v1/messages", body=body).assert_problem(413, "payload-too-large")
    assert gateway.received() == []


def test_headers_may_have_32_kib_and_no_more(gateway: Gateway) -> None:
    assert gateway.call("GET", "/v1/notifications", headers={"X-Long": "x" * 32_000}).status == 200
    gateway.forget()
    gateway.call("GET", "/v1/notifications", headers={"X-Long": "x" * 33_000}).assert_problem(400, "bad-request")
    assert gateway.received() == []


def test_a_client_that_does_not_finish_its_request_is_cut_off_and_no_service_waits_for_it(gateway: Gateway) -> None:
    answers: list[bytes] = []
    request = b"POST /v1/messages HTTP/1.1\r\nHost: hub\r\nContent-Length: 100\r\n\r\n" + b"x" * 99
    threads = [
        gateways.in_background(
            lambda: answers.append(gateway.send(b"GET /v1/notifications HTTP/1.1\r\nHost: hub\r\n"))
        ),
        gateways.in_background(lambda: answers.append(gateway.send(request))),
    ]
    for thread in threads:
        thread.join()
    assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)
    assert sum(b"urn:message-hub:error:bad-request" in answer for answer in answers) == 1
    assert gateway.received() == []


@pytest.mark.parametrize("method", ["get", "TRACE", "CONNECT", "PROPFIND"])
def test_a_method_that_no_service_knows_reaches_none(gateway: Gateway, method: str) -> None:
    target = "hub:80" if method == "CONNECT" else "/v1/messages"
    answer = gateway.send(f"{method} {target} HTTP/1.1\r\nHost: hub:80\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"urn:message-hub:error:method-not-allowed" in answer
    assert gateway.received() == []


@pytest.mark.parametrize(
    "head",
    [
        b"POST /v1/messages HTTP/1.1\r\nHost: hub\r\nContent-Length: 3\r\nContent-Length: 4",
        b"POST /v1/messages HTTP/1.1\r\nHost: hub\r\nContent-Length: +3",
        b"POST /v1/messages HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding : chunked",
        b"GET /v1/messages HTTP/1.1\r\nHost: hub\r\nX-Bad Name: x",
        b"GET http://other/v1/messages HTTP/1.1\r\nHost: hub",
        b"GET /v1/messages HTTP/1.1\r\nHost: hub\r\nHost: other",
        b"GET /v1/messages HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b",
        b"POST /v1/messages HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\nContent-Type: text/plain",
        b"POST /v1/messages HTTP/1.1\r\nHost: hub\r\nIdempotency-Key: a\r\nIdempotency-Key: b",
    ],
)
def test_a_request_with_two_meanings_reaches_no_service(gateway: Gateway, head: bytes) -> None:
    answer = gateway.send(head + b"\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert gateway.received() == []


def test_of_a_length_and_chunks_a_service_gets_one(gateway: Gateway) -> None:
    head = b"POST /v1/messages HTTP/1.1\r\nHost: hub\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"
    gateway.send(
        head + b"Connection: close\r\n\r\n5\r\nabcde\r\n0\r\n\r\nGET /v1/notifications HTTP/1.1\r\nHost: hub\r\n\r\n"
    )
    (received,) = gateway.received()
    assert received.body == b"abcde"
    assert received.values("Content-Length") == []


def hold(gateway: Gateway, service: Service, count: int, token: str) -> list[http.client.HTTPConnection]:
    """Sends so many requests of one client, which the service answers when `service.answering` is set. One thread sends them all:
    together they take less than `timeout queue`, also on a busy machine."""
    service.answering.clear()
    connections = [http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20) for _ in range(count)]
    for connection in connections:
        connection.request("GET", "/v1/notifications", headers={"Authorization": f"Bearer {token}"})
    return connections


def statuses(connections: list[http.client.HTTPConnection]) -> list[int]:
    found = []
    for connection in connections:
        with contextlib.closing(connection):
            found.append(connection.getresponse().status)
    return found


def test_overload_is_answered_at_once_while_health_is_asked_directly(gateway: Gateway) -> None:
    (service,) = gateway.services["inbox_api"]
    held = [one for number in range(4) for one in hold(gateway, service, 24, f"overload-{number}")]
    wait_until(lambda: gateway.measured("haproxy_backend_current_queue", proxy="inbox_api") >= 65, what="a long queue")
    answer = gateway.call("GET", "/v1/notifications", headers=TOKEN)
    answer.assert_problem(503, "unavailable")
    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After, X-Request-ID"
    assert answer.seconds < 0.4
    began = time.monotonic()
    assert gateway.call("GET", "/readyz", port=service.server_address[1]).status == 200
    assert time.monotonic() - began < 0.4
    # What was queued is not kept waiting either.
    wait_until(
        lambda: len(select.select([one.sock for one in held], [], [], 0)[0]) == len(held) - 8,
        what="everything queued is answered",
        seconds=5,
    )
    service.answering.set()
    assert sorted(statuses(held)) == [200] * 8 + [503] * 88
    line = next(line for line in gateway.lines() if line["status"] == 503)
    assert line["server"].startswith("inbox_api/")


def test_a_client_with_many_requests_does_not_keep_others_waiting(tmp_path: Path) -> None:
    # Nothing in the queue may be answered before all of it is there, also on a busy machine.
    patient = tmp_path / "haproxy.cfg"
    patient.write_text(re.sub(r"timeout queue \w+", "timeout queue 20s", gateways.CONFIGURATION.read_text()))
    with gateways.running(tmp_path, patient) as gateway:
        check_fairness(gateway)


def check_fairness(gateway: Gateway) -> None:
    (service,) = gateway.services["inbox_api"]
    greedy = hold(gateway, service, 32, "greedy")
    wait_until(lambda: gateway.measured("haproxy_backend_current_queue", proxy="inbox_api") == 24, what="a queue")
    gateway.call("GET", "/v1/notifications", headers={"Authorization": "Bearer greedy"}).assert_problem(
        429, "rate-limited"
    )
    refused = gateway.call("GET", "/scim/v2/Users", headers={"Authorization": "Bearer greedy"})
    assert (refused.status, refused.json()["status"], refused.headers["Retry-After"]) == (429, "429", "1")
    (modest,) = hold(gateway, service, 1, "one")
    wait_until(lambda: gateway.measured("haproxy_backend_current_queue", proxy="inbox_api") == 25, what="the other one")
    service.answering.set()
    assert statuses([modest, *greedy]) == [200] * 33
    # Eight were being served already; of the queue the other client's request is the first: served in turn it would be the last of 33.
    arrived = [received.values("Authorization") for received in gateway.received()]
    assert arrived.index(["Bearer one"]) < 24
    assert gateway.call("GET", "/v1/notifications", headers={"Authorization": "Bearer greedy"}).status == 200


def test_streams_are_passed_on_as_they_come_and_count_against_no_limit(gateway: Gateway) -> None:
    with contextlib.ExitStack() as opened:
        for _ in range(40):
            connection = opened.enter_context(contextlib.closing(http.client.HTTPConnection("127.0.0.1", gateway.port)))
            connection.request("GET", "/v1/notifications/stream", headers=TOKEN)
            answer = connection.getresponse()
            assert answer.status == 200
            assert answer.readline() == b"data: 0\n"
        assert gateway.call("GET", "/v1/notifications", headers=TOKEN).status == 200


@pytest.fixture(scope="module")
def with_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("tls")
    with gateways.running(folder, HUB_TLS_CERTIFICATE=str(gateways.make_certificate(folder, "localhost"))) as made:
        yield made


def test_with_a_certificate_plain_http_leads_to_https(with_tls: Gateway) -> None:
    for host in ("hub.example.org", "hub.example.org:8000"):
        answer = with_tls.call("GET", "/console/?a=b", headers={"Host": host})
        assert answer.status == 308
        assert answer.headers["Location"] == f"https://hub.example.org:{with_tls.tls_port}/console/?a=b"
    assert with_tls.received() == []


def test_tls_offers_http_2_and_old_versions_of_tls_are_refused(with_tls: Gateway) -> None:
    with gateways.connect_with_tls(with_tls.tls_port, protocols=["h2", "http/1.1"]) as connection:
        assert connection.selected_alpn_protocol() == "h2"
        assert connection.version() == "TLSv1.3"
    with gateways.connect_with_tls(with_tls.tls_port, protocols=["http/1.1"]) as connection:
        connection.sendall(b"GET /v1/notifications HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    assert with_tls.last("inbox_api").values("X-Forwarded-Proto") == ["https"]
    too_old = ["openssl", "s_client", "-connect", f"127.0.0.1:{with_tls.tls_port}", "-tls1_1"]
    assert subprocess.run(too_old, input=b"", capture_output=True, timeout=10, check=False).returncode != 0


def test_a_request_over_http_2_is_served_and_its_body_limited(with_tls: Gateway, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    with_tls.forget()
    url = f"https://localhost:{with_tls.tls_port}/v1/messages"

    def post(size: int, *more: str) -> str:
        body = tmp_path / "body"
        body.write_bytes(b"x" * size)
        command = ["curl", "-sk", "--http2", "-o", "/dev/null", "-w", "%{http_version} %{http_code}", *more]
        done = subprocess.run(
            [*command, "--data-binary", f"@{body}", url], capture_output=True, timeout=20, check=False
        )
        return done.stdout.decode()

    assert post(MAX_BODY) == "2 200"
    assert len(with_tls.last("compose_api").body) == MAX_BODY
    assert post(MAX_BODY, "-H", "Content-Length:") == "2 200"
    with_tls.forget()
    assert post(MAX_BODY + 1) == "2 413"
    assert post(MAX_BODY + 1, "-H", "Content-Length:") == "2 413"
    assert with_tls.received() == []


def test_a_reload_keeps_running_streams_and_fails_no_request(tmp_path: Path) -> None:
    with gateways.running(tmp_path) as gateway:
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
        connection.request("GET", "/v1/notifications/stream")
        stream = connection.getresponse()
        while stream.readline() != b"data: 5\n":
            pass
        statuses: list[int] = []
        is_over = threading.Event()

        def ask() -> None:
            while not is_over.is_set():
                statuses.append(gateway.call("GET", "/v1/notifications").status)

        asking = gateways.in_background(ask)
        gateway.reload()
        gateway.wait_until_it_serves()
        is_over.set()
        asking.join()
        assert set(statuses) == {200}
        while stream.readline() != b"data: 30\n":
            pass
        connection.close()


def test_replicas_are_found_by_name_and_one_that_ends_fails_no_request(tmp_path: Path) -> None:
    with gateways.running(tmp_path) as gateway:
        gateway.add_replicas()
        second = gateway.services["inbox_api"][1]
        wait_until(lambda: gateway.is_up("inbox_api", 2), what="the second replica is found")
        answered = {gateway.call("GET", "/v1/notifications").json()["address"] for _ in range(10)}
        assert answered == {"127.0.0.1", "127.0.0.2"}
        # It ends without a word; its address is in DNS still.
        second.shutdown()
        second.server_close()
        assert {gateway.call("GET", "/v1/notifications").status for _ in range(30)} == {200}
        gateway.names.addresses = ["127.0.0.1"]
        wait_until(lambda: not gateway.is_up("inbox_api", 2), what="the second replica is gone")
        gateway.services["inbox_api"][0].is_ready = False
        wait_until(lambda: not gateway.is_up("inbox_api"), what="nothing is ready")
        gateway.call("GET", "/v1/notifications").assert_problem(503, "unavailable")
        assert gateway.call("GET", "/v1/messages").status == 200
        gateway.services["inbox_api"][0].reason = "DiskFull"
        wait_until(lambda: gateway.is_up("inbox_api"), what="what can be read on a full disk is read")
        assert gateway.call("GET", "/v1/notifications").status == 200


def test_half_of_the_replicas_end_at_once_and_no_request_fails(tmp_path: Path) -> None:
    """As in a release: two new replicas are serving requests, and the two old ones, which are idle, end."""
    with gateways.running(tmp_path) as gateway:
        for _ in range(3):
            gateway.add_replicas()
        wait_until(lambda: gateway.is_up("inbox_api", 4), what="all replicas are found")
        replicas = gateway.services["inbox_api"]
        statuses: list[int] = []

        def ask() -> threading.Thread:
            return gateways.in_background(lambda: statuses.append(gateway.call("GET", "/v1/notifications").status))

        for new in replicas[2:]:
            new.answering.clear()
        asking = []
        while not all(new.received for new in replicas[2:]):
            asking.append(ask())
            asking[-1].join(0.1)
        for old in replicas[:2]:
            old.shutdown()
            old.server_close()
        expected = len(asking) + 8
        asking += [ask() for _ in range(8)]
        wait_until(
            lambda: len(statuses) + sum(len(new.received) for new in replicas[2:]) >= expected,
            what="each request is with a new replica, or has failed",
        )
        for new in replicas[2:]:
            new.answering.set()
        for thread in asking:
            thread.join()
        assert set(statuses) == {200}


def test_the_log_says_what_was_rejected_and_holds_no_secret(gateway: Gateway) -> None:
    headers = {"Authorization": "Bearer top-secret", "X-Request-ID": "log-line-17"}
    gateway.call("GET", '/nowhere/"a\\?token=top-secret', headers=headers)
    wait_until(lambda: any(line["request_id"] == "log-line-17" for line in gateway.lines()), what="the line")
    (line,) = (line for line in gateway.lines() if line["request_id"] == "log-line-17")
    assert (line["method"], line["status"], line["path"]) == ("GET", 404, '/nowhere/"a\\')
    assert "top-secret" not in gateway.process.log.read_text()


def test_metrics_are_exported_on_a_port_of_their_own(gateway: Gateway) -> None:
    answer = gateway.call("GET", "/metrics", port=gateway.metrics_port)
    assert answer.status == 200
    for name in (
        "haproxy_frontend_http_responses_total",
        "haproxy_backend_current_queue",
        'haproxy_backend_http_responses_total{proxy="inbox_api",code="5xx"}',
        "haproxy_server_check_status",
    ):
        assert name in answer.body.decode()
    assert gateway.call("GET", "/healthz", port=gateway.metrics_port).status == 200
    assert gateway.call("GET", "/v1/messages", port=gateway.metrics_port).status == 404


def test_scim_takes_larger_bodies_and_is_refused_in_its_own_format(gateway: Gateway) -> None:
    assert gateway.call("PUT", "/scim/v2/Groups/1", body=b"x" * 1_400_000).status == 200
    assert len(gateway.last("directory").body) == 1_400_000
    refused = gateway.call("PUT", "/scim/v2/Groups/1", body=b"x" * (2 * 1024 * 1024 + 1))
    assert refused.status == 413
    assert refused.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
