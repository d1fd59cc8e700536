"""The bell: a user's notifications, their counts, and what the user did with them."""

import uuid
from typing import Any

import flask
import flask.sansio.blueprints
from werkzeug import routing

from services.inbox_api import routes, schemas
from services.inbox_api.actions import notifications, states
from shared.web import app as frame
from shared.web import guards, ids, json_response, request_log

blueprint = frame.Blueprint("notifications", __name__, description="What is under the bell of the calling user.")

# What stands where an id may stand, and is an address of its own.
_SEEN, _READ_ALL = "seen", "read-all"


class _IdConverter(routing.UnicodeConverter):
    """`<id:…>`: anything but those names, so that asking for them in another way is answered 405 and not that there is no such id."""

    def __init__(self, url_map: routing.Map) -> None:
        super().__init__(url_map)
        self.regex = rf"(?!(?:{_SEEN}|{_READ_ALL})\Z){self.regex}"


@blueprint.record_once
def _register_converter(state: flask.sansio.blueprints.BlueprintSetupState) -> None:
    state.app.url_map.converters["id"] = _IdConverter


_ID = ids.path_id("Of the notification, which is the message's.")
_NEWEST = "$response.body#/data/0/id"
_LINKS = {
    **{
        operation: {"operationId": operation, "parameters": {"message_id": _NEWEST}}
        for operation in (
            "getNotification",
            "markNotificationRead",
            "markNotificationUnread",
            "archiveNotification",
            "unarchiveNotification",
            "acknowledgeNotification",
        )
    },
    **{
        operation: {"operationId": operation, "requestBody": {"through": _NEWEST}}
        for operation in ("markSeenThrough", "markReadThrough")
    },
    "next": {"operationId": "listNotifications", "parameters": {"after": "$response.body#/next_cursor"}},
}


@blueprint.route("/v1/notifications")
@guards.user
@routes.polled
@blueprint.arguments(schemas.FeedQuery, location="query")
@blueprint.response(200, schemas.FeedOut)
@blueprint.alt_response(304, description=routes.UNCHANGED)
@blueprint.refuses("bad-cursor")
@blueprint.doc(operationId="listNotifications", responses={200: {"links": _LINKS}})
def get_feed(query: dict[str, Any]) -> flask.Response:
    """A page of notifications, newest first, with the counts of the whole inbox"""
    return json_response.write(notifications.get_feed(routes.engine(), caller=routes.reader(), **query))


@blueprint.route("/v1/notifications/counts")
@guards.user
@routes.polled
@blueprint.response(200, schemas.CountsOut)
@blueprint.alt_response(304, description=routes.UNCHANGED)
@blueprint.doc(operationId="getNotificationCounts")
def get_counts() -> flask.Response:
    """How many notifications are unread and unseen"""
    return json_response.write(notifications.get_counts(routes.engine(), caller=routes.reader()))


@blueprint.route("/v1/notifications/<id:message_id>", parameters=_ID)
@guards.user
@routes.polled
@blueprint.response(200, schemas.NotificationOut)
@blueprint.alt_response(304, description=routes.UNCHANGED)
@blueprint.refuses("not-found")
@blueprint.doc(operationId="getNotification")
def get_notification(message_id: str) -> flask.Response:
    """One notification, archived or not"""
    return json_response.write(
        notifications.get_notification(routes.engine(), caller=routes.reader(), message_id=_read_id(message_id))
    )


@blueprint.route("/v1/notifications/<message_id>/read", methods=["PUT"], parameters=_ID)
@guards.user
@routes.private
@blueprint.response(200, schemas.ChangedOut)
@blueprint.refuses("not-found", "recalled", "rate-limited")
@blueprint.doc(operationId="markNotificationRead")
def put_read(message_id: str) -> flask.Response:
    """Mark as read, which implies seen; repeating it keeps the first time"""
    return json_response.write(
        states.mark_read(routes.engine(), caller=routes.reader(), message_id=_read_id(message_id), rate=routes.rate())
    )


@blueprint.route("/v1/notifications/<message_id>/read", methods=["DELETE"], parameters=_ID)
@guards.user
@routes.private
@blueprint.response(200, schemas.ChangedOut)
@blueprint.refuses("not-found", "recalled", "rate-limited")
@blueprint.doc(operationId="markNotificationUnread")
def delete_read(message_id: str) -> flask.Response:
    """Mark as unread; it stays seen"""
    return json_response.write(
        states.clear_read(routes.engine(), caller=routes.reader(), message_id=_read_id(message_id), rate=routes.rate())
    )


@blueprint.route("/v1/notifications/<message_id>/archived", methods=["PUT"], parameters=_ID)
@guards.user
@routes.private
@blueprint.response(200, schemas.ChangedOut)
@blueprint.refuses("not-found", "recalled", "acknowledgement-required", "rate-limited")
@blueprint.doc(operationId="archiveNotification")
def put_archived(message_id: str) -> flask.Response:
    """Archive: it is listed only when asked for, and not counted; repeating it keeps the first time. Not before it is acknowledged"""
    return json_response.write(
        states.mark_archived(
            routes.engine(), caller=routes.reader(), message_id=_read_id(message_id), rate=routes.rate()
        )
    )


@blueprint.route("/v1/notifications/<message_id>/archived", methods=["DELETE"], parameters=_ID)
@guards.user
@routes.private
@blueprint.response(200, schemas.ChangedOut)
@blueprint.refuses("not-found", "recalled", "rate-limited")
@blueprint.doc(operationId="unarchiveNotification")
def delete_archived(message_id: str) -> flask.Response:
    """Take out of the archive, as read or unread as it was"""
    return json_response.write(
        states.clear_archived(
            routes.engine(), caller=routes.reader(), message_id=_read_id(message_id), rate=routes.rate()
        )
    )


@blueprint.route("/v1/notifications/<message_id>/acknowledged", methods=["PUT"], parameters=_ID)
@guards.user
@routes.private
@blueprint.arguments(schemas.AcknowledgedIn)
@blueprint.response(200, schemas.AcknowledgedOut)
@blueprint.refuses(
    "not-found", "recalled", "acknowledgement-not-requested", "content-changed", "message-expired", "rate-limited"
)
@blueprint.doc(operationId="acknowledgeNotification")
def put_acknowledged(given: dict[str, bytes], message_id: str) -> flask.Response:
    """Acknowledge for ever, which implies read; repeating it keeps the first time"""
    return json_response.write(
        states.acknowledge(
            routes.engine(),
            caller=routes.reader(),
            message_id=_read_id(message_id),
            given=states.Given(given["content_hash"], guards.authentication(), request_log.request_id()),
            rate=routes.rate(),
        )
    )


@blueprint.route(f"/v1/notifications/{_SEEN}", methods=["POST"])
@guards.user
@routes.private
@blueprint.arguments(schemas.ThroughIn)
@blueprint.response(200, schemas.CountsOut)
@blueprint.refuses("not-found", "rate-limited")
@blueprint.doc(operationId="markSeenThrough")
def post_seen(given: dict[str, uuid.UUID]) -> flask.Response:
    """Mark a notification and everything older as seen; what came after stays as it is"""
    return json_response.write(
        states.mark_seen_through(routes.engine(), caller=routes.reader(), through=given["through"], rate=routes.rate())
    )


@blueprint.route(f"/v1/notifications/{_READ_ALL}", methods=["POST"])
@guards.user
@routes.private
@blueprint.arguments(schemas.ThroughIn)
@blueprint.response(200, schemas.CountsOut)
@blueprint.refuses("not-found", "rate-limited")
@blueprint.doc(operationId="markReadThrough")
def post_read_all(given: dict[str, uuid.UUID]) -> flask.Response:
    """Mark a notification and everything older as read; what came after stays as it is"""
    return json_response.write(
        states.mark_read_through(routes.engine(), caller=routes.reader(), through=given["through"], rate=routes.rate())
    )


def _read_id(text: str) -> uuid.UUID:
    return ids.read_uuid(text, "notification in your inbox")
