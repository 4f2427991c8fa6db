"""Lists and watches of helpers that have an event loop."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from tests.bench.credentials import Credentials

LONGEST_LINE = 2**22
WATCH_SECONDS = 3600

Json = dict[str, Any]


def session_of(login: Credentials, connections: int) -> aiohttp.ClientSession:
    """A session with the login's TLS and headers. No time limit: a watch lasts."""
    connector = aiohttp.TCPConnector(limit=connections, ssl=login.tls)
    limit = aiohttp.ClientTimeout(total=None, sock_connect=30)
    return aiohttp.ClientSession(
        login.server, connector=connector, headers=login.headers, timeout=limit, read_bufsize=LONGEST_LINE
    )


async def request(
    session: aiohttp.ClientSession, method: str, path: str, body: str = "", content_type: str = "application/json"
) -> Json:
    """The JSON that a request is answered with. Raises RuntimeError when it is refused."""
    headers = {"Content-Type": content_type} if body else {}
    async with session.request(method, path, data=body or None, headers=headers) as answer:
        text = await answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:500].decode(errors='replace')}")
        parsed: Json = json.loads(text)
        return parsed


async def watch(session: aiohttp.ClientSession, path: str, query: str, version: str) -> AsyncIterator[tuple[str, Json]]:
    """(type, object) of each event after a resourceVersion. `query` begins with `&` or is empty."""
    address = f"{path}?watch=1&resourceVersion={version}&timeoutSeconds={WATCH_SECONDS}{query}"
    async with session.get(address) as answer:
        answer.raise_for_status()
        async for line in answer.content:
            event = json.loads(line)
            if event["type"] == "ERROR":
                raise RuntimeError(f"watch of {path}: {event['object'].get('message')}")
            yield event["type"], event["object"]
