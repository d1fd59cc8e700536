"""The way from a request to a stream: the route, in its thread, leaves here what the event loop goes on with."""

from dataclasses import dataclass

from services.inbox_api import cursor
from services.inbox_api.stream import metrics, switchboard
from shared import errors

# Where a request's WSGI environment carries its entrance, if the server it came through serves streams.
KEY = "message_hub.stream_entrance"
_RETRY_AFTER_S = 30


@dataclass(frozen=True)
class Admitted:
    """Somebody who was let in; `expires_at` is in seconds since 1970."""

    platform_id: int
    user_id: int
    position: cursor.Position
    expires_at: float


class Entrance:
    """One request's. The answer to it begins the stream if it leaves somebody in `admitted`."""

    def __init__(self, board: switchboard.Switchboard, measures: metrics.Metrics) -> None:
        self._board = board
        self._measures = measures
        self.admitted: Admitted | None = None

    def check_room(self, *, platform_id: int, user_id: int) -> None:
        """Raises `HubError` unavailable when as many streams as allowed are open, in all or of this user."""
        if self._board.has_many(platform_id=platform_id, user_id=user_id):
            raise errors.unavailable("You have as many streams open as one may have.", retry_after_s=_RETRY_AFTER_S)
        if self._board.is_full():
            self._measures.refused.inc()
            raise errors.unavailable("As many streams are open as this process serves.", retry_after_s=_RETRY_AFTER_S)
