"""`python -m services.inbox_api.stream [--host HOST] [--port PORT]`."""

from granian.constants import Interfaces

from shared import server

if __name__ == "__main__":
    server.serve("services.inbox_api.stream.asgi:app", name="inbox_stream", interface=Interfaces.ASGI, port=8003)
