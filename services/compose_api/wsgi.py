"""The application, as shared/server.py loads it."""

from services.compose_api import app as compose
from services.compose_api import draft_content, metrics, publisher, releaser, settings
from shared import broker, db, draining, logging, rate_limit, redis_client

_settings = settings.read()
logging.configure(_settings.log, service="compose_api")
draining.listen()
_monitor = redis_client.Monitor(_settings.redis_url)
_limiter = rate_limit.Limiter(_settings.rate_limit)
_publisher = publisher.Publisher(
    broker.make_celery(
        _settings.redis_url,
        connect_timeout_s=redis_client.SHORT_TIMEOUT_S,
        socket_timeout_s=redis_client.SHORT_TIMEOUT_S,
    ),
    _settings.redis_url,
    _monitor,
)

_engine = db.make_engine(_settings.database, role=db.COMPOSE_ROLE, name="compose_api")
_releaser = releaser.Releaser(
    _engine, _publisher.submit, draft_content.read_content, public_url=_settings.sign_in.public_url
)
_releaser.start()

app = compose.make_app(
    compose.Context(
        engine=_engine,
        publish=_publisher.submit,
        limiter=_limiter,
    ),
    auth=_settings.auth,
    cors_origins=_settings.cors_origins,
    proxy_count=_settings.proxy_count,
    pages=_settings.pages,
    sign_in=_settings.sign_in,
    broker_state=_monitor.state,
)
for _measured in (_publisher, _releaser, _limiter):
    _measured.register(app.extensions["hub_registry"])
app.extensions["hub_registry"].register(metrics.Workers(redis_client.make_short(_settings.redis_url)))
