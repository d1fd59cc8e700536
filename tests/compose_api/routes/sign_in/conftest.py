"""One provider and one hub for all tests of signing in."""

import threading
from collections.abc import Iterator

import flask
import pytest
from sqlalchemy import Engine
from werkzeug import serving

from services.compose_api import settings as own_settings
from tests import factories, identity_provider
from tests.compose_api.routes.sign_in.hub import SignIn, make_app


@pytest.fixture(scope="package")
def hub(compose_engine: Engine, tenants_owner: Engine) -> Iterator[SignIn]:
    server = serving.make_server("127.0.0.1", 0, flask.Flask("later"), threaded=True)
    url = f"http://127.0.0.1:{server.port}"
    server.app = make_app(compose_engine, own_settings.SignIn(url, (factories.SECRET,)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        with identity_provider.running(url) as provider:
            with tenants_owner.begin() as connection:
                platform = factories.platform(connection)
                identity_provider.register(connection, platform, issuer=provider.issuer)
            yield SignIn(url, compose_engine, tenants_owner, provider, platform)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
