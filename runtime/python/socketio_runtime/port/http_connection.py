"""One connection of the side port: HTTP/1.1 without blocking, in bounded memory and time."""

from __future__ import annotations

import functools
import json
import socket
import time
from dataclasses import replace
from http import HTTPStatus
from typing import Callable, Mapping

from ..log import log
from .route import Answer, Later, Request, Route, Takeover

REQUEST_SECONDS = 4.0
# between two requests: who asks every 30 s does so on one connection
IDLE_SECONDS = 120.0
HEAD_BYTES = 8192
BODY_BYTES = 1024
CHUNK_BYTES = 4096


class Connection:
    """`deadline`: when it is cut off, in seconds of the monotonic clock. `ended`: nothing more is to be said.
    `idle`: it was answered and waits for its next request. `last`: the next answer is its last one. `keeps`: nobody
    who comes later takes its place.
    `upgraded`: to be called when nobody else uses the socket any more. `request_seconds`: for a request, and for its
    answer; `idle_seconds`: between two requests."""

    def __init__(
        self,
        accepted: socket.socket,
        routes: Mapping[str, Route],
        request_seconds: float = REQUEST_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.socket = accepted
        self.fd = accepted.fileno()
        self.ended = False
        self.idle = False
        self.last = False
        self.keeps = False
        self._request_seconds = request_seconds
        self._idle_seconds = idle_seconds
        self._begin()
        self.upgraded: Callable[[], None] | None = None
        self._routes = routes
        self._input = b""
        self._output = b""
        self._closing = False
        self._later: tuple[Later, Request] | None = None

    def writing(self) -> bool:
        """Whether an answer waits to be sent."""
        return bool(self._output)

    def close(self) -> None:
        """Cuts the connection."""
        self.ended = True
        self.socket.close()

    def proceed(self) -> bool:
        """Does what can be done without waiting; True if a request was answered. OSError if the peer is gone."""
        if self._output:
            self._flush()
            return False
        received = self.socket.recv(CHUNK_BYTES)
        if not received:
            self.ended = True
            return False
        if self._closing:
            return False  # what is left of a refused request is thrown away
        if self.idle:
            self._begin()
        self._input += received
        if self._later:
            self.ended = self.keeps or len(self._input) > HEAD_BYTES
            return False
        answer = self._next_answer()
        if answer is None:
            return False
        self._flush()
        return True

    @property
    def waiting(self) -> bool:
        """Whether the peer waits for an answer that is not there yet."""
        return self._later is not None

    def look(self) -> bool:
        """Answers if the answer that the peer waits for is there by now; True if it was."""
        if self._later is None:
            return False
        later, request = self._later
        answer = later.due()
        if answer is None:
            return False
        self._later = None
        self._say(answer, request)
        self._flush()
        return True

    def _begin(self) -> None:
        self.idle = False
        self.deadline = time.monotonic() + self._request_seconds

    def _next_answer(self) -> Answer | None:
        head, end, rest = self._input.partition(b"\r\n\r\n")
        if not end:
            return self._say(Answer(431, {"error": "HeadTooLarge"})) if len(head) > HEAD_BYTES else None
        try:
            request = _parse(head)
        except ValueError:
            return self._say(Answer(400, {"error": "BadRequest"}))
        route = self._routes.get(request.path)
        refusal = _refusal(route, request)
        if route is None or refusal:
            return self._say(refusal or Answer(404, {"error": "NotFound"}))
        length = int(request.headers.get("content-length", "0"))
        if len(rest) < length:
            return None
        self._input = rest[length:]
        answer = _answered(route, replace(request, body=rest[:length]))
        if isinstance(answer, Later):
            there = answer.due()
            if there is not None:
                return self._say(there, request)
            self.keeps = answer.keeps
            self.last = self.last or self.keeps
            self._later = (answer, request)
            self.deadline = time.monotonic() + answer.seconds + self._request_seconds
            return None
        if isinstance(answer, Takeover):
            self.upgraded = functools.partial(answer.take, self.socket, _switching(route), self._input)
            return None
        return self._say(answer, request)

    def _say(self, answer: Answer, request: Request | None = None) -> Answer:
        refused = request is None or (answer.status >= 400 and answer.status != 503)
        self._closing = refused or self.last or (request is not None and _wants_end(request))
        self._output = _serialize(answer, self._closing, request is not None and request.method == "HEAD")
        self._begin()
        return answer

    # The peer may read the last answer; what it still sends is thrown away until it closes or its time is over.
    def _flush(self) -> None:
        try:
            sent = self.socket.send(self._output)
        except BlockingIOError:
            return
        self._output = self._output[sent:]
        if self._output:
            return
        if self._closing:
            self.socket.shutdown(socket.SHUT_WR)
        elif not self._input:
            self.idle = True
            self.deadline = time.monotonic() + self._idle_seconds


def _wants_end(request: Request) -> bool:
    return request.headers.get("connection", "").lower() == "close"


def _parse(head: bytes) -> Request:
    """Without its body; ValueError if it is no HTTP/1 request."""
    request_line, *lines = head.decode("latin-1").split("\r\n")
    method, target, protocol = request_line.split(" ")
    if not protocol.startswith("HTTP/1."):
        raise ValueError(protocol)
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name.lower() in headers:
            raise ValueError("a malformed or repeated header")
        headers[name.lower()] = value.strip()
    if not headers.get("content-length", "0").isdecimal() or "transfer-encoding" in headers:
        raise ValueError("a body of unknown length")
    path, _, query = target.partition("?")
    return Request(method, path, query, headers)


def _refusal(route: Route | None, request: Request) -> Answer | None:
    headers = request.headers
    if route is None:
        return Answer(404, {"error": "NotFound"})
    if ("GET" if request.method == "HEAD" else request.method) not in (route.method, *route.also):
        return Answer(405, {"error": "MethodNotAllowed"}, headers={"allow": route.method})
    if not route.authorized(headers.get("authorization", "")):
        scheme = "Peer" if route.upgrade else "Bearer"
        return Answer(401, {"error": "Unauthorized"}, headers={"www-authenticate": scheme})
    if route.upgrade and headers.get("upgrade", "").lower() != route.upgrade:
        return Answer(426, {"error": "UpgradeRequired"}, headers={"upgrade": route.upgrade})
    if int(headers.get("content-length", "0")) > BODY_BYTES:
        return Answer(413, {"error": "BodyTooLarge"})
    return None


def _answered(route: Route, request: Request) -> Answer | Takeover | Later:
    try:
        return route.answer(request)
    except Exception as error:
        log(f"{route.method} of {request.path} failed: {type(error).__name__}: {error}")
        return Answer(500, {"error": "InternalError"})


def _switching(route: Route) -> bytes:
    lines = ["HTTP/1.1 101 Switching Protocols", "connection: upgrade", f"upgrade: {route.upgrade}"]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def _serialize(answer: Answer, closing: bool, without_body: bool) -> bytes:
    text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body, separators=(",", ":")) + "\n"
    body = text.encode("utf-8")
    headers = {
        "content-type": answer.content_type,
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "connection": "close" if closing else "keep-alive",
        **answer.headers,
    }
    if answer.status in (204, 304):
        del headers["content-type"], headers["content-length"]
        body = b""
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return head if without_body else head + body
