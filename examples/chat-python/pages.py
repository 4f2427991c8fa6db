"""Serves the page: a few files, read once at the start."""

import html
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
PAGE = FOLDER.parent / "chat" / "public"  # the same as the other chat's
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = "default-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


def pages(socket_path: str, chat: Asgi) -> Asgi:
    """The page, its style, its script and the Socket.IO client; everything else goes to `chat`."""
    files = {
        "/": _file(PAGE / "index.html", socket_path),
        "/chat.css": _file(PAGE / "chat.css", socket_path),
        "/chat.js": _file(PAGE / "chat.js", socket_path),
        "/icon.svg": _file(PAGE / "icon.svg", socket_path),
        f"{socket_path}/socket.io.js": _file(FOLDER / "client" / "socket.io.min.js", socket_path),
    }

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        file = files.get(scope["path"]) if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") else None
        if file is None:
            await chat(scope, receive, send)
            return
        content_type, body = file
        headers = {**HEADERS, "content-type": content_type, "content-length": str(len(body))}
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": encoded})
        await send({"type": "http.response.body", "body": body if scope["method"] == "GET" else b""})

    return app


def _file(path: Path, socket_path: str) -> tuple[str, bytes]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        text = text.replace("/socket.io", html.escape(socket_path))
    return f"{TYPES[path.suffix]}; charset=utf-8", text.encode()
