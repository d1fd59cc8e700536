"""Entry file: `granian --interface wsgi services.compose_api.wsgi:app`."""

from services.compose_api import app as compose
from services.compose_api import metrics, publisher, rate_limit, settings
from shared import breaker, broker, contracts, db, logging, redis_client

_settings = settings.read()
logging.configure(_settings.log, service="compose_api")
_engine = db.make_engine(_settings.database, role=db.COMPOSE_ROLE, name="compose_api")
_celery = broker.make_celery(_settings.redis_url)
_redis = redis_client.make(_settings.redis_url)
_dropped = metrics.Dropped()
_breaker = breaker.Breaker(_redis.ping)
_limiter = rate_limit.make(_settings.rate_limit, url=_settings.redis_url, redis_breaker=_breaker)


def _announce(change: contracts.PlatformChanged) -> None:
    _redis.publish(change.channel, change.write())


app = compose.make_app(
    compose.Context(
        engine=_engine,
        publish=publisher.Publisher[contracts.Contract](
            lambda contract: broker.publish(_celery, contract), _breaker, count=_dropped.task
        ).submit,
        # A thread of its own: streams do not wait behind tasks, nor tasks behind announcements.
        announce=publisher.Publisher(
            _announce, _breaker, otherwise="streams look by themselves", count=_dropped.announcement
        ).submit,
        hit=_limiter.hit,
    ),
    auth=_settings.auth,
    places=_settings.places,
    cors_origins=_settings.cors_origins,
    trusted_proxies=_settings.trusted_proxies,
    pages=_settings.pages,
    broker_state=_breaker.state,
)
for _measured in (_dropped, _limiter):
    _measured.register(app.extensions["hub_registry"])
