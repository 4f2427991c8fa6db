"""A mirror of Debian, PyPI and npm in one, which passes on what it is asked for: its address is like no other."""

from __future__ import annotations

import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.images import mirrors

ADDRESS = "127.83.71.5"
ORIGINS = {
    "/debian/": "http://deb.debian.org",
    "/debian-security/": "http://deb.debian.org",
    "/simple/": "https://pypi.org",
    # npm puts a mirror's host, and no path, into the addresses of its lock file.
    "/": "https://registry.npmjs.org",
}
PASSED_ON = ("Accept", "Range", "If-Modified-Since")
ANSWERED = ("Content-Type", "Content-Length", "Content-Range", "Last-Modified")


@dataclass(frozen=True)
class Mirror:
    """Where it is, and the origins it was asked for, each as its path begins."""

    url: str
    asked: set[str] = field(default_factory=set)

    def secrets(self, folder: Path, suite: str) -> dict[str, Path]:
        """The build secrets of a machine that is behind this mirror."""
        files = mirrors.secrets(folder, suite)
        files["sources"].write_text(mirrors.sources(suite, f"{self.url}/debian", f"{self.url}/debian-security"))
        pip, npm = files["pip"].read_text(), files["npm"].read_text()
        files["pip"].write_text(f"{pip}index-url = {self.url}/simple\ntrusted-host = {ADDRESS}\n")
        files["npm"].write_text(f"{npm}registry={self.url}/\n")
        return files


@contextmanager
def serving() -> Iterator[Mirror]:
    """The mirror, as long as the block."""
    with ThreadingHTTPServer((ADDRESS, 0), BaseHTTPRequestHandler) as server:
        mirror = Mirror(f"http://{ADDRESS}:{server.server_port}")
        server.RequestHandlerClass = _handler(mirror.asked)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield mirror
        finally:
            server.shutdown()
            thread.join()


def _handler(asked: set[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            start = next(start for start in ORIGINS if self.path.startswith(start))
            asked.add(start)
            headers = {name: value for name in PASSED_ON if (value := self.headers.get(name))}
            request = urllib.request.Request(ORIGINS[start] + self.path, headers=headers)
            try:
                answer = urllib.request.urlopen(request, timeout=60)
            except urllib.error.HTTPError as error:
                answer = error
            with answer:
                self.send_response(answer.status)
                for name in ANSWERED:
                    if value := answer.headers.get(name):
                        self.send_header(name, value)
                self.end_headers()
                shutil.copyfileobj(answer, self.wfile)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
