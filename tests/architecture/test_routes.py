import flask
import pytest

from cli import openapi
from shared.http import guards

APPS = openapi.make_apps()
PUBLIC = {"/healthz", "/readyz", "/metrics", "/openapi.json"}


@pytest.mark.parametrize("app", APPS.values(), ids=APPS)
def test_every_route_states_who_may_call_it(app: flask.Flask) -> None:
    for rule in app.url_map.iter_rules():
        guard = getattr(app.view_functions[rule.endpoint], guards.GUARD, None)
        assert guard is not None, f"{rule.rule} has no guard"
        is_public = rule.rule in PUBLIC or rule.rule.startswith("/docs")
        assert (guard == "public") == is_public, f"{rule.rule} is guarded by {guard!r}"
        assert rule.rule.startswith("/v1/") != is_public


def test_the_routes_are_those_of_the_design() -> None:
    routes = {
        f"{method} {rule.rule}"
        for app in APPS.values()
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/v1/")
    }
    assert routes == {
        "POST /v1/messages",
        "DELETE /v1/messages/<message_id>",
        "GET /v1/audiences",
        "POST /v1/audiences/preview",
        "GET /v1/notifications",
        "GET /v1/notifications/counts",
        "GET /v1/notifications/<message_id>",
        "PUT /v1/notifications/<message_id>/read",
        "DELETE /v1/notifications/<message_id>/read",
        "PUT /v1/notifications/<message_id>/archived",
        "DELETE /v1/notifications/<message_id>/archived",
        "POST /v1/notifications/seen",
        "POST /v1/notifications/read-all",
        "GET /v1/sent-messages",
        "GET /v1/sent-messages/<message_id>",
    }
