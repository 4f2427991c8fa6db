"""Requests as the API server saw them: exact times that cost the measured side nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Request:
    """`resource` with its subresource, as in `pods/status`; `received` and `ended` are Unix seconds.

    A watch has ended when its answer began.
    """

    verb: str
    resource: str
    namespace: str
    name: str
    code: int
    received: float
    ended: float

    @property
    def writes(self) -> bool:
        """Whether it asks for a change."""
        return self.verb not in ("get", "list", "watch")


def requests(log: Path, since: int, agent: str, namespace: str = "") -> Iterator[Request]:
    """Answered requests of agents that start with `agent` after a position of the log, in `namespace` or in all."""
    mark = f'"userAgent":"{agent}'.encode()
    with log.open("rb") as lines:
        lines.seek(since)
        for line in lines:
            if not line.endswith(b"\n"):
                return  # being written right now
            if mark not in line or (namespace and namespace.encode() not in line):
                continue
            request = _parse(json.loads(line))
            if request and (not namespace or request.namespace == namespace):
                yield request


def tally(found: list[Request]) -> str:
    """How often what was asked, the most frequent first, as text."""
    counted = Counter(f"{request.verb} {request.resource}" for request in found)
    return ", ".join(f"{count} {what}" for what, count in counted.most_common())


def _parse(event: dict[str, object]) -> Request | None:
    if event["stage"] != ("ResponseStarted" if event["verb"] == "watch" else "ResponseComplete"):
        return None
    ref, status = event.get("objectRef") or {}, event.get("responseStatus") or {}
    assert isinstance(ref, dict)
    assert isinstance(status, dict)
    resource = str(ref.get("resource", event["requestURI"]))
    if ref.get("subresource"):
        resource += f"/{ref['subresource']}"
    return Request(
        str(event["verb"]),
        resource,
        str(ref.get("namespace", "")),
        str(ref.get("name", "")),
        int(status.get("code", 0)),
        _time(event["requestReceivedTimestamp"]),
        _time(event["stageTimestamp"]),
    )


def _time(text: object) -> float:
    return datetime.fromisoformat(str(text)).timestamp()
