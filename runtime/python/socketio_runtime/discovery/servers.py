"""What clients are told of the servers, in one form whatever the runtime."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Mapping

# After the first silence what a server said before still counts; it may only be busy.
SILENCES = 2


@dataclass(frozen=True)
class Listed:
    """`tag` names the body exactly, as `"URLS-WEIGHTS"`: `urls` alone changes when servers come or go."""

    body: Mapping[str, Any]
    urls: str
    tag: str


def url_of(template: str, ip: str) -> str:
    """The URL of the server at that IP: {address} and {dashed} of the template stand for it."""
    address = ip_address(ip)
    host = f"[{address}]" if address.version == 6 else str(address)
    return template.replace("{address}", host).replace("{dashed}", str(address).replace(".", "-").replace(":", "-"))


def listed(connections: Mapping[str, float], limit: float | None) -> Listed:
    """Of URLs and the connections that their servers have; `limit`: of a server's connections."""
    most = max(connections.values(), default=0.0)
    room = most + 1 if limit is None else limit
    servers = [{"url": url, "weight": max(1, int(room - connections[url]))} for url in sorted(connections)]
    urls = _hash([server["url"] for server in servers])
    return Listed({"servers": servers}, urls, f'"{urls}-{_hash([server["weight"] for server in servers])}"')


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, separators=(",", ":")).encode()).hexdigest()[:16]


class Heard:
    """Keeps what servers said last, and forgets those that say nothing any more."""

    def __init__(self) -> None:
        self._statuses: dict[str, Mapping[str, Any]] = {}
        self._silences: dict[str, int] = {}

    def take(self, answers: Mapping[str, Mapping[str, Any] | None]) -> None:
        """IP -> /status of the server; None if it did not answer. Others are there no more."""
        statuses, silences = {}, {}
        for ip, status in answers.items():
            count = 0 if status else self._silences.get(ip, SILENCES) + 1
            if count < SILENCES:
                statuses[ip], silences[ip] = status or self._statuses[ip], count
        self._statuses, self._silences = statuses, silences

    def serving(self) -> dict[str, float]:
        """IP -> connections of those that take new sessions."""
        found = self._statuses.items()
        return {ip: one["connections"] for ip, one in found if one.get("ready") and not one.get("draining")}
