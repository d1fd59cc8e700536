"""`python -m services.inbox_api [--host HOST] [--port PORT]`."""

from granian.constants import Interfaces

from shared import server

if __name__ == "__main__":
    server.serve("services.inbox_api.wsgi:app", name="inbox_api", interface=Interfaces.WSGI, port=8002)
