"""Entry file: `granian --interface wsgi services.compose_api.wsgi:app`."""

from services.compose_api import app as compose
from services.compose_api import metrics, publisher, settings
from shared import broker, contracts, db, log, process, redis_client

process.die_with_parent()
_settings = settings.read()
log.configure(_settings.log, service="compose_api")
_engine = db.make_engine(_settings.database, role=db.COMPOSE_ROLE, name="compose_api")
_celery = broker.make_celery(_settings.redis_url)
_redis = redis_client.make(_settings.redis_url)
_dropped = metrics.Dropped()


def _announce(change: contracts.PlatformChanged) -> None:
    _redis.publish(change.channel, change.write())


app = compose.make_app(
    compose.Context(
        engine=_engine,
        publish=publisher.Publisher[contracts.Contract](
            lambda contract: broker.publish(_celery, contract), count=_dropped.task
        ).submit,
        # A thread of its own: streams do not wait behind tasks, nor tasks behind announcements.
        announce=publisher.Publisher(
            _announce, otherwise="streams look by themselves", count=_dropped.announcement
        ).submit,
    ),
    auth=_settings.auth,
    places=_settings.places,
    cors_origins=_settings.cors_origins,
    trusted_proxies=_settings.trusted_proxies,
    pages=_settings.pages,
    broker_state=redis_client.State(_redis.ping),
)
_dropped.register(app.extensions["hub_registry"])
