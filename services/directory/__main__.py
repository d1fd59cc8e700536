"""`python -m services.directory [--host HOST] [--port PORT]`."""

from granian.constants import Interfaces

from shared import server

if __name__ == "__main__":
    server.serve("services.directory.wsgi:app", name="directory", interface=Interfaces.WSGI, port=8004)
