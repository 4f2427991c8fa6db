"""A repository over HTTP, as Flux reads it: by Git's own server side."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import BytesParser
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


class _Handler(BaseHTTPRequestHandler):
    """Hands each request to `git http-backend`, a CGI program. `root`: the folder that holds the repositories."""

    def __init__(self, root: Path, *arguments: object) -> None:
        self.root = root
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        variables = {
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
        }
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        command = ["git", "http-backend"]
        said = subprocess.run(command, env=os.environ | variables, input=body, stdout=subprocess.PIPE, check=True)
        head, _, rest = said.stdout.partition(b"\r\n\r\n")
        headers = BytesParser().parsebytes(head)
        self.send_response(int(headers.get("Status", "200").split()[0]))
        for name in ("Content-Type", "Cache-Control"):
            if name in headers:
                self.send_header(name, headers[name])
        self.end_headers()
        self.wfile.write(rest)

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged: Flux reports what it could not fetch."""


@contextmanager
def served(repository: Path) -> Iterator[str]:
    """The URL of a working copy's repository, for as long as the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, repository.parent))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{repository.name}/.git"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
