"""`python -m services.compose_api [--host HOST] [--port PORT]`."""

from granian.constants import Interfaces

from shared import server

if __name__ == "__main__":
    server.serve("services.compose_api.wsgi:app", name="compose_api", interface=Interfaces.WSGI, port=8001)
