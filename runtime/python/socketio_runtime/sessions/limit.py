"""The limit of connections: new ones are refused, those that are there go on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .answer import Answer
from .request import Environ, session

if TYPE_CHECKING:
    from ..runtime import Runtime


def over_limit(runtime: Runtime, environ: Environ) -> Answer | None:
    """The answer to a handshake that would be one too many."""
    limit = runtime.settings.max_connections
    if limit is None or environ.get("REQUEST_METHOD") != "GET" or session(environ) is not None:
        return None
    connections = runtime.connections()
    if connections < limit:
        return None
    message = f"{connections} connections, the limit is {limit:g}: try again later"
    body = json.dumps({"error": "ConnectionLimit", "message": message}, separators=(",", ":"))
    return Answer("503 SERVICE UNAVAILABLE", [("Content-Type", "application/json")], body.encode())
