"""A client's request, as the drivers of python-engineio hand it over, and as it goes to another pod.

All of them translate it to an environ as WSGI has it; what that leaves out is taken from where each keeps it.
"""

from __future__ import annotations

import re
from typing import Any, Iterator, Mapping
from urllib.parse import parse_qs, quote, urlsplit

Environ = Mapping[str, Any]

# shows that another pod has handed the request on
HOP = "x-socketio-runtime-hop"
HOP_KEY = "HTTP_X_SOCKETIO_RUNTIME_HOP"
# of one connection, apart from what is written anew
HOP_BY_HOP = frozenset(
    (
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
        *("te", "trailer", "transfer-encoding", "upgrade", "expect", "content-length", "x-forwarded-for", HOP),
    )
)
NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
VALUE = re.compile(r"[^\x00\r\n]*")
TARGET = re.compile(r"/[\x21-\x7e]*", re.ASCII)


class UnfitRequestError(Exception):
    """It cannot be passed on as HTTP/1.1."""


def session(environ: Environ) -> str | None:
    """The session it names, read as the engine reads it."""
    query = environ.get("QUERY_STRING", "")
    return parse_qs(query).get("sid", [None])[0] if "sid=" in query else None


def client(environ: Environ) -> str | None:
    """The other end of the connection. The asyncio drivers themselves give 127.0.0.1 for everybody."""
    if "asgi.scope" in environ:
        address = environ["asgi.scope"].get("client")
        return str(address[0]) if address else None
    if "aiohttp.request" in environ:
        return environ["aiohttp.request"].remote  # type: ignore[no-any-return]
    if "sanic.request" in environ:
        return environ["sanic.request"].ip  # type: ignore[no-any-return]
    if "tornado.handler" in environ:
        return environ["tornado.handler"].request.remote_ip  # type: ignore[no-any-return]
    return environ.get("REMOTE_ADDR")


def upgrades(environ: Environ) -> bool:
    """Whether it asks for a WebSocket."""
    return "HTTP_UPGRADE" in environ or environ.get("asgi.scope", {}).get("type") == "websocket"


def body_length(environ: Environ) -> int:
    """What the engine would read of its body; UnfitRequestError if that is no number."""
    text = environ.get("CONTENT_LENGTH") or "0"
    if not str(text).isdecimal():
        raise UnfitRequestError("content-length")
    return int(text)


def serialize(environ: Environ, body: bytes, hop: str = "") -> bytes:
    """The request for another pod; UnfitRequestError if something in it is not what HTTP allows. `hop`: shows the other
    pod that it comes from this one."""
    method, target = environ["REQUEST_METHOD"], _target(environ)
    if not NAME.fullmatch(method) or not TARGET.fullmatch(target):
        raise UnfitRequestError("request line")
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in _headers(environ)]
    if hop:
        lines.append(f"{HOP}: {hop}")
    if method != "GET":
        lines.append(f"content-length: {len(body)}")
    # WSGI keeps the bytes of a header as Latin-1; the asyncio drivers have decoded them
    encoding = "utf-8" if environ.get("wsgi.async") else "latin-1"
    return "\r\n".join([*lines, "", ""]).encode(encoding) + body


def _headers(environ: Environ) -> Iterator[tuple[str, str]]:
    named = {name.strip().lower() for name in environ.get("HTTP_CONNECTION", "").split(",")}
    through = environ.get("HTTP_X_FORWARDED_FOR")
    for key, value in environ.items():
        if key.startswith("HTTP_") and isinstance(value, str):
            name = key[5:].replace("_", "-").lower()
            if name not in HOP_BY_HOP and name not in named:
                yield _valid(name, value)
    if environ.get("CONTENT_TYPE"):
        yield _valid("content-type", environ["CONTENT_TYPE"])
    forwarded_for = ", ".join(address for address in (through, client(environ)) if address)
    if forwarded_for:
        yield _valid("x-forwarded-for", forwarded_for)


def _valid(name: str, value: str) -> tuple[str, str]:
    if not NAME.fullmatch(name) or not VALUE.fullmatch(value):
        raise UnfitRequestError(name)
    return name, value


# path and query as the client wrote them
def _target(environ: Environ) -> str:
    if "asgi.scope" in environ:
        scope = environ["asgi.scope"]
        path = _without_root(scope, (scope.get("raw_path") or b"").decode("latin-1").partition("?")[0])
        query = scope.get("query_string", b"").decode("latin-1")
    elif environ.get("wsgi.async"):
        parts = urlsplit(environ["RAW_URI"])
        path, query = parts.path, parts.query
    else:
        path = quote((environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1"))
        query = environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


# the prefix that a server was told of (uvicorn's --root-path), which the other pod's server puts there again
def _without_root(scope: Mapping[str, Any], raw_path: str) -> str:
    path = raw_path or quote(scope["path"])
    root = scope.get("app_root_path", scope.get("root_path", ""))
    prefixed = bool(root) and scope["path"].startswith(f"{root}/") and path.startswith(f"{root}/")
    return path[len(root) :] if prefixed else path
