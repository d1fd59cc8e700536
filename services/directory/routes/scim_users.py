"""/scim/v2/Users."""

from collections.abc import Callable
from typing import Any

import flask
import scim2_models

from services.directory import metrics
from services.directory.actions import scim_users as actions
from services.directory.provisioned import Page, UserState
from services.directory.routes import scim_requests
from services.directory.scim import filters, resources, users

blueprint = flask.Blueprint("scim_users", __name__)
_PATH = "/Users"
_COMPARED = {"id": int, "userName": str, "externalId": str, "emails": str, "displayName": str, "active": bool}
_SEARCH = scim2_models.SearchRequest[resources.User]


@blueprint.get(_PATH)
@scim_requests.guarded
def list_users() -> flask.Response:
    return _list(scim_requests.read_search(_SEARCH))


@blueprint.post(f"{_PATH}/.search")
@scim_requests.guarded
def search_users() -> flask.Response:
    return _list(scim_requests.read_posted_search(_SEARCH))


def find(search: scim2_models.SearchRequest[Any], page: Page) -> tuple[int, list[dict[str, Any]]]:
    """How many users match, and those of the page."""
    total, found = actions.list_users(_engine(), client=scim_requests.client(), page=page)
    return total, [_dump(one, search) for one in found]


def _list(search: scim2_models.SearchRequest[Any]) -> flask.Response:
    page = scim_requests.read_page(search, filters.read(search.filter, _COMPARED))
    total, listed = find(search, page)
    return scim_requests.respond(resources.list_response(listed, total=total, start=page.start))


@blueprint.get(f"{_PATH}/<user_id>")
@scim_requests.guarded
def get_user(user_id: str) -> flask.Response:
    search = scim_requests.read_search(_SEARCH)
    found = actions.get_user(_engine(), client=scim_requests.client(), user_id=scim_requests.read_id(user_id, "user"))
    return _respond(found, search)


@blueprint.post(_PATH)
@scim_requests.guarded
def post_user() -> flask.Response:
    search = scim_requests.read_search(_SEARCH)
    made = actions.create_user(_engine(), client=scim_requests.client(), state=users.read(scim_requests.read_body()))
    return _respond(made, search, status=201)


@blueprint.put(f"{_PATH}/<user_id>")
@scim_requests.guarded
def put_user(user_id: str) -> flask.Response:
    body = scim_requests.read_body()
    return _change(user_id, lambda now: users.read(body, replaces=now))


@blueprint.patch(f"{_PATH}/<user_id>")
@scim_requests.guarded
def patch_user(user_id: str) -> flask.Response:
    body = scim_requests.read_body()
    return _change(user_id, lambda now: users.patch(body, now))


@blueprint.delete(f"{_PATH}/<user_id>")
@scim_requests.guarded
def delete_user(user_id: str) -> flask.Response:
    before = actions.delete_user(
        _engine(),
        client=scim_requests.client(),
        user_id=scim_requests.read_id(user_id, "user"),
        check=_check_tag,
    )
    if before.is_active:
        metrics.DEACTIVATIONS.inc()
    return flask.Response(status=204)


def _change(user_id: str, state: Callable[[UserState], UserState]) -> flask.Response:
    search = scim_requests.read_search(_SEARCH)

    def decide(now: actions.User) -> UserState:
        _check_tag(now)
        return state(now.state)

    before, after = actions.change_user(
        _engine(), client=scim_requests.client(), user_id=scim_requests.read_id(user_id, "user"), decide=decide
    )
    if before.is_active and not after.is_active:
        metrics.DEACTIVATIONS.inc()
    return _respond(after, search)


def _check_tag(now: actions.User) -> None:
    scim_requests.check_tag(users.tag(now.state))


def _respond(user: actions.User, search: scim2_models.SearchRequest[Any], *, status: int = 200) -> flask.Response:
    location = f"{scim_requests.base_url()}{_PATH}/{user.id}"
    tag = users.tag(user.state)
    return scim_requests.respond(_dump(user, search), status=status, tag=tag, location=location)


def _dump(user: actions.User, search: scim2_models.SearchRequest[Any]) -> dict[str, Any]:
    meta = scim_requests.meta("User", f"{_PATH}/{user.id}", users.tag(user.state), user.created_at, user.changed_at)
    return users.dump(user.state, meta=meta, id_=user.id, search=search)


def _engine() -> Any:
    return flask.current_app.extensions["hub"].engine
