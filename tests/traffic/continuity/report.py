"""What an event did to 120 clients: values, sums by kind of client, and a row of the table in docs/continuity.md."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from tests.cluster.layout import BUILD
from tests.traffic.continuity.events import OF_PROXIES, proxied

Kind = Literal["polling", "websocket", "upgrade"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FOLDER = BUILD / "continuity"
STORIES = 5


@dataclass(frozen=True)
class Client:
    """What one client saw while something happened.

    `cuts` are milliseconds after the beginning; `fresh` counts sessions that began anew. `lost` are the numbers that
    a server took and the client never got, `missed` those that another client got and this one never, `doubled`
    those that came again. `gap` is the longest silence in milliseconds. `answered` and `unanswered` count its own
    calls; `forgotten` of them are missing from what the server keeps about the session.
    """

    kind: Kind
    source: str
    room: str
    cuts: tuple[int, ...]
    recovered: int
    fresh: int
    lost: tuple[int, ...]
    missed: tuple[int, ...]
    doubled: tuple[int, ...]
    gap: int
    answered: int
    unanswered: int
    forgotten: int
    transport: str
    connected: bool
    story: tuple[str, ...]

    @classmethod
    def read(cls, found: dict[str, Any]) -> Client:
        """From the JSON that the clients print; its lists become tuples."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in found.items()
        }
        return cls(**values)

    @property
    def kept(self) -> bool:
        """Connected now, in the session it had at the beginning: never cut, or recovered each time."""
        return self.connected and self.fresh == 0

    def __str__(self) -> str:
        lost = f", lost {_spans(self.lost)}" if self.lost else ""
        return f"{self.kind} {self.source} (room {self.room}){lost}: " + "; ".join(self.story or ("nothing happened",))


@dataclass(frozen=True)
class Sums:
    """What some of the clients saw, added up; `gap` is the longest of theirs."""

    clients: int
    cut: int
    kept: int
    recovered: int
    fresh: int
    lost: int
    missed: int
    doubled: int
    unanswered: int
    forgotten: int
    gap: int


@dataclass(frozen=True)
class Report:
    """What an event did: `sent` numbers went out meanwhile, the rig itself stood still for at most `pause` ms.

    `pressure`: for how much of the time some process of the machine waited for a CPU, in per cent.
    `forwarded`: requests that reached another pod than that of their session, counted by the pods that are still there.
    """

    event: str
    sent: int
    milliseconds: int
    pause: int
    pressure: int
    clients: tuple[Client, ...]
    forwarded: int = 0

    @classmethod
    def read(cls, event: str, pressure: int, found: dict[str, Any]) -> Report:
        """From the JSON that the clients print, or that was kept."""
        clients = tuple(Client.read(client) for client in found["clients"])
        figures = (found["sent"], found["milliseconds"], found["pause"])
        return cls(event, *figures, pressure, clients, found.get("forwarded", 0))

    def sums(self, *kinds: Kind) -> Sums:
        """Of these kinds, or of all."""
        chosen = [client for client in self.clients if not kinds or client.kind in kinds]
        return Sums(
            clients=len(chosen),
            cut=sum(bool(client.cuts) for client in chosen),
            kept=sum(client.kept for client in chosen),
            recovered=sum(client.recovered for client in chosen),
            fresh=sum(client.fresh for client in chosen),
            lost=sum(len(client.lost) for client in chosen),
            missed=sum(len(client.missed) for client in chosen),
            doubled=sum(len(client.doubled) for client in chosen),
            unanswered=sum(client.unanswered for client in chosen),
            forgotten=sum(client.forgotten for client in chosen),
            gap=max((client.gap for client in chosen), default=0),
        )

    def stories(self, wanted: Callable[[Client], object]) -> str:
        """What some of the clients of which this is true tell: for the message of an assertion."""
        told = [str(client) for client in self.clients if wanted(client)]
        more = [f"and {len(told) - STORIES} more"] if len(told) > STORIES else []
        title = f"{self.event} (CPU pressure {self.pressure} %)"
        return "\n".join([title, *told[:STORIES], *more])

    def save(self) -> Path:
        """Keep it in build/continuity; what is there of an earlier run is replaced."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        file = FOLDER / ("".join(c if c.isalnum() else "-" for c in self.event.lower()) + ".json")
        file.write_text(json.dumps(asdict(self), indent=1))
        return file

    def row(self) -> str:
        """A row of the table: three figures a cell, for the clients that poll / speak WebSocket / upgrade."""
        each = [self.sums(kind) for kind in KINDS]

        def cell(value: Callable[[Sums], object]) -> str:
            return " / ".join(str(value(sums)) for sums in each)

        kept = f"{self.sums().kept} of {len(self.clients)}"
        values = (lambda s: s.cut, lambda s: s.recovered, lambda s: s.fresh, lambda s: s.lost, lambda s: s.doubled)
        gaps = cell(lambda s: f"{s.gap / 1000:.1f}")
        return f"| {self.event} | {kept} | " + " | ".join(map(cell, values)) + f" | {gaps} s |"


HEADER = """| event | sessions kept | cut | recovered | new sessions | messages lost | doubled | longest silence |
|---|---|---|---|---|---|---|---|"""


def saved() -> list[Report]:
    """All that build/continuity holds."""
    found = (json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json")))
    return [Report.read(report["event"], report["pressure"], report) for report in found]


def table(reports: Iterable[Report], events: Iterable[str]) -> str:
    """The rows of these events, in this order; what was not measured says so."""
    by_event = {report.event: report for report in reports}
    rows = (
        by_event[event].row() if event in by_event else f"| {event} | not measured | | | | | | |" for event in events
    )
    return "\n".join([HEADER, *rows])


def proxies_table(reports: Iterable[Report]) -> str:
    """What was measured with proxies that the operator runs, with the requests that had to be forwarded."""
    by_event = {report.event: report for report in reports}
    setups = dict.fromkeys(event.partition(": ")[0] for event in sorted(by_event) if ": " in event)
    rows = [
        f"{report.row()} {report.forwarded} |"
        for setup in setups
        for event in OF_PROXIES
        if (report := by_event.get(proxied(event, setup)))
    ]
    header, line = HEADER.splitlines()
    return "\n".join([f"{header} forwarded |", f"{line}---|", *rows])


def _spans(numbers: tuple[int, ...]) -> str:
    return f"{len(numbers)} from {min(numbers)} to {max(numbers)}"
