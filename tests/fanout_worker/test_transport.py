import ssl

import kombu
import pytest
import redis.exceptions
import sqlalchemy

from drills.proxy import Proxy
from services.fanout_worker import transport
from shared import broker, contracts

TASK = contracts.DeliverBatch(message_id="0", seq=1, request_id="request")


def taken(url: str, using: object) -> tuple[kombu.Connection, kombu.Message]:
    """The one task, taken from Redis at `url` by somebody who takes one at a time."""
    connection = kombu.Connection(url, transport=using, transport_options={"socket_timeout": 2, "max_retries": 0})
    messages: list[kombu.Message] = []
    channel = connection.channel()
    channel.basic_qos(0, 1, False)
    kombu.Consumer(
        channel, [kombu.Queue(contracts.DELIVER_QUEUE)], callbacks=[lambda _body, message: messages.append(message)]
    ).consume()
    connection.drain_events(timeout=5)
    return connection, messages[0]


@pytest.mark.parametrize("answer", ["ack", "requeue"])
def test_a_worker_asks_for_the_next_task_though_redis_never_heard_of_the_last_one(redis_url: str, answer: str) -> None:
    app = broker.make_celery(redis_url)
    broker.publish(app, TASK)
    app.close()
    url = sqlalchemy.make_url(redis_url)
    with Proxy(int(url.port or 0)) as proxy:
        through = url.set(port=proxy.port).render_as_string(hide_password=False)
        connection, message = taken(through, transport.Transport)
        assert not message.channel.qos.can_consume()
        proxy.close()
        with pytest.raises(redis.exceptions.RedisError):
            message.ack() if answer == "ack" else message.requeue()
        assert message.channel.qos.can_consume()
        connection.collect()


def test_kombu_by_itself_still_waits_for_the_last_one(redis_url: str) -> None:
    """Where this fails, kombu has mended it: QoS in transport.py can go."""
    app = broker.make_celery(redis_url)
    broker.publish(app, TASK)
    app.close()
    url = sqlalchemy.make_url(redis_url)
    with Proxy(int(url.port or 0)) as proxy:
        through = url.set(port=proxy.port).render_as_string(hide_password=False)
        connection, message = taken(through, "redis")
        proxy.close()
        with pytest.raises(redis.exceptions.RedisError):
            message.ack()
        assert not message.channel.qos.can_consume()
        connection.collect()


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_a_celery_app_uses_this_transport_and_the_address_as_it_is(scheme: str) -> None:
    app = broker.make_celery(
        f"{scheme}://u:p@h:7/3?ssl_cert_reqs=required" if scheme == "rediss" else "redis://u:p@h:7/3"
    )
    app.conf.broker_transport = f"{transport.__name__}:Transport"
    with app.connection_for_read() as connection:
        assert isinstance(connection.transport, transport.Transport)
        assert (connection.hostname, connection.port, connection.virtual_host) == ("h", 7, "3")
        assert (connection.userid, connection.password) == ("u", "p")
        assert connection.ssl == ({"ssl_cert_reqs": ssl.CERT_REQUIRED} if scheme == "rediss" else False)
