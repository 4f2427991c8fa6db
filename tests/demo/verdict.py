"""The demo's verdict: what 60 clients saw, as a table, and whether that is what was promised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from tests.demo.restart import Restart
from tests.traffic.swarm import Broadcast, ClientResult, SwarmResult

HEADER = ("client", "pod", "node", "transport", "polls", "sticky", "hears")
LINES = 12


@dataclass(frozen=True)
class Verdict:
    """The lines to print, and the promises that were not kept."""

    table: tuple[str, ...]
    summary: str
    broken: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.broken

    def after(self, restart: Restart) -> Verdict:
        """With what a rolling restart did to sessions."""
        summary = f"{self.summary}; {restart.summary}"
        return replace(self, summary=summary, broken=(*self.broken, *restart.broken))


def judge(result: SwarmResult, broadcasts: Sequence[Broadcast], pods: int, nodes: int) -> Verdict:
    """Judge a swarm whose clients were to spread over so many pods and nodes."""
    count = len(result.clients)
    arrived = sum(number for row in broadcasts for _, number in row.received)
    due = pods * count
    promises = (
        (result.sticky == count, f"{count - result.sticky} of {count} sessions were lost: {_most(result)}"),
        (len(result.pods) == pods, f"sessions on {len(result.pods)} of {pods} pods"),
        (len(result.nodes) == nodes, f"sessions on {len(result.nodes)} of {nodes} nodes"),
        (arrived == due, f"{due - arrived} of {due} deliveries are missing"),
    )
    return Verdict(
        table=tuple(_table(_sample(result.clients), pods)),
        summary=(
            f"{result.sticky} of {count} sessions stayed on their pod; "
            f"{len(result.pods)} pods on {len(result.nodes)} nodes; "
            f"{arrived} of {due} deliveries of one message through each pod"
        ),
        broken=tuple(text for kept, text in promises if not kept),
    )


def _most(result: SwarmResult) -> str:
    faults = result.faults.most_common(1)
    return f"{faults[0][0] or 'reached another pod'} ({faults[0][1]} times)" if faults else "none"


def _sample(clients: Sequence[ClientResult]) -> list[ClientResult]:
    """A few clients: the lost ones first, then some of each pod in turn."""
    lost = [client for client in clients if not client.sticky]
    pods = sorted({client.pod for client in clients if client.sticky})
    by_pod = [[client for client in clients if client.sticky and client.pod == pod] for pod in pods]
    in_turn = [client for row in zip_longest(*by_pod) for client in row if client is not None]
    return (lost[: LINES // 2] + in_turn)[:LINES]


def _table(clients: Iterable[ClientResult], pods: int) -> list[str]:
    rows = [HEADER] + [
        (
            client.source,
            client.pod or "-",
            client.node or "-",
            client.transport,
            str(client.polls),
            "yes" if client.sticky else "no",
            f"{len(client.heard)} of {pods} pods",
        )
        for client in clients
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
