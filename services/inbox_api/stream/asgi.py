"""The application, as shared/server.py loads it."""

import resource

from services.inbox_api.store import inbox
from services.inbox_api.stream import app as stream
from services.inbox_api.stream import settings
from shared import db, draining, logging

_settings = settings.read()
logging.configure(_settings.log, service="inbox_stream")
draining.listen()
# Each stream is an open file; many systems start a process with a soft limit of 1,024.
_hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (_hard_limit, _hard_limit))

app = stream.Live(
    db.make_engine(_settings.database, role=db.INBOX_ROLE, name="inbox_stream", session=inbox.SESSION),
    auth=_settings.auth,
    limit=_settings.streams,
    redis_url=_settings.redis_url,
    cors_origins=_settings.cors_origins,
    ends_on_signal=True,
).app
