"""The limit of connections: new ones are refused, those that are there go on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Callable

from .answer import Answer
from .request import Environ, session


@dataclass(frozen=True)
class Limit:
    """`most`: connections of the process; None: as many as may be. `connections`: how many it has."""

    most: float | None
    connections: Callable[[], int]

    def refused(self, environ: Environ) -> Answer | None:
        """The answer to a handshake that would be one too many."""
        if self.most is None or environ.get("REQUEST_METHOD") != "GET" or session(environ) is not None:
            return None
        connections = self.connections()
        if connections < self.most:
            return None
        message = f"{connections} connections, the limit is {self.most:g}: try again later"
        body = json.dumps({"error": "ConnectionLimit", "message": message}, separators=(",", ":"))
        return Answer("503 SERVICE UNAVAILABLE", [("Content-Type", "application/json")], body.encode())
