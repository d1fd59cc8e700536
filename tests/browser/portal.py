"""A platform's own web page, of another origin than the hub, that embeds the bell the way docs/embedding.md says."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

_FILES = Path(__file__).parent / "site"
_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css"}


class Portal(ThreadingHTTPServer):
    """`/page.html` is the page, `?style=hostile` the same page with another style sheet.
    `inbox_url` is where it takes its bell from, `stream_url` where the bell's live stream is.
    """

    daemon_threads = True
    inbox_url = ""
    stream_url = ""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.url = f"http://127.0.0.1:{port}"

    def page(self, style: str = "friendly") -> str:
        return f"{self.url}/page.html?style={style}"


class _Handler(BaseHTTPRequestHandler):
    server: Portal

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        found = next((one for one in _FILES.iterdir() if one.name == address.path.removeprefix("/")), None)
        if found is None:
            # What browsers ask for by themselves, such as an icon.
            self.send_response(204)
            self.end_headers()
            return
        style = parse_qs(address.query).get("style", ["friendly"])[0]
        text = found.read_text(encoding="utf-8")
        if found.suffix == ".html":
            text = text.replace("STYLE", f"{style}.css").replace("BELL", f"{self.server.inbox_url}/bell.js")
            text = text.replace("STREAM", self.server.stream_url)
        self.send_response(200)
        self.send_header("Content-Type", _TYPES[found.suffix])
        # What docs/embedding.md says that a policy has to allow, and no more.
        inbox, stream = self.server.inbox_url, self.server.stream_url
        policy = (
            f"default-src 'none'; script-src 'self' {inbox}; connect-src {inbox} {stream}; style-src 'self'; "
            "require-trusted-types-for 'script'; trusted-types lit-html"
        )
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def running(port: int) -> Iterator[Portal]:
    with Portal(port) as portal:
        thread = threading.Thread(target=portal.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield portal
        finally:
            portal.shutdown()
            thread.join()
