"""The bridge of inbox_api: one of its answers may go on as a stream."""

from services.inbox_api.stream import entrance, streams
from shared.web import bridge, refusals

STREAM_PATH = "/v1/notifications/stream"


class Bridge(bridge.Bridge):
    def __init__(
        self, app: bridge.Application, refused: refusals.Refusals, live: streams.Streams, *, places: int
    ) -> None:
        super().__init__(app, refused, places=places)
        self._live = live

    async def __call__(self, scope: bridge.Scope, receive: bridge.Receive, send: bridge.Send) -> None:
        if scope["path"] != STREAM_PATH:
            await super().__call__(scope, receive, send)
            return
        way_in = self._live.make_entrance()
        answer = await self.ask(scope, receive, {entrance.KEY: way_in})
        if way_in.admitted is None or scope["method"] != "GET" or answer.status != 200:
            await self.reply(scope, send, answer)
            return
        headers = [(name, value) for name, value in answer.headers if name != b"content-length"]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self._live.serve(way_in.admitted, answer.body, receive=receive, send=send)
