"""Knows which servers there are, and what clients get who ask for them."""

from __future__ import annotations

import re
import threading
import time
import weakref
from urllib.parse import parse_qs

from ..log import log
from ..port.route import Answer, Later, Request, Route
from .asking import Names, ask_all
from .servers import Heard, Listed, listed, url_of

PATH = "/.well-known/socketio-servers"
EVERY_SECONDS = 1.0
# more than a hundred servers are asked less often: each of them no more than a hundred times a second
EACH_SECONDS = 0.01
# without a question for that long nobody is asked any more
REST_SECONDS = 60.0
# for the first look
FIRST_SECONDS = 2.0
LONGEST_SECONDS = 60.0
# connections at once
PLACES = 1280
# who comes when so many wait gets an answer at once
WAITING = 1024
# a proxy that compresses makes the tag a weak one
TAG = re.compile('"([0-9a-f]{16})-[0-9a-f]{16}"')
# of pages that come from elsewhere; browsers ask before they send If-None-Match
ANYBODY = {"access-control-allow-origin": "*", "access-control-expose-headers": "ETag", "cache-control": "no-cache"}
PREFLIGHT = {
    "access-control-allow-methods": "GET, HEAD, OPTIONS",
    "access-control-allow-headers": "If-None-Match",
    "access-control-max-age": "86400",
}


class Discovery:
    """`peers`: names or addresses of all pods. `port`: where they tell of themselves. `limit`: of their connections.

    Only while somebody asks does it ask DNS and the pods, once a second.
    """

    def __init__(self, url: str, peers: tuple[str, ...], port: int, limit: float | None) -> None:
        self._url, self._names, self._port, self._limit = url, Names(peers), port, limit
        self._heard = Heard()
        self._servers = 0
        self._current: Listed | None = None
        self._asked = 0.0
        self._lock = threading.Lock()
        self._looking = False
        self._reported = False
        self._waiting: weakref.WeakSet[Later] = weakref.WeakSet()

    def routes(self) -> dict[str, Route]:
        """The list's, and no others."""
        return {PATH: Route("GET", self._answer, also=("OPTIONS",))}

    def _answer(self, request: Request) -> Answer | Later:
        if request.method == "OPTIONS":
            return Answer(204, "", headers={**ANYBODY, **PREFLIGHT})
        if request.body:
            return Answer(413, {"error": "BodyTooLarge"}, headers=ANYBODY)
        self._ask()
        tag, seconds = TAG.search(request.headers.get("if-none-match", "")), _wait_of(request.query)
        known, urls = (tag.group(0), tag.group(1)) if tag else ("", "")
        waits = tag is not None and seconds > 0 and len(self._waiting) < WAITING
        end = time.monotonic() + (seconds if waits else 0.0)
        first = time.monotonic() + FIRST_SECONDS

        def due() -> Answer | None:
            current, now = self._current, time.monotonic()
            if current is None and now < first:
                return None
            if current and now < end and urls == current.urls:
                return None
            return _said(current or listed({}, None), known)

        later = Later(due, max(seconds if waits else 0.0, FIRST_SECONDS), keeps=waits)
        if waits:
            self._waiting.add(later)
        return later

    def _ask(self) -> None:
        with self._lock:
            self._asked = time.monotonic()
            begins, self._looking = not self._looking, True
        if begins:
            threading.Thread(target=self._look_on, name="socketio-runtime-discovery", daemon=True).start()

    def _look_on(self) -> None:
        # what was heard before a rest is old
        self._heard = Heard()
        while True:
            try:
                self._look()
            except Exception as error:
                if not self._reported:
                    log(f"discovery: {type(error).__name__}: {error}")
                self._reported = True
            time.sleep(max(EVERY_SECONDS, EACH_SECONDS * self._servers))
            with self._lock:
                if not self._waiting and time.monotonic() - self._asked > REST_SECONDS:
                    self._current, self._looking = None, False
                    return

    def _look(self) -> None:
        addresses = self._names.addresses()
        self._servers = len(addresses)
        self._heard.take(ask_all(addresses, self._port))
        serving = self._heard.serving()
        self._current = listed({url_of(self._url, ip): count for ip, count in serving.items()}, self._limit)


def _said(current: Listed, known: str) -> Answer:
    headers = {**ANYBODY, "etag": current.tag}
    return Answer(304, "", headers=headers) if known == current.tag else Answer(200, current.body, headers=headers)


def _wait_of(query: str) -> float:
    """Seconds; 0: the client does not want to wait."""
    try:
        seconds = float(parse_qs(query).get("wait", ["0"])[0])
    except ValueError:
        return 0.0
    return min(seconds, LONGEST_SECONDS) if seconds >= 1 else 0.0
