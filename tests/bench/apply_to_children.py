"""From the apply of many clusters to the last of their children.

The control applies the very same clusters and then the very same children, rendered before: the same objects, owner
references, field manager and ServiceAccount, 32 requests in flight, answers parsed. Both sides are timed by the API
server's audit log from the arrival of the first cluster to the answer for the last child.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from socketio_operator.desired.kinds import CHILD_KINDS
from tests.bench import audit
from tests.bench.clusters import (
    SHAPE,
    Json,
    apply_children,
    apply_clusters,
    body,
    collection,
    kinds_of_children,
)
from tests.bench.rig import Rig, cpu_of, note
from tests.bench.rows import Row, at_least
from tests.cluster.waiting import wait_for
from tests.operator_process import USER_AGENT

PHASE_SECONDS = 1800.0
CREATOR, BARE = "bench-creator", "bench-bare"
RATIO = 0.85


@dataclass(frozen=True, slots=True)
class Phase:
    """One side of a round. CPU is of the operator or the bare client, and of the API server; in seconds."""

    children: int
    seconds: float
    client_cpu: float
    server_cpu: float

    @property
    def rate(self) -> float:
        """Children a second."""
        return self.children / self.seconds


def measure(rig: Rig) -> list[Row]:
    """Three rows for each number of clusters."""
    rows: list[Row] = []
    for count, rounds in rig.options.sizes:
        pairs = [(_by_operator(rig, count), _by_bare_client(rig, count)) for _ in range(rounds)]
        rows += _rows(count, pairs)
    return rows


def _rows(count: int, pairs: list[tuple[Phase, Phase]]) -> list[Row]:
    operator, bare = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    ratio = median(phase.rate for phase in operator) / median(phase.rate for phase in bare)
    name = f"{count} clusters ({SHAPE}) from apply to all children"

    def row(title: str, unit: str, of: list[float], control: list[float]) -> Row:
        return Row(f"{name}: {title}", median(of), unit, median(control))

    writes = row("children written", "/s", [phase.rate for phase in operator], [phase.rate for phase in bare])
    return [
        Row(
            writes.name,
            writes.value,
            writes.unit,
            writes.control,
            at_least(RATIO, ratio, f"ratio at least {RATIO}"),
            f"median of {len(pairs)}",
        ),
        row("client's CPU for a child", "ms", _cpu(operator), _cpu(bare)),
        row("API server's CPU for a child", "ms", _server_cpu(operator), _server_cpu(bare)),
    ]


def _cpu(phases: list[Phase]) -> list[float]:
    return [1000 * phase.client_cpu / phase.children for phase in phases]


def _server_cpu(phases: list[Phase]) -> list[float]:
    return [1000 * phase.server_cpu / phase.children for phase in phases]


def _by_operator(rig: Rig, count: int) -> Phase:
    with rig.alone("apply") as namespace, _operator(rig) as pid:
        creator, _ = rig.load(CREATOR, apply_clusters(namespace, range(count)))
        position, cpu = rig.audit_position(), cpu_of({"operator": pid, "server": rig.api_server})
        creator.ask()
        wait_for_children(rig, namespace, count)
        used = cpu()
        return _phase(rig, position, namespace, count, (CREATOR, USER_AGENT), used["operator"], used["server"])


def _by_bare_client(rig: Rig, count: int) -> Phase:
    with rig.alone("bare") as namespace:
        creator, answers = rig.load(CREATOR, apply_clusters(namespace, range(count)))
        position, cpu = rig.audit_position(), cpu_of({"server": rig.api_server})
        creator.ask()
        creating, created = cpu()["server"], rig.audit_position()
        # Rendering is nobody's time here: the control is what the requests alone cost.
        bare, _ = rig.load(BARE, apply_children(_with_uids(namespace, answers)), rig.operator_login)
        cpu = cpu_of({"server": rig.api_server})
        took = bare.ask()
        applying = cpu()["server"]
        creation = _span(rig, position, namespace, CREATOR)
        phase = _phase(rig, created, namespace, count, (BARE, BARE), took["cpu"], creating + applying)
        seconds = creation + _span(rig, created, namespace, BARE)
        return Phase(phase.children, seconds, phase.client_cpu, phase.server_cpu)


@contextmanager
def _operator(rig: Rig) -> Iterator[int]:
    rig.start_operator()
    try:
        yield rig.operator.pid
    finally:
        rig.stop_operator()


def wait_for_children(rig: Rig, namespace: str, clusters: int, timeout: float = PHASE_SECONDS) -> None:
    """Waits until every cluster of a namespace has all its children, by cheap counts of one kind after the other."""
    for kind, each in kinds_of_children().items():
        path = collection(CHILD_KINDS[kind], namespace)
        wanted = clusters * each + (kind in ("ServiceAccount", "ConfigMap"))  # each namespace has one by itself

        def enough(path: str = path, wanted: int = wanted) -> bool:
            return rig.admin.count(path) >= wanted

        wait_for(enough, timeout, f"{clusters} times {each} {kind}", interval=0.25)


def _phase(
    rig: Rig, position: int, namespace: str, count: int, agents: tuple[str, str], client_cpu: float, server_cpu: float
) -> Phase:
    """`agents`: whose first request is the start, and who makes the children."""
    starter, agent = agents
    plurals = {kind.plural for kind in CHILD_KINDS.values()}
    made = [
        request
        for request in audit.requests(rig.cluster.audit_log, position, agent, namespace)
        if request.code == 201 and request.resource in plurals
    ]
    wanted = count * kinds_of_children().total()
    if len(made) != wanted:
        raise RuntimeError(f"{agent} made {len(made)} children of {wanted} in {namespace}")
    first = min(request.received for request in audit.requests(rig.cluster.audit_log, position, starter, namespace))
    seconds = max(request.ended for request in made) - first
    phase = Phase(len(made), seconds, client_cpu, server_cpu)
    note(f"{count} clusters by {agent}: {phase.rate:.0f} children/s, {1000 * client_cpu / wanted:.2f} ms CPU each")
    return phase


def _span(rig: Rig, position: int, namespace: str, agent: str) -> float:
    found = list(audit.requests(rig.cluster.audit_log, position, agent, namespace))
    return max(request.ended for request in found) - min(request.received for request in found)


def _with_uids(namespace: str, answers: Path) -> Iterator[Json]:
    for line in answers.read_text().splitlines():
        answer = json.loads(line)
        cluster = body(namespace, int(answer["name"].rpartition("-")[2]))
        cluster["metadata"]["uid"] = answer["uid"]
        yield cluster
