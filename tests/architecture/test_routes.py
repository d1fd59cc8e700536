import flask
import pytest

from cli import openapi
from shared.web import guards

APPS = openapi.make_apps()
PUBLIC = {"/healthz", "/readyz", "/metrics", "/openapi.json"}
PAGES = {
    "compose": {
        "/",
        "/console",
        "/console/",
        "/console/<path:name>",
        "/console/config.json",
        "/demo",
        "/demo/",
        "/demo/<path:name>",
        "/demo/people.json",
        "/favicon.ico",
        "/auth/login",
        "/auth/callback",
        "/auth/backchannel-logout",
    },
    "inbox": {"/bell.js", "/bell/<name>"},
    "directory": set(),
}
# They take the console's cookie, and nothing else does.
SESSIONS = {"/auth/session", "/auth/token", "/auth/logout"}


@pytest.mark.parametrize(("name", "app"), APPS.items(), ids=APPS)
def test_every_route_states_who_may_call_it(name: str, app: flask.Flask) -> None:
    for rule in app.url_map.iter_rules():
        guard = getattr(app.view_functions[rule.endpoint], guards.GUARD, None)
        assert guard is not None, f"{rule.rule} has no guard"
        is_public = rule.rule in PUBLIC | PAGES[name] or rule.rule.startswith("/docs")
        assert (guard == "session") == (rule.rule in SESSIONS)
        assert (guard == "public") == is_public, f"{rule.rule} is guarded by {guard!r}"
        assert rule.rule.startswith(("/v1/", "/scim/v2/")) != (is_public or rule.rule in SESSIONS)


@pytest.mark.parametrize(("name", "app"), APPS.items(), ids=APPS)
def test_the_pages_are_where_the_design_says(name: str, app: flask.Flask) -> None:
    assert PAGES[name] <= {rule.rule for rule in app.url_map.iter_rules()}


def test_the_routes_are_those_of_the_design() -> None:
    routes = {
        f"{method} {rule.rule.replace('<id:', '<')}"
        for app in APPS.values()
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/v1/")
    }
    assert routes == {
        "POST /v1/messages",
        "DELETE /v1/messages/<message_id>",
        "POST /v1/drafts",
        "GET /v1/drafts",
        "GET /v1/drafts/<draft_id>",
        "PATCH /v1/drafts/<draft_id>",
        "DELETE /v1/drafts/<draft_id>",
        "POST /v1/drafts/<draft_id>/send",
        "POST /v1/drafts/<draft_id>/schedule",
        "POST /v1/drafts/<draft_id>/unschedule",
        "GET /v1/viewer",
        "GET /v1/audiences",
        "POST /v1/audiences/preview",
        "GET /v1/notifications",
        "GET /v1/notifications/counts",
        "GET /v1/notifications/stream",
        "GET /v1/notifications/<message_id>",
        "PUT /v1/notifications/<message_id>/read",
        "DELETE /v1/notifications/<message_id>/read",
        "PUT /v1/notifications/<message_id>/archived",
        "DELETE /v1/notifications/<message_id>/archived",
        "PUT /v1/notifications/<message_id>/acknowledged",
        "POST /v1/notifications/seen",
        "POST /v1/notifications/read-all",
        "GET /v1/sent-messages",
        "GET /v1/sent-messages/<message_id>",
        "GET /v1/sent-messages/<message_id>/recipients",
        "GET /v1/sent-messages/<message_id>/recipients/export",
        "GET /v1/sent-messages/<message_id>/acknowledgements",
        "GET /v1/sent-messages/<message_id>/acknowledgements/summary",
        "GET /v1/sent-messages/<message_id>/acknowledgements/export",
        "POST /v1/sent-messages/<message_id>/acknowledgements/remind",
        "GET /v1/directory/provisioning",
        "POST /v1/directory/provisioning/resume",
        "GET /v1/directory/provisioning/groups",
        "PUT /v1/directory/provisioning/groups/<group_id>/mapping",
        "DELETE /v1/directory/provisioning/groups/<group_id>/mapping",
        "GET /v1/directory/provisioning/tokens",
        "POST /v1/directory/provisioning/tokens",
        "DELETE /v1/directory/provisioning/tokens/<token_id>",
        "GET /v1/directory/provisioning/refusals",
        "PUT /v1/directory/organisations/<external_id>",
        "PUT /v1/directory/clinics/<external_id>",
    }
