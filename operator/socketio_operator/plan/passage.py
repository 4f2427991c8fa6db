"""What sessions of the operator's own show of a route."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum


class Passage(StrEnum):
    """What became of a session through the route.

    `FOUND`: each of its requests found it. `LOST`: a request was told that nobody knows it. `FOREIGN`: who answers is
    not a server with our runtime. `SILENT`: no address, no connection, or too slow.
    """

    FOUND = "found"
    LOST = "lost"
    FOREIGN = "foreign"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class CanaryReport:
    """`upgraded`: whether the session got from polling to WebSocket, None if that was not tried. `crosses`: whether
    what one pod broadcast came to another, None if both sessions came to one pod.
    """

    passage: Passage
    upgraded: bool | None = None
    crosses: bool | None = None
    taken: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)

    @property
    def reached(self) -> bool:
        """Whether it came to a pod."""
        return self.passage in (Passage.FOUND, Passage.LOST)
