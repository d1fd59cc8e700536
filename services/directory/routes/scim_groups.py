"""/scim/v2/Groups."""

from collections.abc import Callable
from typing import Any

import flask
import scim2_models

from services.directory.actions import scim_groups as actions
from services.directory.provisioned import GroupState, MemberChange, Page
from services.directory.routes import scim_requests, scim_users
from services.directory.scim import filters, groups, resources

blueprint = flask.Blueprint("scim_groups", __name__)
_PATH = "/Groups"
_COMPARED = {"id": int, "displayName": str, "externalId": str, "members": int}
_SEARCH = scim2_models.SearchRequest[resources.ScopedGroup]


@blueprint.get(_PATH)
@scim_requests.guarded
def list_groups() -> flask.Response:
    return _list(scim_requests.read_search(_SEARCH))


@blueprint.post(f"{_PATH}/.search")
@scim_requests.guarded
def search_groups() -> flask.Response:
    return _list(scim_requests.read_posted_search(_SEARCH))


@blueprint.post("/.search")
@scim_requests.guarded
def search_all() -> flask.Response:
    """Users, then groups."""
    search = scim_requests.read_posted_search(scim2_models.SearchRequest[resources.User | resources.ScopedGroup])
    if search.filter is not None:
        raise scim2_models.InvalidFilterException(detail="Filter users or groups, not both at once.")
    page = scim_requests.read_page(search, ())
    user_count, users = scim_users.find(search, page)
    rest = Page(max(1, page.start - user_count), page.count - len(users))
    group_count, found = _find(search, rest)
    listed = [*users, *found]
    return scim_requests.respond(resources.list_response(listed, total=user_count + group_count, start=page.start))


def _find(search: scim2_models.SearchRequest[Any], page: Page) -> tuple[int, list[dict[str, Any]]]:
    """How many groups match, and those of the page."""
    total, found = actions.list_groups(_engine(), client=scim_requests.client(), page=page)
    members = actions.list_members(_engine(), groups=found) if groups.wants_members(search) else None
    return total, [_dump(one, search, None if members is None else members.get(one.id, [])) for one in found]


def _list(search: scim2_models.SearchRequest[Any]) -> flask.Response:
    page = scim_requests.read_page(search, filters.read(search.filter, _COMPARED))
    total, listed = _find(search, page)
    return scim_requests.respond(resources.list_response(listed, total=total, start=page.start))


@blueprint.get(f"{_PATH}/<group_id>")
@scim_requests.guarded
def get_group(group_id: str) -> flask.Response:
    found = actions.get_group(_engine(), client=scim_requests.client(), group_id=_read_id(group_id))
    return _respond(found)


@blueprint.post(_PATH)
@scim_requests.guarded
def post_group() -> flask.Response:
    state, members = groups.read(scim_requests.read_body())
    made = actions.create_group(_engine(), client=scim_requests.client(), state=state, members=members)
    return _respond(made, status=201)


@blueprint.put(f"{_PATH}/<group_id>")
@scim_requests.guarded
def put_group(group_id: str) -> flask.Response:
    body = scim_requests.read_body()
    return _respond(_change(group_id, lambda _now: groups.read(body, replaces=True)))


@blueprint.patch(f"{_PATH}/<group_id>")
@scim_requests.guarded
def patch_group(group_id: str) -> flask.Response:
    """Answers without the members if they are many, unless the request asks for them."""
    body = scim_requests.read_body()
    return _respond(_change(group_id, lambda now: groups.patch(body, now)), only_few=True)


@blueprint.delete(f"{_PATH}/<group_id>")
@scim_requests.guarded
def delete_group(group_id: str) -> flask.Response:
    actions.delete_group(_engine(), client=scim_requests.client(), group_id=_read_id(group_id), check=_check_tag)
    return flask.Response(status=204)


def _change(group_id: str, state: Callable[[GroupState], tuple[GroupState, MemberChange]]) -> actions.Group:
    def decide(now: actions.Group) -> tuple[GroupState, MemberChange]:
        _check_tag(now)
        return state(now.state)

    return actions.change_group(_engine(), client=scim_requests.client(), group_id=_read_id(group_id), decide=decide)


def _check_tag(now: actions.Group) -> None:
    scim_requests.check_tag(str(now.revision))


def _respond(group: actions.Group, *, status: int = 200, only_few: bool = False) -> flask.Response:
    search = scim_requests.read_search(_SEARCH)
    members: list[int] | None = None
    if groups.wants_members(search):
        if only_few and not search.attributes:
            members = actions.list_few_members(_engine(), group=group)
        else:
            members = actions.list_members(_engine(), groups=[group]).get(group.id, [])
    location = f"{scim_requests.base_url()}{_PATH}/{group.id}"
    return scim_requests.respond(
        _dump(group, search, members), status=status, tag=str(group.revision), location=location
    )


def _dump(group: actions.Group, search: scim2_models.SearchRequest[Any], members: list[int] | None) -> dict[str, Any]:
    tag = str(group.revision)
    meta = scim_requests.meta("Group", f"{_PATH}/{group.id}", tag, group.created_at, group.changed_at)
    users_url = f"{scim_requests.base_url()}/Users"
    named = None
    if members is not None:
        named = [{"value": str(one), "$ref": f"{users_url}/{one}", "type": "User"} for one in members]
    return groups.dump(group.state, meta=meta, id_=group.id, members=named, search=search)


def _read_id(group_id: str) -> int:
    return scim_requests.read_id(group_id, "group")


def _engine() -> Any:
    return flask.current_app.extensions["hub"].engine
